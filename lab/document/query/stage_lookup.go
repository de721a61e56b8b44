package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// joining is a $lookup that was parsed: by the equality of two fields.
type joining struct {
	from, as, local, foreign string
}

func lookup(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	j := joining{}
	into := map[string]*string{"from": &j.from, "as": &j.as, "localField": &j.local, "foreignField": &j.foreign}
	for _, e := range d {
		if into[e.Key] == nil {
			return nil, value.Refused(value.FailedToParse, "unknown argument to $lookup: %s", e.Key)
		}
		text, ok := e.Value.(string)
		if !ok || text == "" {
			return nil, value.Refused(value.FailedToParse, "$lookup argument '%s: %s' must be a string, is type %s", e.Key, value.Format(e.Value), value.TypeName(e.Value))
		}
		*into[e.Key] = text
	}
	for _, name := range []string{"as", "from", "localField", "foreignField"} {
		if *into[name] == "" {
			return nil, value.Refused(value.FailedToParse, "must specify '%s' field for a $lookup", name)
		}
	}
	return each(j.join), nil
}

func (j joining) join(c *Context, d bson.D) (bson.D, error) {
	docs, err := c.Store.Documents(j.from, bson.D{{Key: j.foreign, Value: bson.D{{Key: "$in", Value: j.values(d)}}}})
	if err != nil {
		return nil, err
	}
	list := make(bson.A, len(docs))
	for i, found := range docs {
		list[i] = found
	}
	return SetPath(d, value.Split(j.as), list), nil
}

// values are what the other collection's field may equal: those of an array
// one by one, null for nothing. A pattern is no value to join by.
func (j joining) values(d bson.D) bson.A {
	out := bson.A{}
	value.Leaves(d, value.Split(j.local), func(v any, _ bool) bool {
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
