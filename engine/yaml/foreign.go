package yaml

import (
	"fmt"
	"strings"

	"runbook/engine/diag"
)

// foreign reports an anchor, alias or tag at pos, which are not in the
// language, and returns what stands behind it.
func (r *reader) foreign(c byte, n int, block, flow bool) *Node {
	start := r.pos
	for !r.separates(r.pos) && !(flow && strings.IndexByte(",[]{}", r.peek()) >= 0) {
		r.pos++
	}
	word := r.text[start:r.pos]
	r.lastEnd = r.pos
	rest := strings.TrimRight(r.text[start:r.lineEnd(start)], " ")
	switch {
	case c == '!':
		hint := "quote a text that begins with !"
		if !flow && strings.ContainsAny(rest, " .(=") || strings.Contains(word, ".") {
			hint = fmt.Sprintf("for an expression write %q", Clip("not "+strings.TrimLeft(rest[1:], " ")))
		}
		r.report(start, len(word), diag.CodeTag, fmt.Sprintf("YAML takes %s for a tag, which is not in the language", Clip(word)), hint)
	case c == '&':
		r.report(start, len(word), diag.CodeAlias, "anchors are not in the language", "remove it, or quote a text that begins with &")
	default:
		r.report(start, len(word), diag.CodeAlias, "aliases are not in the language", "write the value out, or quote a text that begins with *")
	}
	node := r.null(start)
	node.Span = r.span(start, r.pos)
	node.Broken = true
	if flow {
		r.toSeparator()
	} else if rest != word || c != '&' || !block {
		r.pos = r.lineEnd(r.pos)
	} else {
		return r.anchored(n, node)
	}
	return node
}

// anchored reads what an anchor names on the lines below it.
func (r *reader) anchored(n int, none *Node) *Node {
	r.skip()
	if r.pos >= r.size || r.column() <= n {
		return none
	}
	return r.content(n, true)
}

// toSeparator moves to the next comma or closing bracket of the line.
func (r *reader) toSeparator() {
	for r.pos < r.size && strings.IndexByte(",]}\n", r.text[r.pos]) < 0 {
		r.pos++
	}
}

// reserved reports a text that begins with a character that YAML keeps.
func (r *reader) reserved(flow bool) *Node {
	start := r.pos
	if r.pos = r.lineEnd(start); flow {
		r.pos = start
		r.toSeparator()
	}
	r.report(start, 1, diag.CodeYAML, fmt.Sprintf("a text may not begin with %c", r.text[start]), r.quoteHint(start, r.pos))
	node := r.null(start)
	node.Broken = true
	r.lastEnd = r.pos
	return node
}
