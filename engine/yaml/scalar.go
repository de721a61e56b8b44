package yaml

import (
	"strings"

	"runbook/engine/diag"
)

// scalarNode reads the text at pos, in what stands at column n. With key it may
// be a key, and ends before the colon behind it.
func (r *reader) scalarNode(n int, flow, key bool) *Node {
	node := r.node(Scalar, r.pos)
	node.Flow, node.indent = flow, int16(min(n, 1<<14))
	c := r.peek()
	node.Text = r.scalar(n, flow, key)
	switch c {
	case '"', '\'', '|', '>':
		node.Quoted = true
	default:
		if isNull(node.Text) {
			node.Kind = Null
		}
	}
	node.Span = r.span(int(node.start), r.lastEnd)
	return node
}

func isNull(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// scalar reads the text at pos and returns it decoded.
func (r *reader) scalar(n int, flow, key bool) string {
	r.reset()
	switch c := r.peek(); {
	case c == '"':
		return r.double(n)
	case c == '\'':
		return r.single(n)
	case (c == '|' || c == '>') && !flow:
		return r.literal(n)
	}
	return r.plain(n, flow, key)
}

// continued moves over a line break and blank lines to the next line of a text
// in what stands at column n, and counts the breaks; 0 and no move if the text
// ends here.
func (r *reader) continued(n int) int {
	breaks, line := 0, r.lineStart
	for i := r.pos; i < r.size; i++ {
		switch r.text[i] {
		case '\n':
			breaks++
			line = i + 1
			continue
		case ' ', '\t':
			continue
		}
		if i-line <= n || breaks == 0 {
			return 0
		}
		saved, savedLine := r.pos, r.lineStart
		r.pos, r.lineStart = i, line
		if r.marker() != "" {
			r.pos, r.lineStart = saved, savedLine
			return 0
		}
		return breaks
	}
	return 0
}

// single reads a text in single quotes.
func (r *reader) single(n int) string {
	start := r.pos
	r.pos++
	from := r.pos
	for r.pos < r.size {
		switch r.text[r.pos] {
		case '\'':
			if r.byteAt(r.pos+1) != '\'' {
				return r.unquoted(start, from)
			}
			r.copy(r.text[from:r.pos+1], from)
			r.pos += 2
			from = r.pos
		case '\n':
			if !r.foldQuoted(n, start, from) {
				return ""
			}
			from = r.pos
		default:
			r.pos++
		}
	}
	r.unclosed(start)
	return ""
}

// unquoted ends a quoted text, whose last part begins at from.
func (r *reader) unquoted(start, from int) string {
	end := r.pos
	r.textEnd, r.lastEnd = end, end+1
	r.pos++
	if from == start+1 && !r.tracking {
		return r.text[from:end]
	}
	r.copy(r.text[from:end], from)
	return string(r.out)
}

// foldQuoted folds a line break in quotes; the text before it begins at from.
func (r *reader) foldQuoted(n, start, from int) bool {
	line := r.text[from:r.pos]
	at := r.pos
	r.copy(strings.TrimRight(line, " \t"), from)
	breaks := r.continued(n)
	if breaks == 0 {
		r.unclosed(start)
		return false
	}
	r.fold(breaks, at)
	return true
}

func (r *reader) unclosed(start int) {
	r.lastEnd = min(r.pos, r.size)
	r.fail(start, 1, diag.CodeQuote, "this quote is not closed", "close it; inside '...' a quote is written twice, inside \"...\" as \\\"")
}

// double reads a text in double quotes.
func (r *reader) double(n int) string {
	start := r.pos
	r.pos++
	from := r.pos
	for r.pos < r.size {
		switch r.text[r.pos] {
		case '"':
			return r.unquoted(start, from)
		case '\\':
			r.copy(r.text[from:r.pos], from)
			if !r.escape(n, start) {
				return ""
			}
			from = r.pos
		case '\n':
			if !r.foldQuoted(n, start, from) {
				return ""
			}
			from = r.pos
		default:
			r.pos++
		}
	}
	r.unclosed(start)
	return ""
}

// quoteHint says how to write the text from start to end in quotes.
func (r *reader) quoteHint(start, end int) string {
	text := strings.TrimSpace(r.text[start:end])
	if len(text) > 70 || strings.ContainsAny(text, "\n") {
		return "put the whole text in quotes"
	}
	return "put the whole text in quotes: " + Quote(text)
}

// Quote returns text as a quoted scalar.
func Quote(text string) string {
	if !strings.ContainsAny(text, `"\`) {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
