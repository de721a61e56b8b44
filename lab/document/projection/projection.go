// Package projection shapes documents: what find's projection, $project,
// $addFields and $unset give of a document.
package projection

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/fault"
	"runbook/lab/document/query"
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
	// positional says that a field is "a.$".
	positional bool
}

// node is a field of a projection: a leaf, or fields below it.
type node struct {
	name     string
	children []*node
	keep     bool
	drop     bool
	compute  expression.Expression
	shape    func(v any, place int) (any, error)
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// Parse reads a projection. With aggregate it is that of $project, which knows
// no $slice and $elemMatch of arrays and no positional operator.
func Parse(spec bson.D, aggregate bool) (*Projection, error) {
	normal, err := value.Document(spec)
	if err != nil {
		return nil, fault.New(fault.BadValue, "%v", err)
	}
	if len(normal) == 0 && aggregate {
		return nil, fault.New(51272, "Invalid $project :: caused by :: projection specification must have at least one field")
	}
	p := &Projection{root: &node{}}
	for _, e := range normal {
		if err := p.add(e.Key, e.Value, aggregate); err != nil {
			return nil, err
		}
	}
	if !p.decided {
		id := p.root.child("_id")
		p.inclusive = id != nil && !p.withoutID
	}
	return p, nil
}

func (p *Projection) add(path string, v any, aggregate bool) error {
	if path == "" {
		return fault.New(40352, "FieldPath cannot be constructed with empty string")
	}
	if flag, ok := flagOf(v); ok {
		if base, positional := strings.CutSuffix(path, ".$"); positional && flag && !aggregate {
			p.positional = true
			return p.place(base, &node{shape: positioned}, true)
		}
		if path == "_id" {
			p.withoutID = !flag
			return p.put(path, &node{keep: flag, drop: !flag})
		}
		return p.place(path, &node{keep: flag, drop: !flag}, flag)
	}
	d, isDocument := v.(bson.D)
	if isDocument && len(d) == 0 {
		return fault.New(51270, "An empty sub-projection is not a valid value. Found empty object at path '%s'", path)
	}
	if isDocument && !strings.HasPrefix(d[0].Key, "$") {
		for _, e := range d {
			if err := p.add(path+"."+e.Key, e.Value, aggregate); err != nil {
				return err
			}
		}
		return nil
	}
	if isDocument && !aggregate {
		switch d[0].Key {
		case "$slice":
			return p.slice(path, d[0].Value)
		case "$elemMatch":
			return p.element(path, d[0].Value)
		}
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
			return fault.New(31254, "Cannot do exclusion on field %s in inclusion projection", path)
		}
		return fault.New(31253, "Cannot do inclusion on field %s in exclusion projection", path)
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
			return fault.New(31249, "Path collision at %s", path)
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

func positioned(v any, place int) (any, error) {
	a, ok := v.(bson.A)
	if !ok {
		return v, nil
	}
	if place < 0 || place >= len(a) {
		return nil, fault.New(51246, "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array")
	}
	return bson.A{a[place]}, nil
}

func (p *Projection) slice(path string, v any) error {
	bounds, isList := v.(bson.A)
	if !isList {
		bounds = bson.A{v}
	}
	var n [2]int64
	for i, b := range bounds {
		m, ok := value.Int(b)
		if !ok || len(bounds) > 2 || i == 1 && m <= 0 {
			return fault.New(28724, "Invalid $slice syntax. The given syntax { $slice: %s } did not match the find() syntax", value.Format(v))
		}
		n[i] = m
	}
	return p.put(path, &node{keep: true, shape: func(v any, _ int) (any, error) {
		a, ok := v.(bson.A)
		switch {
		case !ok:
			return v, nil
		case len(bounds) == 2:
			return expression.Slice(a, n[0], n[1], false), nil
		}
		return expression.Slice(a, 0, n[0], true), nil
	}})
}

func (p *Projection) element(path string, v any) error {
	if strings.Contains(path, ".") {
		return fault.New(31275, "Cannot use $elemMatch projection on a nested field")
	}
	filter, err := query.Parse(bson.D{{Key: "v", Value: bson.D{{Key: "$elemMatch", Value: v}}}})
	if err != nil {
		return err
	}
	return p.place(path, &node{shape: func(v any, _ int) (any, error) {
		a, ok := v.(bson.A)
		if !ok {
			return value.Missing{}, nil
		}
		at, err := filter.Place(bson.D{{Key: "v", Value: a}})
		if err != nil || at < 0 {
			return value.Missing{}, err
		}
		return bson.A{a[at]}, nil
	}}, true)
}

// Fields gives the top fields that stay, where these are all that the
// projection reads; nil where it may read any.
func (p *Projection) Fields() []string {
	if !p.inclusive || p.computed {
		return nil
	}
	var out []string
	for _, c := range p.root.children {
		if !c.keep && !c.drop || c.shape != nil {
			return nil
		}
		if c.keep {
			out = append(out, c.name)
		}
	}
	if !p.withoutID && p.root.child("_id") == nil {
		out = append(out, "_id")
	}
	return out
}

// Positional says that Apply needs the place of the match.
func (p *Projection) Positional() bool { return p.positional }

// Simple says that the projection only takes fields in or out.
func (p *Projection) Simple() bool { return p.Fields() != nil || !p.inclusive && !p.computed }
