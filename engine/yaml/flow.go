package yaml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"runbook/engine/diag"
)

// flow looks at a bracket or a comma.
func (s *scan) flow(l *lexeme) {
	switch c := s.read[l.start]; l.Type {
	case token.MappingStartType:
		s.brackets = append(s.brackets, bracket{start: l.start, closer: '}'})
		s.deep(l.start)
	case token.SequenceStartType:
		s.brackets = append(s.brackets, bracket{start: l.start, closer: ']'})
		s.deep(l.start)
	case token.CollectEntryType:
		if s.top().entries++; s.top().entries > maxKeys && s.top().closer == '}' {
			s.tooMany(l)
		}
		if s.prev.Type == token.CollectEntryType || s.prev.start == s.top().start {
			s.fault(l.start, 1, diag.CodeYAML, "there is no value before this comma", "remove the comma, or quote a text that contains it")
			s.blank(l.start, l.end)
		}
	default:
		if len(s.brackets) == 0 || s.top().closer != c {
			s.closesNothing(l, c)
			return
		}
		start := s.top().start
		if s.brackets = s.brackets[:len(s.brackets)-1]; len(s.brackets) == 0 {
			s.alone(l, start)
		}
	}
}

// closesNothing reports a closing bracket that fits no opening one.
func (s *scan) closesNothing(l *lexeme, c byte) {
	hint := "quote a text that begins with it"
	start := l.start
	if len(s.brackets) > 0 {
		hint = fmt.Sprintf("the %c before it is still open", s.read[s.top().start])
		start = s.brackets[0].start
	}
	s.fault(l.start, 1, diag.CodeYAML, fmt.Sprintf("this %c closes nothing", c), hint)
	s.drop(start, lineEnd(s.read, l.start))
	s.stop = true
}

// alone reports what stands behind a list or mapping in brackets.
func (s *scan) alone(l *lexeme, start int) {
	next := s.following(l.end)
	if next == nil {
		return
	}
	stop := lineEnd(s.read, l.start)
	if next.Type == token.MappingValueType {
		s.fault(start, l.end-start, diag.CodeYAML, "a key must be a text", "keys of the language are words")
		s.behind = s.takeAway(start, s.indent(start))
		return
	}
	s.fault(next.start, stop-next.start, diag.CodeQuote, "there is text behind the closing bracket", s.quoteHint(max(start, s.lineStart(l.start)), stop))
	s.blank(next.start, stop)
	s.behind = stop
}

// outside says whether l stands where it cannot be inside the brackets that are
// open: in a line that is no deeper than the one in which the first was opened. A tab may
// begin it: there indentation means nothing.
func (s *scan) outside(l *lexeme) bool {
	if len(s.brackets) == 0 || s.sameLine(s.prev.start, l.start) {
		return false
	}
	indent := s.indent(s.brackets[0].start)
	if s.column(l.start) > indent || s.read[s.lineStart(l.start)+s.indent(l.start)] == '\t' || s.brackets[0].start < s.lineStart(s.brackets[0].start)+indent+1 {
		return false
	}
	return s.read[l.start] != s.top().closer || s.column(l.start) < indent
}

// unclosed reports the bracket that is open at the end of what can be inside it.
func (s *scan) unclosed(end int) {
	start, closer := s.top().start, s.top().closer
	from, to := s.line(start)+1, s.line(end)+1 // what was said of lines inside does not hold
	s.list = slices.DeleteFunc(s.list, func(d diag.Diagnostic) bool { return d.Span.Start.Line > from && d.Span.Start.Line < to })
	if c := s.comment; c != nil && c.start > start && strings.IndexByte(s.read[c.start:c.end], closer) >= 0 {
		s.report(c.start, 1, diag.CodeCut, fmt.Sprintf("YAML takes the rest of the line from # as a comment, also the %c", closer),
			"put the text with the # in quotes", diag.Note{Span: s.span(start, start+1), Message: "it is opened here"})
		s.broken = append(s.broken, c.start)
	} else {
		s.fault(start, 1, diag.CodeQuote, fmt.Sprintf("the %c is not closed", s.read[start]), fmt.Sprintf("close it with %c, or put a text that begins with it in quotes", closer))
	}
	last := start
	if s.prev != nil {
		last = s.prev.end
	}
	s.drop(s.brackets[0].start, lineEnd(s.read, max(last, start)))
	s.stop = true
}
