package yaml

import (
	"unicode/utf8"

	"runbook/engine/diag"
)

// Kind is the kind of a node.
type Kind uint8

// The kinds. Null is an absent value, or an unquoted ~ or null.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// String returns the kind in the words of messages.
func (k Kind) String() string {
	switch k {
	case Scalar:
		return "text"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	}
	return "nothing"
}

// Node is a value of the file with its place. Nodes are immutable.
//
// A value that an alias or a merge key puts somewhere is a node of its own
// there. Its Span is where the value is written, and the Use of the Span is
// where the alias stands.
type Node struct {
	Kind   Kind
	Quoted bool // a scalar in quotes, or a block scalar: never a number or bool
	Flow   bool // a list or mapping in [ ] or { }, or what stands in one
	Broken bool // a mistake in it was reported: what follows from it should not be

	style byte  // of a scalar: how it is written
	start int32 // offset of its first byte in the document; of a block scalar, of its content
	end   int32 // offset behind its last byte

	Text  string // of a scalar: decoded, with escapes resolved and lines folded
	Span  diag.Span
	Items []*Node // of a List
	Pairs []Pair  // of a Map, in the order of the file; what is merged comes last

	doc *document
}

// Pair is a key of a mapping and its value; neither is nil.
type Pair struct {
	Key, Value *Node
}

// Get returns the value of a key of a Map, nil if there is none. It takes a nil
// receiver.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Text == key {
			return p.Value
		}
	}
	return nil
}

// At returns the place in the file of length characters of a scalar's Text from
// character offset on, both counted from 0 and cut to the text. It is exact for
// all styles, also across escapes and folded lines.
func (n *Node) At(offset, length int) diag.Span {
	size := utf8.RuneCountInString(n.Text)
	if n.Kind != Scalar || n.doc == nil || size == 0 {
		return n.Span
	}
	first := min(max(offset, 0), size)
	last := min(first+max(length, 1), size)
	start, end := int(n.end), int(n.end)
	if n.style == '"' || n.style == '\'' {
		start, end = start-1, end-1
	}
	at := 0
	n.doc.walk(n.style, int(n.start), int(n.end), n.Text, func(from, to int) {
		if at == first {
			start = from
		}
		if at++; at == last && last > first {
			end = to
		}
	})
	return diag.Span{Start: n.doc.position(start), End: n.doc.position(max(start, end)), Use: n.Span.Use}
}
