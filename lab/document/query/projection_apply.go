package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// Apply gives what the projection leaves or makes of a document.
func (p *Projection) Apply(doc bson.D, s *expression.Scope) (bson.D, error) {
	a := applying{p: p, scope: *s}
	a.scope.Root = doc
	return a.document(doc, p.root, true)
}

type applying struct {
	p     *Projection
	scope expression.Scope
}

func (a *applying) document(d bson.D, n *node, top bool) (bson.D, error) {
	out := make(bson.D, 0, len(d))
	for _, e := range d {
		v, err := a.field(e, n.child(e.Key), top)
		if err != nil {
			return nil, err
		}
		if _, missing := v.(value.Missing); !missing {
			out = append(out, bson.E{Key: e.Key, Value: v})
		}
	}
	for _, c := range n.children {
		made, err := a.made(c, d)
		if err != nil {
			return nil, err
		}
		if _, missing := made.(value.Missing); !missing {
			out = with(out, c.name, made)
		}
	}
	return out, nil
}

// field gives what stays of a field that is there.
func (a *applying) field(e bson.E, c *node, top bool) (any, error) {
	switch {
	case c == nil && top && e.Key == "_id":
		return e.Value, nil
	case c == nil:
		if a.p.inclusive {
			return value.Missing{}, nil
		}
		return e.Value, nil
	case c.keep:
		return e.Value, nil
	case c.drop, c.compute != nil:
		return value.Missing{}, nil
	}
	return a.inside(e.Value, c)
}

// inside goes into a field that has fields below it in the projection.
func (a *applying) inside(v any, c *node) (any, error) {
	switch v := v.(type) {
	case bson.D:
		return a.document(v, c, false)
	case bson.A:
		out := bson.A{}
		for _, e := range v {
			kept, err := a.inside(e, c)
			if err != nil {
				return nil, err
			}
			if _, missing := kept.(value.Missing); !missing {
				out = append(out, kept)
			}
		}
		return out, nil
	}
	if a.p.inclusive {
		return value.Missing{}, nil
	}
	return v, nil
}

// made gives a field that the projection computes, or that it makes because
// something below it is computed.
func (a *applying) made(c *node, d bson.D) (any, error) {
	if c.compute != nil {
		return c.compute(&a.scope)
	}
	if len(c.children) == 0 || !c.computes() {
		return value.Missing{}, nil
	}
	if v, ok := value.Field(d, c.name); ok {
		switch v.(type) {
		case bson.D, bson.A:
			return value.Missing{}, nil
		}
	}
	return a.document(bson.D{}, c, false)
}

func (n *node) computes() bool {
	if n.compute != nil {
		return true
	}
	for _, c := range n.children {
		if c.computes() {
			return true
		}
	}
	return false
}

// with sets a field in a document that is the caller's own.
func with(d bson.D, name string, v any) bson.D {
	for i := range d {
		if d[i].Key == name {
			d[i].Value = v
			return d
		}
	}
	return append(d, bson.E{Key: name, Value: v})
}
