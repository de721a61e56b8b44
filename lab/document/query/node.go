package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// condition makes a node that tests the values at a path, and the elements of
// an array at its end.
func condition(path, op string, operand any, test func(any) bool) *Node {
	return &Node{Op: op, Path: path, names: split(path), Operand: operand, whole: path == "",
		test: func(_ *probe, v any) bool { return test(v) }}
}

func split(path string) []string {
	if path == "" {
		return nil
	}
	return value.Split(path)
}

func all(nodes []*Node) *Node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	return &Node{Op: "$and", Nodes: nodes}
}

// reaches says whether a value at the path passes the test.
func (n *Node) reaches(p *probe, v any) bool {
	visit := func(leaf any, _ bool) bool { return n.test(p, leaf) }
	if n.whole {
		return value.Each(v, n.names, visit)
	}
	return value.Leaves(v, n.names, visit)
}

// Document writes the condition back as a query, operators spelled out.
func (n *Node) Document() bson.D {
	switch n.Op {
	case "$and", "$or", "$nor":
		list := make(bson.A, len(n.Nodes))
		for i, child := range n.Nodes {
			list[i] = child.Document()
		}
		if n.Op == "$and" && len(list) == 0 {
			return bson.D{}
		}
		return bson.D{{Key: n.Op, Value: list}}
	case "$not":
		return n.negation()
	case "$expr":
		return bson.D{{Key: n.Op, Value: n.Operand}}
	case "$regex":
		return bson.D{{Key: n.Path, Value: pattern(n.Operand)}}
	}
	return bson.D{{Key: n.Path, Value: bson.D{{Key: n.Op, Value: n.Operand}}}}
}

func pattern(v any) bson.D {
	r, _ := v.(bson.Regex)
	d := bson.D{{Key: "$regex", Value: r.Pattern}}
	if r.Options != "" {
		d = append(d, bson.E{Key: "$options", Value: r.Options})
	}
	return d
}

func (n *Node) negation() bson.D {
	inner := n.Nodes[0].Document()
	if len(inner) == 1 && !strings.HasPrefix(inner[0].Key, "$") {
		return bson.D{{Key: inner[0].Key, Value: bson.D{{Key: "$not", Value: inner[0].Value}}}}
	}
	return bson.D{{Key: "$nor", Value: bson.A{inner}}}
}

// Documents writes conditions back as one query.
func Documents(nodes []*Node) bson.D {
	if len(nodes) == 0 {
		return nil
	}
	return all(nodes).Document()
}
