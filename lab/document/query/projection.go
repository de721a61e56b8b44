package query

import (
	"strings"

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
	computed  Fields
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
		return nil, value.Refused(51272, "Invalid $project :: caused by :: projection specification must have at least one field")
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
		return value.Refused(40352, "FieldPath cannot be constructed with empty string")
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
	d, isDocument := v.(bson.D)
	if isDocument && len(d) == 0 {
		return value.Refused(51270, "An empty sub-projection is not a valid value. Found empty object at path '%s'", path)
	}
	if isDocument && !strings.HasPrefix(d[0].Key, "$") {
		for _, e := range d {
			if err := p.add(path+"."+e.Key, e.Value); err != nil {
				return err
			}
		}
		return nil
	}
	if err := p.computed.add(nil, bson.D{{Key: path, Value: v}}); err != nil {
		return err
	}
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
			return value.Refused(31254, "Cannot do exclusion on field %s in inclusion projection", path)
		}
		return value.Refused(31253, "Cannot do inclusion on field %s in exclusion projection", path)
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
			return value.Refused(31249, "Path collision at %s", path)
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
func (p *Projection) Apply(doc bson.D, s *expression.Scope) (bson.D, error) {
	return p.computed.set(p.document(doc, p.root, true), doc, s)
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
func (p *Projection) Simple() bool { return len(p.computed.paths) == 0 }
