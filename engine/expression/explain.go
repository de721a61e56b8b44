package expression

import (
	"context"
	"errors"
	"fmt"

	"runbook/engine/schema"
)

// Explanation is an evaluated expression with the value of each of its parts.
type Explanation struct {
	Value any
	Err   error
	Root  *Part
	// Warnings are what is odd although the expression has a value: all or
	// none of no element.
	Warnings []string
}

// Part is a part of an expression: a condition, a side of a comparison, down
// to names, members and calls. Constants are no parts.
type Part struct {
	Source    string
	Offset    int         // in the expression's Source, in characters
	Unit      schema.Unit // of its value, where that is a number and its names say it
	Value     any
	Evaluated bool
	Err       string // why it has no value, though it was evaluated
	Parts     []*Part
	Operator  string  // of a comparison: "<"
	Sides     []*Part // of a comparison: both, constants too
	Element   string  // of the condition of all, any or none: that for which it decided

	node *node
}

// Explain evaluates the expression and keeps the value of each part.
func (e *Expr) Explain(ctx context.Context, v Values, lim Limits) Explanation {
	m := e.machine(ctx, v, lim)
	m.trace = map[*node]traced{}
	got, err := e.result(m)
	e.once.Do(func() { e.layout = layOut(newPlaces(e.source), e.root, nil) })
	return Explanation{Value: got, Err: err, Root: e.layout.explain(m.trace), Warnings: m.warnings}
}

// layOut is a part before evaluation.
func layOut(p *places, n *node, u units) *Part {
	from, to := p.of(n)
	l := &Part{Source: p.text(from, to), Offset: from, Unit: u.of(n), node: n}
	if n.op == opLoop {
		u = u.within(n)
	}
	for _, inner := range partsOf(n) {
		if inner == nil || inner.constant() && !n.op.comparesSizes() {
			continue
		}
		l.Sides = append(l.Sides, layOut(p, inner, u))
	}
	return l
}

// partsOf returns what n is computed from, none for what is shown whole.
func partsOf(n *node) []*node {
	switch n.op {
	case opLoop:
		if of := n.value.(*looping); of.decides && n.b != nil {
			return []*node{n.b}
		}
		return nil
	case opMember, opIndex, opSlice, opChain, opCall, opName, opStep, opItem, opCount, opLocal, opConst:
		return nil
	case opIf, opList, opMap:
		return n.kids
	}
	return append(sidesOf(n.op, n.a), sidesOf(n.op, n.b)...)
}

// sidesOf returns n, or the sides of a chain of the same and, the same or.
func sidesOf(o op, n *node) []*node {
	if n != nil && n.op == o && (o == opAnd || o == opOr) {
		return append(sidesOf(o, n.a), sidesOf(o, n.b)...)
	}
	return []*node{n}
}

// name is how people call an element: by what it says of itself, else by its place.
func (i *item) name() string {
	var member func(name string) (any, bool)
	switch v := i.value.(type) {
	case map[string]any:
		member = func(name string) (any, bool) { m, ok := v[name]; return m, ok }
	case Object:
		member = v.Member
	default:
		return schema.Brief(v)
	}
	for _, key := range []string{"name", "id", "title"} {
		named, _ := member(key)
		if text, ok := named.(string); ok && text != "" {
			return text
		}
	}
	return fmt.Sprintf("[%d]", i.index)
}

func (l *Part) explain(trace map[*node]traced) *Part {
	p := &Part{Source: l.Source, Offset: l.Offset, Unit: l.Unit}
	if got, ok := trace[l.node]; ok {
		p.Evaluated, p.Value = true, got.value
		if got.err != nil && !errors.Is(got.err, errShort) {
			p.Err = got.err.Error()
		}
		if _, lazy := got.value.(Object); lazy {
			p.Value = nil
		}
	}
	if l.node.op == opConst {
		p.Evaluated, p.Value = true, l.node.value
	}
	for _, inner := range l.Sides {
		part := inner.explain(trace)
		if l.node.op == opLoop {
			decided := trace[inner.node].item
			if decided == nil {
				continue
			}
			part.Element = decided.name()
		}
		p.Sides = append(p.Sides, part)
		if !inner.node.constant() {
			p.Parts = append(p.Parts, part)
		}
	}
	if p.Operator = l.node.name; !l.node.op.comparesSizes() {
		p.Operator, p.Sides = "", nil
	}
	return p
}
