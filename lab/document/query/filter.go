// Package query is what is asked of documents and done to them, in MongoDB's
// languages:
//
//	parse.go, node.go, operator.go, shape.go   conditions, as a tree that a planner can read
//	projection.go, fields.go                   what is shown of a document
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
	test  func(p *probe, v any) bool
	whole bool
}

// probe is one test of one document. It fails where an expression does.
type probe struct {
	scope *expression.Scope
	err   error
}

// Matches tests a document. It fails where an expression in $expr does.
func (f *Filter) Matches(doc bson.D) (bool, error) {
	p := probe{scope: f.scope}
	ok := f.root.matches(&p, doc)
	return ok && p.err == nil, p.err
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

func (n *Node) matches(p *probe, v any) bool {
	if p.err != nil {
		return false
	}
	switch n.Op {
	case "$and":
		for _, child := range n.Nodes {
			if !child.matches(p, v) {
				return false
			}
		}
		return true
	case "$or", "$nor":
		for _, child := range n.Nodes {
			if child.matches(p, v) {
				return n.Op == "$or"
			}
		}
		return n.Op == "$nor"
	case "$not":
		return !n.Nodes[0].matches(p, v)
	}
	return n.reaches(p, v)
}
