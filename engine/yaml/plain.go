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
	for p.pos < len(p.read) && stop == 0 {
		i, c := p.pos, p.read[p.pos]
		spaced := i > start && (p.read[i-1] == ' ' || p.read[i-1] == '\t')
		switch {
		case c == '\n', c == ':' && p.colon(i, spaced), c == '#' && spaced, p.flow && (c == ',' || c == ']' || c == '}'):
			stop = c
		case strings.IndexByte(`[{("'$`, c) >= 0 && p.group(i):
		case p.flow && (c == '[' || c == '{'):
			stop = c
		default:
			p.ternary = p.ternary || c == '?' && spaced && p.byteAt(i+1) == ' '
			p.pos++
		}
	}
	return start + len(strings.TrimRight(p.read[start:p.pos], " \t")), stop
}

// colon reports whether the colon at i ends the text.
func (p *plain) colon(i int, spaced bool) bool {
	if !p.separates(i+1) && !(p.flow && strings.IndexByte(",[]{}", p.byteAt(i+1)) >= 0) {
		return false
	}
	if p.ternary && spaced || !p.key {
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
	c, from := p.read[i], i
	switch {
	case i < p.hopeless:
		return false
	case c == '$' && !strings.HasPrefix(p.read[i:], "${{"):
		return false
	case c == '$':
		from = i + 2
	case (c == '"' || c == '\'') && i > 0 && strings.IndexByte(" ([,=!<>+", p.read[i-1]) < 0:
		return false
	}
	if p.flow && c == '$' {
		p.trapped(c, i)
	}
	end, hazard := p.closing(from)
	if end < 0 {
		return false
	}
	if p.flow && (c == '[' || c == '{') {
		p.trapped(c, i)
	} else if hazard >= 0 {
		p.trapped(p.read[hazard], hazard)
	}
	if p.pos = end + 1; c == '$' && p.byteAt(p.pos) == '}' {
		p.pos++
	}
	return true
}

// closing returns the offset of what closes the bracket or quote at i, -1 if
// nothing does in this line, and of the first character between that would have
// ended the text, -1 if there is none.
func (p *plain) closing(i int) (end, hazard int) {
	hazard = -1
	var want []byte // what closes the brackets and the quote that are open
	for limit := min(len(p.read), i+maxGroup); i < limit && p.read[i] != '\n' && len(want) <= maxDepth; i++ {
		c, quote := p.read[i], byte(0)
		if len(want) > 0 {
			if quote = want[len(want)-1]; hazard < 0 && p.hazard(i, c) {
				hazard = i
			}
		}
		quoted := quote == '"' || quote == '\''
		opens := strings.IndexByte(`([{"'`, c)
		switch {
		case quote != 0 && c == quote:
			if want = want[:len(want)-1]; len(want) == 0 {
				return i, hazard
			}
		case quoted && c == '\\':
			i++
		case quoted:
		case opens >= 0:
			want = append(want, `)]}"'`[opens])
		case c == ')' || c == ']' || c == '}':
			p.hopeless = i
			return -1, -1
		}
	}
	p.hopeless = i
	return -1, -1
}

// hazard reports whether c at i ends an unquoted text.
func (p *plain) hazard(i int, c byte) bool {
	return c == '#' && (p.read[i-1] == ' ' || p.read[i-1] == '\t') || c == ':' && p.separates(i+1) || p.flow && strings.IndexByte(",[]{}", c) >= 0
}

// reportTrap reports what YAML would have done to the text from start to end.
func (p *plain) reportTrap(start, end int) {
	hint := p.quoteHint(start, end)
	note := diag.Note{Span: p.span(start, end), Message: "this is one text"}
	message := fmt.Sprintf("YAML takes this %c for its own", p.trap)
	switch p.trap {
	case '$':
		p.report(start, end-start, diag.CodeUnquoted, "an unquoted ${{ inside { } or [ ] is a mapping for YAML", "quote it: "+Quote(p.read[start:end]))
		return
	case '#':
		message = "YAML takes the rest of the line from # as a comment"
	case ':':
		message = `YAML takes ": " for the end of a key`
	case ',':
		message = "YAML ends the text at this comma"
	}
	p.report(p.trapAt, 1, diag.CodeCut, message, hint, note)
}
