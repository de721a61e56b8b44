// Package query is what is asked of documents and done to them, in MongoDB's
// languages:
//
//	parse.go, filter.go, operator.go   conditions, as a tree that a planner can read
//	projection.go                      what is shown of a document
//	change*.go                         the operators of updates
//	pipeline.go, stage*.go             the stages of an aggregation
package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Filter is a query that was parsed.
type Filter struct{ root *Node }

// Node is a condition: "$and", "$or" and "$nor" hold Nodes, "$not" one node, and
// any other operator is a condition on the values at Path.
type Node struct {
	Op      string
	Path    string
	Operand any
	Nodes   []*Node

	names []string
	// test is asked about each value at the path; whole says that an array
	// is then one value.
	test  func(v any) bool
	whole bool
}

// condition makes a node that tests the values at a path, and the elements of
// an array at its end.
func condition(path, op string, operand any, test func(any) bool) *Node {
	return &Node{Op: op, Path: path, names: value.Split(path), Operand: operand, test: test}
}

func not(n *Node) *Node { return &Node{Op: "$not", Nodes: []*Node{n}} }

func all(nodes []*Node) *Node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	return &Node{Op: "$and", Nodes: nodes}
}

// Matches tests a document.
func (f *Filter) Matches(doc bson.D) bool { return f.root.matches(doc) }

// Conjuncts are the conditions all of which must hold.
func (f *Filter) Conjuncts() []*Node { return conjuncts(f.root, nil) }

func conjuncts(n *Node, out []*Node) []*Node {
	if n.Op != "$and" {
		return append(out, n)
	}
	for _, child := range n.Nodes {
		out = conjuncts(child, out)
	}
	return out
}

func (n *Node) matches(doc bson.D) bool {
	one := func(child *Node) bool { return child.matches(doc) }
	switch n.Op {
	case "$and":
		return !slices.ContainsFunc(n.Nodes, func(child *Node) bool { return !one(child) })
	case "$or":
		return slices.ContainsFunc(n.Nodes, one)
	case "$nor", "$not":
		return !slices.ContainsFunc(n.Nodes, one)
	}
	visit := func(leaf any, _ bool) bool { return n.test(leaf) }
	if n.whole {
		return value.Each(doc, n.names, visit)
	}
	return value.Leaves(doc, n.names, visit)
}
