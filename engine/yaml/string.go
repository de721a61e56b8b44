package yaml

import "runbook/engine/diag"

// String is a text of the file with its place. The zero String is absent.
type String struct {
	Value string
	Node  *Node
}

// Set reports whether the file gives the text.
func (s String) Set() bool { return s.Node != nil }

// Span returns the place of the text, the zero Span if it is absent.
func (s String) Span() diag.Span {
	if s.Node == nil {
		return diag.Span{}
	}
	return s.Node.Span
}

// TextOf returns the text of a scalar with its place.
func TextOf(n *Node) String { return String{Value: n.Text, Node: n} }
