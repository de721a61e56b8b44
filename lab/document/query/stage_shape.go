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
	return x(&expression.Scope{Root: d, Now: c.Now})
}

func unwind(op string, operand any) (stage, error) {
	path, keep := operand, false
	if d, ok := operand.(bson.D); ok {
		for _, e := range d {
			switch e.Key {
			case "path":
				path = e.Value
			case "preserveNullAndEmptyArrays":
				keep = value.Truth(e.Value)
			default:
				return nil, value.Refused(28811, "unrecognized option to $unwind stage: %s", e.Key)
			}
		}
	}
	field, err := name(op, path)
	if err != nil {
		return nil, err
	}
	names := value.Split(field)
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		var out []bson.D
		for _, d := range docs {
			out = append(out, unwound(d, names, keep)...)
		}
		return out, nil
	}, nil
}

// unwound gives a document for each element of an array in it. One without
// elements gives none or, with keep, itself without the array.
func unwound(d bson.D, names []string, keep bool) (out []bson.D) {
	v := expression.Get(d, names)
	a, isArray := v.(bson.A)
	for _, e := range a {
		out = append(out, SetPath(d, names, e))
	}
	switch {
	case isArray && len(a) == 0 && keep:
		return []bson.D{SetPath(d, names, value.Missing{})}
	case !isArray && (keep || !value.IsNullish(v)):
		return []bson.D{d}
	}
	return out
}
