package yaml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"runbook/engine/diag"
	"runbook/engine/schema"
)

// converter makes our tree of goccy's, whose nodes know their place badly.
type converter struct {
	*reader
	all     []lexeme
	slab    []Node
	anchors map[string]*Node
	naming  []string // the anchors whose values are being read
	copies  int      // nodes that aliases have made
	star    int      // offset of the last alias
	last    int      // offset behind the last token that was placed
}

// convert returns the tree of the first document, of which there is one.
func (r *reader) convert(all []lexeme, file *ast.File) *Node {
	c := &converter{reader: r, all: all, anchors: map[string]*Node{}}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return c.node(doc.Body, false)
		}
	}
	return c.null(len(r.text))
}

// node converts a value; flow says that it stands in brackets.
func (c *converter) node(n ast.Node, flow bool) *Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n.Values, n.IsFlowStyle, flow, n.Start, n.End)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{n}, false, flow, n.Start, nil)
	case *ast.SequenceNode:
		return c.list(n, flow)
	case *ast.AnchorNode:
		return c.anchor(n, flow)
	case *ast.AliasNode:
		return c.alias(n)
	case *ast.LiteralNode:
		return c.block(n)
	case nil:
		return c.null(len(c.text))
	}
	return c.scalar(n.GetToken(), flow)
}

// place returns the bytes of a token.
func (c *converter) place(tk *token.Token) lexeme {
	l := lexeme{Token: tk, start: len(c.text), end: len(c.text)}
	if i := tk.Position.Offset; i < len(c.all) {
		l = c.all[i]
	}
	c.last = max(c.last, l.end)
	return l
}

// add returns a new node of the bytes from start to end.
func (c *converter) add(kind Kind, start, end int) *Node {
	if len(c.slab) == 0 {
		c.slab = make([]Node, 64)
	}
	n := &c.slab[0]
	c.slab = c.slab[1:]
	n.Kind, n.start, n.end, n.doc = kind, int32(start), int32(end), c.document
	n.Span = c.span(start, end)
	return n
}

// null returns the node of a value that is not there.
func (c *converter) null(offset int) *Node { return c.add(Null, offset, offset) }

// scalar converts a text in quotes or without.
func (c *converter) scalar(tk *token.Token, flow bool) *Node {
	l := c.place(tk)
	if l.Token != tk { // a null that the parser has put behind this token
		return c.null(l.end)
	}
	n := c.add(Scalar, l.start, l.end)
	n.Flow, n.Text, n.style = flow, tk.Value, plainStyle
	if l.quoted() {
		n.style = c.text[l.start]
	} else if !c.sameLine(l.start, l.end) {
		n.Text = folded(c.read[l.start:l.end])
	}
	c.unmask(n)
	if n.Quoted = l.quoted() && n.style != plainStyle; !n.Quoted && schema.IsNull(n.Text) {
		n.Kind = Null
	}
	return n
}

// folded returns what a text in several lines means. Goccy
// takes a line of nothing but space for no line.
func folded(text string) string {
	var b strings.Builder
	breaks := 0
	for i, line := range strings.Split(text, "\n") {
		if line = strings.Trim(line, " \t"); line == "" {
			breaks++
			continue
		}
		if i > 0 && breaks == 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.Repeat("\n", breaks))
		b.WriteString(line)
		breaks = 0
	}
	return b.String()
}

// unmask gives a text that was masked its own characters.
func (c *converter) unmask(n *Node) {
	start, end := int(n.start), int(n.end)
	if c.read[start:end] == c.text[start:end] {
		return
	}
	var b strings.Builder
	decoded := []rune(n.Text)
	at := 0
	c.walk(n.style, start, end, n.Text, func(from, to int) {
		if c.read[from:to] != c.text[from:to] {
			b.WriteString(c.text[from:to])
		} else {
			b.WriteRune(decoded[at])
		}
		at++
	})
	n.Text = b.String()
	if slices.Contains(c.broken, start) {
		n.Text, n.Broken = "", true
	}
}

// block converts a block scalar.
func (c *converter) block(ln *ast.LiteralNode) *Node {
	header, content := c.place(ln.Start), c.place(ln.Value.GetToken())
	end := header.end
	if content.Token == ln.Value.GetToken() && content.end > content.start {
		end = content.end
	}
	n := c.add(Scalar, header.start, end)
	n.start, n.Quoted, n.style, n.Text = int32(content.start), true, c.read[header.start], ln.Value.Value
	if end == len(c.text) && !strings.HasSuffix(c.text, "\n") {
		n.Text = strings.TrimSuffix(n.Text, "\n")
	}
	return n
}

// list converts a list.
func (c *converter) list(sn *ast.SequenceNode, flow bool) *Node {
	l := c.place(sn.Start)
	n := c.add(List, l.start, l.end)
	n.Flow = flow || sn.IsFlowStyle
	n.Items = make([]*Node, 0, len(sn.Values))
	for _, v := range sn.Values {
		n.Items = append(n.Items, c.node(v, n.Flow))
	}
	c.close(n, sn.End)
	return n
}

// close ends a list or mapping at its bracket, or behind the last token that
// was placed.
func (c *converter) close(n *Node, bracket *token.Token) {
	if bracket != nil {
		c.place(bracket)
	}
	n.end = int32(max(int(n.end), c.last))
	n.Span.End = c.cursor.position(int(n.end))
}

// mapping converts a mapping.
func (c *converter) mapping(values []*ast.MappingValueNode, braces, flow bool, start, end *token.Token) *Node {
	if !braces {
		start = values[0].Key.GetToken()
	}
	l := c.place(start)
	n := c.add(Map, l.start, l.end)
	n.Flow = flow || braces
	n.Pairs = make([]Pair, 0, len(values))
	seen := map[string]int{}
	var merges []Pair
	for _, v := range values {
		key := c.node(v.Key, n.Flow)
		c.place(v.Start)
		p := Pair{key, c.node(v.Value, n.Flow)}
		switch {
		case key.Kind == List || key.Kind == Map:
			c.fault(int(key.start), int(key.end-key.start), diag.CodeYAML, "a key must be a text", "keys of the language are words")
		case !c.unique(seen, key):
		case v.Key.IsMergeKey():
			merges = append(merges, p)
		default:
			n.Pairs = append(n.Pairs, p)
		}
	}
	for _, m := range merges {
		c.merge(n, seen, m)
	}
	if !braces {
		end = nil
	}
	c.close(n, end)
	return n
}

// unique reports a key that stands twice.
func (c *converter) unique(seen map[string]int, key *Node) bool {
	first, twice := seen[key.Text]
	if !twice {
		seen[key.Text] = int(key.start)
		return true
	}
	hint := "remove one of them"
	if key.Text == "<<" {
		hint = "merge a list: <<: [*a, *b]"
	}
	note := diag.Note{Span: c.span(first, first+len(key.Text)), Message: "it stands here first"}
	c.report(int(key.start), len(key.Text), diag.CodeDuplicate, fmt.Sprintf("the key %q stands twice", Clip(key.Text)), hint, note)
	return false
}
