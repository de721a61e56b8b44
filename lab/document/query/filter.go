// Package query is what is asked of documents and done to them, in MongoDB's
// languages:
//
//	parse.go, node.go, operator.go, shape.go   conditions, as a tree that a planner can read
//	projection*.go, fields.go                  what is shown of a document
//	change*.go                                 the operators of updates
//	pipeline.go, stage_*.go                    the stages of an aggregation
package query

import (
	"runbook/lab/document/expression"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Filter is a query that was parsed.
type Filter struct {
	root  *Node
	scope *expression.Scope
}

// Node is a condition: "$and", "$or" and "$nor" hold Nodes, "$expr" an
// expression, "$not" one node, and any other operator is a condition on the
// values at Path. Of "$elemMatch", Nodes holds the conditions on an element.
type Node struct {
	Op      string
	Path    string
	Operand any
	Nodes   []*Node

	names []string
	// test is asked about each value at the path; whole says that an array
	// is then one value.
	test  func(m *Match, v any) bool
	whole bool
}

// Match is one test of one document.
type Match struct {
	// Place is where in the first array on its path a condition was met, or
	// -1: what the positional operator $ of an update stands for.
	Place int
	scope *expression.Scope
	err   error
}

// Matches tests a document. It fails where an expression in $expr does.
func (f *Filter) Matches(doc bson.D) (bool, error) {
	m := Match{Place: -1, scope: f.scope}
	ok := f.root.matches(&m, doc)
	return ok && m.err == nil, m.err
}

// Place tests a document, and gives the place of the element that met a
// condition, or -1 where no array was met.
func (f *Filter) Place(doc bson.D) (int, error) {
	m := Match{Place: -1, scope: f.scope}
	f.root.matches(&m, doc)
	return m.Place, m.err
}

// Conjuncts are the conditions all of which must hold.
func (f *Filter) Conjuncts() []*Node {
	return conjuncts(f.root, nil)
}

func conjuncts(n *Node, out []*Node) []*Node {
	if n.Op != "$and" {
		return append(out, n)
	}
	for _, child := range n.Nodes {
		out = conjuncts(child, out)
	}
	return out
}

func (n *Node) matches(m *Match, v any) bool {
	if m.err != nil {
		return false
	}
	switch n.Op {
	case "$and":
		for _, child := range n.Nodes {
			if !child.matches(m, v) {
				return false
			}
		}
		return true
	case "$or", "$nor":
		for _, child := range n.Nodes {
			if child.matches(m, v) {
				return n.Op == "$or"
			}
		}
		return n.Op == "$nor"
	case "$not":
		inner := Match{Place: -1, scope: m.scope}
		met := n.Nodes[0].matches(&inner, v)
		m.err = inner.err
		return !met
	}
	return n.reaches(m, v)
}
