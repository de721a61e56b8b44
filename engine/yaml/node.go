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
type Node struct {
	Kind   Kind
	Quoted bool // a scalar in quotes, or a block scalar: never a number or bool
	Flow   bool // a list or mapping in [ ] or { }, or what stands in one
	Broken bool // a mistake in it was reported: what follows from it should not be

	indent int16 // the column, from 0, of what holds it; -1 at the top
	start  int32 // offset of its first byte in the document

	Text  string // of a scalar: decoded, with escapes resolved and lines folded
	Span  diag.Span
	Items []*Node // of a List
	Pairs []Pair  // of a Map, in the order of the file

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
	if n.Kind != Scalar || n.doc == nil {
		return n.Span
	}
	from := n.origins()
	size := len(from) - 1
	if size <= 0 {
		return n.Span
	}
	first := min(max(offset, 0), size)
	last := min(first+max(length, 1), size)
	start, end := from[first], from[last]
	if last > first {
		c, width := utf8.DecodeRuneInString(n.doc.text[from[last-1]:])
		if end = from[last-1]; c != '\n' {
			end += width
		}
	}
	return diag.Span{Start: n.doc.position(start), End: n.doc.position(end)}
}

// origins returns, for each character of Text and the end, the offset in the
// document from which it was read, by reading the scalar once more.
func (n *Node) origins() []int {
	r := newReader(n.doc)
	size := utf8.RuneCountInString(n.Text)
	r.origin, r.tracking = make([]int, 0, size+1), true
	r.moveTo(int(n.start))
	r.scalar(int(n.indent), n.Flow, false)
	return append(r.origin, r.textEnd)[:size+1]
}
