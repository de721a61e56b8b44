package yaml

import (
	"fmt"
	"strings"

	"runbook/engine/diag"
)

// flowNode reads the list in [ ] or the mapping in { } at pos, in what stands
// at column n.
func (r *reader) flowNode(n int) *Node {
	start := r.pos
	kind, closer := List, byte(']')
	if r.text[start] == '{' {
		kind, closer = Map, '}'
	}
	node := r.node(kind, start)
	node.Flow, node.indent = true, int16(min(n, 1<<14))
	f := flow{reader: r, node: node, closer: closer, n: n, pairBase: len(r.pairs), itemBase: len(r.items), damage: r.damage}
	r.pos++
	if r.enter(start) {
		f.read()
	}
	r.leave()
	if kind == Map {
		r.closeMap(node, f.pairBase, f.damage)
	} else {
		r.closeList(node, f.itemBase, f.damage)
	}
	r.lastEnd = r.pos
	node.Span = r.span(start, r.pos)
	return node
}

// flow is a list or mapping in brackets that is being read.
type flow struct {
	*reader
	node               *Node
	closer             byte
	n                  int
	pairBase, itemBase int
	damage             int
	seen               map[string]int
}

// read reads up to and with the closing bracket.
func (f *flow) read() {
	for {
		if !f.next() {
			return
		}
		switch f.peek() {
		case f.closer:
			f.pos++
			return
		case ',', ']', '}':
			f.unexpected()
			return
		}
		before := f.pos
		if f.closer == '}' {
			f.pair()
		} else {
			f.add(f.element(false), f.itemBase)
		}
		if f.failed() || !f.next() {
			return
		}
		switch c := f.peek(); {
		case c == ',':
			f.pos++
		case c == f.closer:
		default:
			f.between(before)
			return
		}
	}
}

// next moves to the next content; false means that the bracket is not closed.
func (f *flow) next() bool {
	comment, at, line := f.comment, f.pos, f.lineStart
	f.skip()
	if f.failed() {
		return false
	}
	if f.pos < f.size && f.marker() == "" {
		column := f.column()
		if column > f.n || f.lineStart <= int(f.node.start) || column == f.n && f.peek() == f.closer {
			return true
		}
	}
	f.pos, f.lineStart = f.lineEnd(at), line
	start := int(f.node.start)
	if f.comment > comment && strings.IndexByte(f.text[f.comment:f.lineEnd(f.comment)], f.closer) >= 0 {
		f.report(f.comment, 1, diag.CodeCut, fmt.Sprintf("YAML takes the rest of the line from # as a comment, also the %c", f.closer),
			"put the text with the # in quotes", diag.Note{Span: f.span(start, start+1), Message: "it is opened here"})
		f.damage = f.reader.damage
		f.node.Broken = true
		return false
	}
	f.fault(start, 1, diag.CodeQuote, fmt.Sprintf("the %c is not closed", f.text[start]), fmt.Sprintf("close it with %c, or put a text that begins with it in quotes", f.closer))
	return false
}

// element reads one value; key says that it may be a key.
func (f *flow) element(key bool) *Node {
	switch c := f.peek(); c {
	case '[', '{':
		return f.flowNode(f.n)
	case '&', '*', '!':
		return f.foreign(c, f.n, false, true)
	case '%', '@', '`', '|', '>':
		return f.reserved(true)
	}
	return f.scalarNode(f.n, true, key)
}

// pair reads one key and its value.
func (f *flow) pair() {
	start := f.pos
	key := f.element(true)
	if f.failed() {
		return
	}
	if key.Kind != Scalar {
		f.fail(start, max(1, f.pos-start), diag.CodeYAML, "a key must be a text", "keys of the language are words")
		return
	}
	f.skip()
	var value *Node
	switch {
	case f.peek() != ':':
		value = f.null(f.lastEnd)
		if i := strings.IndexByte(key.Text, ':'); i > 0 && !key.Quoted {
			f.fault(start, len(key.Text), diag.CodeYAML, fmt.Sprintf("%q is no key with a value", Clip(key.Text)), "put a space behind the colon")
			return
		}
	default:
		f.pos++
		if !f.next() {
			return
		}
		if c := f.peek(); c == ',' || c == f.closer {
			value = f.null(f.pos)
		} else {
			value = f.element(false)
		}
	}
	f.key(f.node, f.pairBase, &f.seen, key, value)
}

// unexpected reports a comma or bracket where a value belongs.
func (f *flow) unexpected() {
	c := f.peek()
	message, hint := "there is no value before this comma", "remove the comma, or quote a text that contains it"
	if c != ',' {
		message, hint = fmt.Sprintf("this %c closes nothing", c), fmt.Sprintf("the %c before it is still open", f.text[f.node.start])
	}
	f.abandon(f.pos, 1, diag.CodeYAML, message, hint)
}

// between reports what stands behind a value that began at before, where a
// comma or the closing bracket belongs.
func (f *flow) between(before int) {
	end := f.lineEnd(f.pos)
	if c := f.text[before]; c == '"' || c == '\'' {
		f.abandon(f.pos, 1, diag.CodeQuote, "there is text behind the closing quote", "put the whole text in quotes of the other kind: '\"a\" == b'")
		return
	}
	if f.peek() == ':' {
		f.abandon(f.pos, 1, diag.CodeCut, "a : stands inside a list item", "quote the item, or write it as {key: value}")
		return
	}
	f.abandon(f.pos, min(1, end-f.pos), diag.CodeYAML, fmt.Sprintf("a comma or %c is missing before this", f.closer), "quote a text that contains brackets or commas")
}

// abandon reports a mistake and leaves the brackets, up to the end of the line.
func (f *flow) abandon(offset, length int, code, message, hint string) {
	f.fault(offset, length, code, message, hint)
	f.pos = f.lineEnd(f.pos)
}
