package yaml

import (
	"fmt"
	"strings"

	"runbook/engine/diag"
)

// maxGroup is how far, in bytes, the end of a bracket or quote is looked for.
const maxGroup = 8 << 10

// plain is an unquoted text that is being read.
type plain struct {
	*reader
	flow, key bool
	ternary   bool // " ? " was seen
	trap      byte // what YAML would have ended the text at
	trapAt    int
}

// plain reads an unquoted text in what stands at column n. Where YAML would end
// it in the middle of an expression, that is reported and the whole is read.
func (r *reader) plain(n int, flow, key bool) string {
	p := plain{reader: r, flow: flow, key: key}
	start := r.pos
	if r.peek() == '#' {
		r.misplaced(start)
		return ""
	}
	end, stop := p.line()
	if r.pos == start {
		r.misplaced(start)
		return ""
	}
	r.copyIfTracking(start, end)
	for first := true; stop == '\n'; first = false {
		at := r.pos
		breaks := r.continued(n)
		if breaks == 0 || p.ends(at) {
			break
		}
		if first && !r.tracking {
			r.copy(r.text[start:end], start)
		}
		r.fold(breaks, at)
		from := r.pos
		p.key = false
		end, stop = p.lower(start)
		r.copy(r.text[from:end], from)
	}
	r.textEnd, r.lastEnd = end, end
	if p.trap != 0 {
		p.reportTrap(start, end)
	}
	if len(r.out) > 0 && !r.tracking {
		return string(r.out)
	}
	return r.text[start:end]
}

func (r *reader) copyIfTracking(start, end int) {
	if r.tracking {
		r.copy(r.text[start:end], start)
	}
}

// misplaced reports a character that begins no text.
func (r *reader) misplaced(start int) {
	r.fault(start, 1, diag.CodeYAML, fmt.Sprintf("a text may not begin with %c here", r.text[start]), "quote a text that begins with it")
	r.pos++
	r.textEnd, r.lastEnd = r.pos, r.pos
}

// ends reports whether the line to which continued has moved is no part of the
// text after all, and moves back to at.
func (p *plain) ends(at int) bool {
	c := p.peek()
	if c == '#' || p.flow && strings.IndexByte(",]}[{", c) >= 0 || strings.IndexByte(p.text[p.lineStart:p.pos], '\t') >= 0 {
		p.moveTo(at)
		return true
	}
	return false
}

// lower reads a further line of a text that began at start.
func (p *plain) lower(start int) (end int, stop byte) {
	if p.flow {
		return p.line()
	}
	from := p.pos
	note := diag.Note{Span: p.span(start, start+1), Message: "the text begins here"}
	if c := p.peek(); c == '-' && p.separates(from+1) {
		p.fault(from, 1, diag.CodeIndentation, "a list item stands inside a text", "leave the line of the key empty and begin the list below it, or quote the text", note)
	}
	p.key = true
	end, stop = p.line()
	if stop == ':' {
		p.fault(from, p.pos+1-from, diag.CodeIndentation, "a key stands inside a text that goes on from a line above", "indent it like the other keys, or quote the text", note)
		p.pos = p.lineEnd(p.pos)
		end, stop = len(strings.TrimRight(p.text[:p.pos], " \t")), '\n'
	}
	return end, stop
}

// line reads up to the end of the text in this line. It leaves pos at the byte
// that ended it, which is stop; a comment ends it with '#', the end of the file
// with 0.
func (p *plain) line() (end int, stop byte) {
	start := p.pos
	for p.pos < p.size {
		i := p.pos
		switch c := p.text[i]; c {
		case '\n':
			return p.trimmed(start), c
		case ':':
			if p.colon(start, i) {
				return p.trimmed(start), c
			}
		case '#':
			if i > start && (p.text[i-1] == ' ' || p.text[i-1] == '\t') {
				return p.trimmed(start), c
			}
		case ',', ']', '}':
			if p.flow {
				return p.trimmed(start), c
			}
		case '[', '{':
			if !p.group(i) && p.flow {
				return p.trimmed(start), c
			}
		case '(', '"', '\'', '$':
			p.group(i)
		case '?':
			p.ternary = p.ternary || i > start && p.text[i-1] == ' ' && p.byteAt(i+1) == ' '
		}
		if p.pos == i {
			p.pos++
		}
	}
	return p.trimmed(start), 0
}

// trimmed returns where the text from start to pos ends, without space.
func (p *plain) trimmed(start int) int {
	end := p.pos
	for end > start && (p.text[end-1] == ' ' || p.text[end-1] == '\t') {
		end--
	}
	return end
}

// colon reports whether the colon at i ends the text.
func (p *plain) colon(start, i int) bool {
	if !p.separates(i+1) && !(p.flow && strings.IndexByte(",[]{}", p.byteAt(i+1)) >= 0) {
		return false
	}
	if p.ternary && i > start && p.text[i-1] == ' ' || !p.key {
		p.trapped(':', i)
		return false
	}
	return true
}

func (p *plain) trapped(c byte, at int) {
	if p.trap == 0 {
		p.trap, p.trapAt = c, at
	}
}

// group moves behind the bracketed or quoted part of an expression that begins
// at i, if it ends in this line, and notes what YAML would take for itself in
// it.
func (p *plain) group(i int) bool {
	c := p.text[i]
	if i < p.hopeless {
		return false
	}
	if c == '$' {
		if !strings.HasPrefix(p.text[i:p.size], "${{") {
			return false
		}
		if p.flow {
			p.trapped('$', i)
		}
		i += 2
	}
	if (c == '"' || c == '\'') && i > 0 && strings.IndexByte(" ([,=!<>+", p.text[i-1]) < 0 {
		return false
	}
	end, hazard := p.closing(i)
	if end < 0 {
		return false
	}
	if p.flow && (c == '[' || c == '{') {
		p.trapped(c, i)
	} else if hazard >= 0 {
		p.trapped(p.text[hazard], hazard)
	}
	p.pos = end + 1
	if c == '$' && p.byteAt(p.pos) == '}' {
		p.pos++
	}
	return true
}

// closing returns the offset of what closes the bracket or quote at i, -1 if
// nothing does in this line, and of the first character between that would have
// Ended the text, -1 if there is none.
func (p *plain) closing(i int) (end, hazard int) {
	limit := min(p.size, i+maxGroup)
	var open [maxDepth]byte
	depth, hazard := 0, -1
	quote := byte(0)
	for ; i < limit && p.text[i] != '\n'; i++ {
		c := p.text[i]
		if hazard < 0 && depth > 0 && p.hazard(i, c) || hazard < 0 && quote != 0 && p.hazard(i, c) {
			hazard = i
		}
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			if depth == len(open) {
				p.hopeless = i
				return -1, -1
			}
			open[depth] = closerOf(c)
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth == 0 || open[depth-1] != c {
				p.hopeless = i
				return -1, -1
			}
			depth--
		}
		if depth == 0 && quote == 0 {
			return i, hazard
		}
	}
	p.hopeless = i
	return -1, -1
}

func closerOf(c byte) byte {
	switch c {
	case '(':
		return ')'
	case '[':
		return ']'
	}
	return '}'
}

// hazard reports whether c at i ends an unquoted text.
func (p *plain) hazard(i int, c byte) bool {
	switch c {
	case '#':
		return p.text[i-1] == ' ' || p.text[i-1] == '\t'
	case ':':
		return p.separates(i + 1)
	case ',', '[', ']', '{', '}':
		return p.flow
	}
	return false
}

// reportTrap reports what YAML would have done to the text from start to end.
func (p *plain) reportTrap(start, end int) {
	hint := p.quoteHint(start, end)
	note := diag.Note{Span: p.span(start, end), Message: "this is one text"}
	switch p.trap {
	case '$':
		p.report(start, end-start, diag.CodeUnquoted, "an unquoted ${{ inside { } or [ ] is a mapping for YAML", "quote it: "+Quote(p.text[start:end]))
	case '#':
		p.report(p.trapAt, 1, diag.CodeCut, "YAML takes the rest of the line from # as a comment", hint, note)
	case ':':
		p.report(p.trapAt, 1, diag.CodeCut, `YAML takes ": " for the end of a key`, hint, note)
	case ',':
		p.report(p.trapAt, 1, diag.CodeCut, "YAML ends the text at this comma", hint, note)
	default:
		p.report(p.trapAt, 1, diag.CodeCut, fmt.Sprintf("YAML takes this %c for its own", p.trap), hint, note)
	}
}
