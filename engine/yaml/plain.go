package yaml

import (
	"fmt"
	"strings"

	"runbook/engine/diag"
)

// maxGroup is how far, in bytes, the end of a bracket or quote is looked for.
const maxGroup = 8 << 10

// plain is one line of an unquoted text, which is read as an expression would
// be meant: further than YAML reads it, if YAML cuts it at a trap.
type plain struct {
	*reader
	pos       int
	flow, key bool
	ternary   bool // " ? " was seen
	trap      byte // what YAML would have ended the text at
	trapAt    int
}

// line reads up to the end of the text in this line. It leaves pos at the byte
// that ended it, which is stop; a comment ends it with '#', the end of the file
// with 0.
func (p *plain) line() (end int, stop byte) {
	start := p.pos
	for p.pos < len(p.read) {
		i := p.pos
		switch c := p.read[i]; c {
		case '\n':
			return p.trimmed(start), c
		case ':':
			if p.colon(start, i) {
				return p.trimmed(start), c
			}
		case '#':
			if i > start && (p.read[i-1] == ' ' || p.read[i-1] == '\t') {
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
			p.ternary = p.ternary || i > start && p.read[i-1] == ' ' && p.byteAt(i+1) == ' '
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
	for end > start && (p.read[end-1] == ' ' || p.read[end-1] == '\t') {
		end--
	}
	return end
}

// colon reports whether the colon at i ends the text.
func (p *plain) colon(start, i int) bool {
	if !p.separates(i+1) && !(p.flow && strings.IndexByte(",[]{}", p.byteAt(i+1)) >= 0) {
		return false
	}
	if p.ternary && i > start && p.read[i-1] == ' ' || !p.key {
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
	c := p.read[i]
	if i < p.hopeless {
		return false
	}
	if c == '$' {
		if !strings.HasPrefix(p.read[i:len(p.read)], "${{") {
			return false
		}
		if p.flow {
			p.trapped('$', i)
		}
		i += 2
	}
	if (c == '"' || c == '\'') && i > 0 && strings.IndexByte(" ([,=!<>+", p.read[i-1]) < 0 {
		return false
	}
	end, hazard := p.closing(i)
	if end < 0 {
		return false
	}
	if p.flow && (c == '[' || c == '{') {
		p.trapped(c, i)
	} else if hazard >= 0 {
		p.trapped(p.read[hazard], hazard)
	}
	p.pos = end + 1
	if c == '$' && p.byteAt(p.pos) == '}' {
		p.pos++
	}
	return true
}

// closing returns the offset of what closes the bracket or quote at i, -1 if
// nothing does in this line, and of the first character between that would have
// ended the text, -1 if there is none.
func (p *plain) closing(i int) (end, hazard int) {
	limit := min(len(p.read), i+maxGroup)
	var open [maxDepth]byte
	depth, hazard := 0, -1
	quote := byte(0)
	for ; i < limit && p.read[i] != '\n'; i++ {
		c := p.read[i]
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
		return p.read[i-1] == ' ' || p.read[i-1] == '\t'
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
		p.report(start, end-start, diag.CodeUnquoted, "an unquoted ${{ inside { } or [ ] is a mapping for YAML", "quote it: "+Quote(p.read[start:end]))
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
