package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// joining is a $lookup that was parsed.
type joining struct {
	from           string
	as             []string
	local, foreign string
	vars           func(from, to *expression.Scope) (*expression.Scope, error)
	stages         *Pipeline
}

func lookup(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	j := joining{}
	j.vars, _ = expression.Variables(nil)
	for _, e := range d {
		if err := j.set(op, e); err != nil {
			return nil, err
		}
	}
	switch {
	case j.as == nil:
		return nil, value.Refused(value.FailedToParse, "must specify 'as' field for a $lookup")
	case j.from == "":
		return nil, value.Refused(value.FailedToParse, "must specify 'from' field for a $lookup")
	case (j.local == "") != (j.foreign == ""):
		return nil, value.Refused(value.FailedToParse, "$lookup requires both or neither of 'localField' and 'foreignField' to be specified")
	case j.local == "" && j.stages == nil:
		return nil, value.Refused(value.FailedToParse, "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified")
	}
	return each(j.join), nil
}

func (j *joining) set(op string, e bson.E) error {
	text, isText := e.Value.(string)
	switch e.Key {
	case "from", "as", "localField", "foreignField":
		if !isText || text == "" {
			return value.Refused(value.FailedToParse, "$lookup argument '%s: %s' must be a string, is type %s", e.Key, value.Format(e.Value), value.TypeName(e.Value))
		}
	}
	var err error
	switch e.Key {
	case "from":
		j.from = text
	case "as":
		j.as = value.Split(text)
	case "localField":
		j.local = text
	case "foreignField":
		j.foreign = text
	case "let":
		d, ok := e.Value.(bson.D)
		if !ok {
			return value.Refused(value.FailedToParse, "$lookup argument 'let: %s' must be an object, is type %s", value.Format(e.Value), value.TypeName(e.Value))
		}
		j.vars, err = expression.Variables(d)
	case "pipeline":
		stages, listErr := documents(op, e.Value)
		if listErr != nil {
			return listErr
		}
		j.stages, err = ParsePipeline(stages)
	default:
		return value.Refused(value.FailedToParse, "unknown argument to $lookup: %s", e.Key)
	}
	return err
}

func (j *joining) join(c *Context, d bson.D) (bson.D, error) {
	filter := bson.D{}
	if j.local != "" {
		filter = bson.D{{Key: j.foreign, Value: bson.D{{Key: "$in", Value: j.values(d)}}}}
	}
	docs, err := c.Store.Documents(j.from, filter)
	if err != nil {
		return nil, err
	}
	if j.stages != nil {
		inner := *c
		from := *c.Scope()
		from.Root = d
		if inner.scope, err = j.vars(&from, c.Scope()); err != nil {
			return nil, err
		}
		if docs, err = j.stages.Run(&inner, docs); err != nil {
			return nil, err
		}
	}
	return SetPath(d, j.as, list(docs)), nil
}

// values are what the other collection's field may equal: those of an array
// one by one, null for nothing. A pattern is no value to join by.
func (j *joining) values(d bson.D) bson.A {
	out := bson.A{}
	value.Leaves(d, value.Split(j.local), func(v any, _ int) bool {
		switch v.(type) {
		case value.Missing:
			out = append(out, nil)
		case bson.Regex:
		default:
			out = append(out, v)
		}
		return false
	})
	return out
}

func list(docs []bson.D) bson.A {
	out := make(bson.A, len(docs))
	for i, d := range docs {
		out[i] = d
	}
	return out
}
