package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

func match(_ string, operand any) (stage, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(15959, "the match filter must be an expression in an object")
	}
	filter, err := Parse(d)
	if err != nil {
		return nil, err
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		bound := filter.Bind(c.Scope())
		out := docs[:0:0]
		for _, d := range docs {
			ok, err := bound.Matches(d)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, d)
			}
		}
		return out, nil
	}, nil
}

// each makes a stage of what is done with every document.
func each(apply func(c *Context, d bson.D) (bson.D, error)) stage {
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		out := make([]bson.D, len(docs))
		for i, d := range docs {
			next, err := apply(c, d)
			if err != nil {
				return nil, err
			}
			out[i] = next
		}
		return out, nil
	}
}

func project(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	p, err := ParseProjection(d, true)
	if err != nil {
		return nil, err
	}
	return projecting(p), nil
}

func projecting(p *Projection) stage {
	return each(func(c *Context, d bson.D) (bson.D, error) { return p.Apply(d, c.Scope()) })
}

func addFields(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	f, err := ParseFields(d)
	if err != nil {
		return nil, err
	}
	return each(func(c *Context, d bson.D) (bson.D, error) { return f.Apply(d, c.Scope()) }), nil
}

func without(_ string, operand any) (stage, error) {
	p, err := Without(operand)
	if err != nil {
		return nil, err
	}
	return projecting(p), nil
}

func evaluate(c *Context, x expression.Expression, d bson.D) (any, error) {
	s := *c.Scope()
	s.Root = d
	return x(&s)
}

func unwind(op string, operand any) (stage, error) {
	path := operand
	place, keep := "", false
	if d, ok := operand.(bson.D); ok {
		path, _ = value.Field(d, "path")
		v, _ := value.Field(d, "includeArrayIndex")
		place, _ = v.(string)
		v, _ = value.Field(d, "preserveNullAndEmptyArrays")
		keep = value.Truth(v)
	}
	field, err := name(op, path)
	if err != nil {
		return nil, err
	}
	u := unwinding{names: value.Split(field), place: place, keep: keep}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		var out []bson.D
		for _, d := range docs {
			out = u.add(out, d)
		}
		return out, nil
	}, nil
}

// unwinding gives a document for each element of an array in it.
type unwinding struct {
	names []string
	place string
	keep  bool
}

func (u unwinding) add(out []bson.D, d bson.D) []bson.D {
	v := expression.Get(d, u.names)
	a, isArray := v.(bson.A)
	switch {
	case isArray && len(a) > 0:
		for i, e := range a {
			out = append(out, u.with(SetPath(d, u.names, e), int64(i)))
		}
		return out
	case !isArray && !value.IsNullish(v):
		return append(out, u.with(d, nil))
	case u.keep && isArray:
		return append(out, u.with(SetPath(d, u.names, value.Missing{}), nil))
	case u.keep:
		return append(out, u.with(d, nil))
	}
	return out
}

func (u unwinding) with(d bson.D, i any) bson.D {
	if u.place == "" {
		return d
	}
	return SetPath(d, value.Split(u.place), i)
}
