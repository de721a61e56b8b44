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
	computed  bool
}

// node is a field of a projection: a leaf, or fields below it.
type node struct {
	name     string
	children []*node
	keep     bool
	drop     bool
	compute  expression.Expression
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
			return p.put(path, &node{keep: flag, drop: !flag})
		}
		return p.place(path, &node{keep: flag, drop: !flag}, flag)
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
	x, err := expression.Parse(v)
	if err != nil {
		return err
	}
	p.computed = true
	if path == "_id" {
		return p.put(path, &node{compute: x})
	}
	return p.place(path, &node{compute: x}, true)
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

// Simple says that the projection only takes fields in or out.
func (p *Projection) Simple() bool { return !p.computed }
