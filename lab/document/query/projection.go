package query

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// Projection is a projection that was parsed.
type Projection struct {
	root *node
	// inclusive says that only what is named stays.
	inclusive bool
	decided   bool
	withoutID bool
	computed  []computed
}

// computed is a field that an expression gives.
type computed struct {
	path  []string
	value expression.Expression
}

// node is a field of a projection: a leaf that stays or goes, or fields below it.
type node struct {
	name     string
	children []*node
	keep     bool
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// ParseProjection reads a projection. With aggregate it is that of $project, which
// has at least one field.
func ParseProjection(spec bson.D, aggregate bool) (*Projection, error) {
	normal, err := value.Document(spec)
	if err != nil {
		return nil, value.Refused(value.BadValue, "%v", err)
	}
	if len(normal) == 0 && aggregate {
		return nil, value.Refused("51272", "Invalid $project :: caused by :: projection specification must have at least one field")
	}
	p := &Projection{root: &node{}}
	for _, e := range normal {
		if err := p.add(e.Key, e.Value); err != nil {
			return nil, err
		}
	}
	if !p.decided {
		id := p.root.child("_id")
		p.inclusive = id != nil && !p.withoutID
	}
	return p, nil
}

func (p *Projection) add(path string, v any) error {
	if path == "" {
		return value.Refused("40352", "FieldPath cannot be constructed with empty string")
	}
	if flag, ok := flagOf(v); ok {
		if strings.HasSuffix(path, ".$") {
			return value.Refused(value.BadValue, "this server of a lab has no positional projection: %s", path)
		}
		if path == "_id" {
			p.withoutID = !flag
			return p.put(path, &node{keep: flag})
		}
		return p.place(path, &node{keep: flag}, flag)
	}
	if d, ok := v.(bson.D); ok && (len(d) == 0 || !strings.HasPrefix(d[0].Key, "$")) {
		return value.Refused(value.NotSupported, "this server of a lab has no projections within projections: %s", path)
	}
	x, err := expression.Parse(v)
	if err != nil {
		return err
	}
	p.computed = append(p.computed, computed{value.Split(path), x})
	if path == "_id" {
		return p.put(path, &node{})
	}
	return p.place(path, &node{}, true)
}

func flagOf(v any) (flag, ok bool) {
	if b, isBool := v.(bool); isBool {
		return b, true
	}
	return value.Truth(v), value.IsNumber(v)
}

// place adds a node, which makes the whole projection inclusive or exclusive.
func (p *Projection) place(path string, n *node, inclusive bool) error {
	if p.decided && p.inclusive != inclusive {
		if p.inclusive {
			return value.Refused("31254", "Cannot do exclusion on field %s in inclusion projection", path)
		}
		return value.Refused("31253", "Cannot do inclusion on field %s in exclusion projection", path)
	}
	p.decided, p.inclusive = true, inclusive
	return p.put(path, n)
}

func (p *Projection) put(path string, n *node) error {
	at := p.root
	names := value.Split(path)
	for i, name := range names {
		c := at.child(name)
		last := i == len(names)-1
		if c != nil && (last || len(c.children) == 0) {
			return value.Refused("31249", "Path collision at %s", path)
		}
		if last {
			n.name = name
			at.children = append(at.children, n)
			return nil
		}
		if c == nil {
			c = &node{name: name}
			at.children = append(at.children, c)
		}
		at = c
	}
	return nil
}

// Apply gives what the projection leaves or makes of a document.
func (p *Projection) Apply(doc bson.D, now time.Time) (bson.D, error) {
	out := p.document(doc, p.root, true)
	for _, c := range p.computed {
		v, err := c.value(&expression.Scope{Root: doc, Now: now})
		if err != nil {
			return nil, err
		}
		if _, missing := v.(value.Missing); !missing {
			out = setIn(out, c.path, v)
		}
	}
	return out, nil
}

// setIn gives a document with the value at a path. The given one stays as it is.
func setIn(d bson.D, path []string, v any) bson.D {
	at := slices.IndexFunc(d, func(e bson.E) bool { return e.Key == path[0] })
	if len(path) > 1 {
		child := bson.D{}
		if at >= 0 {
			child, _ = d[at].Value.(bson.D)
		}
		v = setIn(child, path[1:], v)
	}
	out := slices.Clone(d)
	if at < 0 {
		return append(out, bson.E{Key: path[0], Value: v})
	}
	out[at].Value = v
	return out
}

func (p *Projection) document(d bson.D, n *node, top bool) bson.D {
	out := make(bson.D, 0, len(d))
	for _, e := range d {
		c := n.child(e.Key)
		keep := !p.inclusive || top && e.Key == "_id"
		if c != nil && len(c.children) > 0 {
			e.Value, keep = p.inside(e.Value, c)
		} else if c != nil {
			keep = c.keep
		}
		if keep {
			out = append(out, e)
		}
	}
	return out
}

// inside goes into a field that has fields below it in the projection.
func (p *Projection) inside(v any, c *node) (kept any, keep bool) {
	switch v := v.(type) {
	case bson.D:
		return p.document(v, c, false), true
	case bson.A:
		out := bson.A{}
		for _, e := range v {
			if kept, keep := p.inside(e, c); keep {
				out = append(out, kept)
			}
		}
		return out, true
	}
	return v, !p.inclusive
}

// Simple says that the projection only takes fields in or out.
func (p *Projection) Simple() bool { return len(p.computed) == 0 }
