package yaml

import (
	"fmt"

	"runbook/engine/diag"
)

// content reads the node at pos in what stands at column n. With block it may
// be a mapping or list that is laid out in lines from here.
func (r *reader) content(n int, block bool) *Node {
	if r.failed() || r.pos >= r.size {
		return r.null(r.pos)
	}
	column, start := r.column(), r.pos
	switch c := r.peek(); c {
	case '&', '*', '!':
		return r.foreign(c, n, block, false)
	case '%', '@', '`':
		return r.reserved(false)
	case '-', '?':
		if !r.separates(r.pos + 1) {
			break
		}
		if c == '?' {
			r.fail(start, 1, diag.CodeYAML, "a key that begins with ? is not in the language", "write key: value, or put a text in quotes")
			return r.null(start)
		}
		if block {
			return r.sequence(column)
		}
		r.fail(start, 1, diag.CodeYAML, "a list item may not begin in the line of its key", "begin it on the next line, or write the list in [ ]")
		return r.null(start)
	case '[', '{':
		node := r.flowNode(n)
		return r.alone(node, start)
	}
	node := r.scalarNode(n, false, block)
	if r.peek() == ':' && r.separates(r.pos+1) && block && node.Span.Start.Line == node.Span.End.Line {
		return r.mapping(column, node)
	}
	if node.Quoted {
		return r.alone(node, start)
	}
	return node
}

// alone reports text behind a quoted text or a list or mapping in brackets.
func (r *reader) alone(node *Node, start int) *Node {
	line := r.lineStart
	end := r.pos
	r.skip()
	if r.failed() || r.pos == r.size || r.lineStart != line {
		return node
	}
	what := "the closing quote"
	if node.Kind != Scalar {
		what = "the closing bracket"
	}
	stop := r.lineEnd(r.pos)
	r.report(r.pos, stop-r.pos, diag.CodeQuote, "there is text behind "+what, r.quoteHint(start, stop))
	node.Broken = true
	if end > start {
		r.pos = stop
	}
	return node
}

// value reads the value behind the colon of a key that stands at column n.
func (r *reader) value(n int) *Node {
	start, line := r.pos, r.lineStart
	r.skip()
	switch column := r.column(); {
	case r.pos >= r.size || r.marker() != "":
		return r.null(start)
	case r.lineStart == line:
		return r.content(n, false)
	case column > n, column == n && r.peek() == '-' && r.separates(r.pos+1):
		return r.content(n, true)
	}
	return r.null(start)
}

// mapping reads the mapping at column n, whose first key was read.
func (r *reader) mapping(n int, key *Node) *Node {
	node := r.node(Map, int(key.start))
	node.Span.Start = key.Span.Start
	base, damage := len(r.pairs), r.damage
	var seen map[string]int
	end := int(key.start)
	for ok := r.enter(end); ok; {
		r.pos++
		value := r.value(n)
		r.key(node, base, &seen, key, value)
		end = r.behind(key, value)
		key, ok = r.nextKey(n)
	}
	r.leave()
	r.closeMap(node, base, damage)
	node.Span.End = r.cursor.position(end)
	return node
}

// behind returns the offset behind a pair, for the end of what holds it.
func (r *reader) behind(key, value *Node) int {
	if value.Kind == Null {
		return int(value.start)
	}
	return max(r.lastEnd, int(key.start))
}

// nextKey reads the next key of the mapping at column n up to its colon.
func (r *reader) nextKey(n int) (*Node, bool) {
	for {
		r.skip()
		switch column := r.column(); {
		case r.pos >= r.size || column < n || r.marker() != "":
			return nil, false
		case column > n:
			r.misindented()
			continue
		}
		start := r.pos
		if c := r.peek(); c == '-' && r.separates(start+1) {
			r.fault(start, 1, diag.CodeIndentation, "a list item stands among keys", "indent it under the key that it belongs to")
			r.nextLine(n)
			continue
		} else if c == '&' || c == '*' || c == '!' || c == '?' && r.separates(start+1) || c == '[' || c == '{' || c == '|' || c == '>' {
			r.fault(start, 1, diag.CodeYAML, fmt.Sprintf("a key may not begin with %c", c), "keys of the language are words")
			r.nextLine(n)
			continue
		}
		key := r.scalarNode(n, false, true)
		if r.peek() == ':' && r.separates(r.pos+1) && key.Span.Start.Line == key.Span.End.Line {
			return key, true
		}
		r.moveTo(start)
		r.noKey(start)
		r.nextLine(n)
	}
}

// noKey reports a line among keys that is no key.
func (r *reader) noKey(start int) {
	end := r.lineEnd(start)
	hint := "write key: value, or indent the line under the key above that it belongs to"
	for i := start; i < end; i++ {
		if r.text[i] == ':' {
			hint = "put a space behind the colon"
			break
		}
	}
	r.fault(start, end-start, diag.CodeYAML, "this line is no key with a value", hint)
}

// misindented reports a line that is deeper than what it stands in, and moves
// behind it.
func (r *reader) misindented() {
	r.fault(r.pos, r.lineEnd(r.pos)-r.pos, diag.CodeIndentation, "the indentation of this line fits nothing above", "indent it like the lines that it belongs to")
	r.nextLine(r.column() - 1)
}

// nextLine moves to the next line with content at column n or less.
func (r *reader) nextLine(n int) {
	for !r.failed() && r.pos < r.size {
		r.pos = r.lineEnd(r.pos)
		r.skip()
		if r.column() <= n {
			return
		}
	}
}

// sequence reads the list whose items begin with a dash at column n.
func (r *reader) sequence(n int) *Node {
	node := r.node(List, r.pos)
	node.Span.Start = r.cursor.position(r.pos)
	base, damage := len(r.items), r.damage
	for ok := r.enter(r.pos); ok && !r.failed(); {
		r.pos++
		item := r.item(n)
		r.add(item, base)
		for r.skip(); r.pos < r.size && r.column() > n; r.skip() {
			r.misindented()
		}
		ok = r.pos < r.size && r.column() == n && r.peek() == '-' && r.separates(r.pos+1) && r.marker() == ""
	}
	r.leave()
	r.closeList(node, base, damage)
	node.Span.End = r.cursor.position(max(r.lastEnd, int(node.start)+1))
	return node
}

// item reads the value behind a dash at column n.
func (r *reader) item(n int) *Node {
	start := r.pos
	r.skip()
	if r.pos >= r.size || r.column() <= n || r.marker() != "" {
		return r.null(start)
	}
	return r.content(n, true)
}
