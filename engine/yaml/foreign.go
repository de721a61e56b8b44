package yaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"

	"runbook/engine/diag"
)

// tag reports a tag, which is not in the language, and takes it away with what
// stands behind it.
func (s *scan) tag(l *lexeme) {
	word := s.read[l.start:l.end]
	end := s.valueEnd(l.start)
	rest := strings.TrimRight(s.read[l.start:end], " ")
	hint := "quote a text that begins with !"
	if len(s.brackets) == 0 && strings.ContainsAny(rest, " .(=") || strings.Contains(word, ".") {
		hint = fmt.Sprintf("for an expression write %q", Clip("not "+strings.TrimLeft(rest[1:], " ")))
	}
	s.fault(l.start, len(word), diag.CodeTag, fmt.Sprintf("YAML takes %s for a tag, which is not in the language", Clip(word)), hint)
	if rest == word && s.next < len(s.all) && s.column(s.all[s.next].start) > s.indent(l.start) {
		s.blank(l.start, l.end)
		return
	}
	s.hide(l, end)
}

// valueEnd returns where what begins at offset ends in its line, if it is no
// text of YAML's.
func (s *scan) valueEnd(offset int) int {
	end := lineEnd(s.read, offset)
	if len(s.brackets) > 0 {
		if i := strings.IndexAny(s.read[offset:end], ",]}"); i >= 0 {
			end = offset + i
		}
	}
	return end
}

// reserved reports a text that begins with a character that YAML keeps.
func (s *scan) reserved(l *lexeme) {
	end := s.valueEnd(l.start)
	s.fault(l.start, 1, diag.CodeYAML, fmt.Sprintf("a text may not begin with %c", s.read[l.start]), s.quoteHint(l.start, end))
	s.hide(l, end)
}

// invalid says in our words what goccy says of a token.
func (s *scan) invalid(l *lexeme) {
	switch at, c := l.start, s.byteAt(l.start); {
	case c == '@' || c == '`':
		s.reserved(l)
	case c == '!':
		s.tag(l)
	case strings.ContainsRune(l.Error, '\t'), strings.Contains(l.Error, "tab "):
		s.tab(l)
	case strings.Contains(l.Error, "header option"):
		end := lineEnd(s.read, at)
		s.report(at, end-at, diag.CodeYAML, fmt.Sprintf("text may not stand in the line of %c", c), "begin the text on the next line, indented; or put it in quotes")
		s.header(l)
	case strings.Contains(l.Error, "after space only"):
		s.report(s.lineStart(l.end-1), 1, diag.CodeIndentation, "an empty line above has more spaces than this first line of the text", "remove the spaces at its end")
		s.header(s.prev)
	case strings.Contains(l.Error, "number of indent"):
		s.report(at, 1, diag.CodeIndentation, "this line has fewer spaces than the number behind | or > says", "indent it further, or leave out the number")
		s.header(s.prev)
	case strings.Contains(l.Error, "escape"), strings.Contains(l.Error, "surrogate"):
		s.badEscape(l)
	case c == '"' || c == '\'':
		s.fail(at, 1, diag.CodeQuote, "this quote is not closed", "close it; inside '...' a quote is written twice, inside \"...\" as \\\"")
	case strings.Contains(l.Error, "multi-line content"):
		s.fail(at, 1, diag.CodeYAML, "the text of a | or > is not indented", "indent it, or write \"\" for an empty text")
	default:
		s.fail(at, 1, diag.CodeYAML, "the text is no YAML from here on", "put it in quotes")
	}
}

// header takes a block scalar away whose first line begins at l.
func (s *scan) header(l *lexeme) {
	s.broken = append(s.broken, l.start)
	s.takeAway(l.start, s.indent(l.start))
	s.mask(l.start, lineEnd(s.read, l.start))
	s.stop = true
}

// tab reports a tab that indents what follows the token before l.
func (s *scan) tab(l *lexeme) {
	at := 0
	if s.prev != nil {
		at = s.prev.end
	}
	at += max(0, strings.IndexByte(s.read[at:], '\t'))
	s.fail(at, 1, diag.CodeIndentation, "a tab indents this line", "indent with spaces: YAML takes no tabs there")
}

// badEscape reports the escape on which goccy has stopped: the first that there
// is not, or else a half of a character in two escapes.
func (s *scan) badEscape(l *lexeme) {
	at := l.start + max(0, strings.Index(strings.ToLower(s.read[l.start:]), `\ud`))
	for i := l.start; i+1 < len(s.read); i++ {
		if s.read[i] != '\\' {
			continue
		}
		if strings.IndexByte("0abtnvfre \"/\\N_LPxuU\t\n", s.read[i+1]) < 0 {
			at = i
			break
		}
		i++
	}
	_, width := utf8.DecodeRuneInString(s.read[at+1:])
	s.report(at, 1+width, diag.CodeYAML, fmt.Sprintf("%s is no escape", s.read[at:at+1+width]), `write \\ for a backslash, or use single quotes, where it needs no escape`)
	s.mask(at, at+1)
	s.stop = true
}

// escapes looks at the hexadecimal digits of a text in double quotes, which
// goccy does not check.
func (s *scan) escapes(l *lexeme) {
	for i := l.start; i < l.end-1; i++ {
		if s.read[i] != '\\' {
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s.read[i+1]]
		code, err := strconv.ParseUint(s.read[i+2:min(i+2+digits, l.end)], 16, 32)
		if digits > 0 && (err != nil || code > utf8.MaxRune) {
			s.report(i, 2, diag.CodeYAML, fmt.Sprintf("%s wants %d hexadecimal digits of a character", s.read[i:i+2], digits), `write \\ for a backslash`)
			s.mask(i, i+1)
		}
		i++
	}
}

// explain says in our words what the parser says of the token at index, and
// masks the line.
func (r *reader) explain(all []lexeme, index int, message string) {
	l := all[index]
	first := index
	for first > 0 && r.sameLine(all[first-1].start, l.start) && all[first-1].start >= r.lineStart(l.start) {
		first--
	}
	start, end := all[first].start, lineEnd(r.text, l.start)
	dash := all[first].Type == token.SequenceEntryType
	line := r.line(l.start) + 1
	switch {
	case slices.ContainsFunc(r.list, func(d diag.Diagnostic) bool { return d.Span.Start.Line == line }):
		r.broken = append(r.broken, start) // what was told of the line is enough
	case strings.Contains(message, "must be specified"), strings.Contains(message, "flow map content"):
		r.fault(l.start, 1, diag.CodeYAML, "a comma or a closing bracket is missing before this", "quote a text that contains brackets or commas")
		r.dropBrackets(all, index)
		return
	case strings.Contains(message, "block sequence entries"), strings.Contains(message, "after anchor"):
		r.fault(l.start, 1, diag.CodeYAML, "a list item may not begin in the line of its key", "begin it on the next line, or write the list in [ ]")
		start = l.start
	case l.Type == token.AnchorType || strings.Contains(message, "anchor"):
		r.fault(l.start, 1, diag.CodeAlias, "an anchor names the value behind it, and there is none that it can name", "write it before the value: key: &name value")
	case strings.Contains(message, "invalid key"), strings.Contains(message, "key name"):
		r.fault(l.start, 1, diag.CodeYAML, "there is no key before this colon that can be one", "a key is a text in one line")
	case dash && strings.Contains(message, "non-map"):
		r.fault(start, 1, diag.CodeIndentation, "a list item stands among keys", "indent it under the key that it belongs to")
	case r.noKey(all, first):
		hint := "write key: value, or indent the line under the key above that it belongs to"
		if strings.Contains(r.text[start:end], ":") {
			hint = "put a space behind the colon"
		}
		r.fault(start, end-start, diag.CodeYAML, "this line is no key with a value", hint)
	default:
		r.misindented(start)
		return
	}
	r.takeAway(start, r.indent(start))
}

// misindented reports the line that begins at start, and takes it away with
// those below that are no less indented. It returns where these end.
func (r *reader) misindented(start int) int {
	r.fault(start, lineEnd(r.text, start)-start, diag.CodeIndentation, "the indentation of this line fits nothing above", "indent it like the lines that it belongs to")
	return r.takeAway(start, r.indent(start)-1)
}

// dropBrackets takes away the outermost list or mapping in brackets around the
// lexeme at index.
func (r *reader) dropBrackets(all []lexeme, index int) {
	start, depth := 0, 0
	for i, l := range all {
		switch l.Type {
		case token.MappingStartType, token.SequenceStartType:
			if depth++; depth == 1 && i <= index {
				start = l.start
			}
		case token.MappingEndType, token.SequenceEndType:
			if depth--; depth == 0 && i >= index {
				r.drop(start, l.end)
				return
			}
		}
	}
}

// noKey says whether the line that begins with the lexeme at first has no key.
func (r *reader) noKey(all []lexeme, first int) bool {
	if !all[first].plain() && !all[first].quoted() {
		return false
	}
	return first+1 == len(all) || all[first+1].Type != token.MappingValueType
}

// takeAway blanks what begins at start, to the end of its line, and the lines
// below that are indented by more than so much. It returns where these end.
func (r *reader) takeAway(start, indent int) int {
	end := lineEnd(r.read, start)
	for end+1 < len(r.read) {
		next := lineEnd(r.read, end+1)
		if strings.TrimSpace(r.read[end+1:next]) != "" && r.indent(end+1) <= indent {
			break
		}
		end = next
	}
	r.blank(start, end)
	return end
}
