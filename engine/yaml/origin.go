package yaml

import (
	"strings"
	"unicode/utf8"
)

// The styles of scalars: '"', '\”, '|', '>' or plain.
const plainStyle = 'p'

// walk goes through the decoded text of a scalar and the bytes from start to
// limit of which it was read, side by side, and calls visit with the bytes from
// which each character was read. It returns the offset behind the last of them.
func (d *document) walk(style byte, start, limit int, decoded string, visit func(from, to int)) int {
	w := walker{text: d.read, pos: start, limit: min(limit, len(d.read)), last: start, style: style, visit: visit}
	switch style {
	case '|', '>':
		w.block(decoded)
	case '"', '\'':
		w.pos++
		w.limit--
		w.lines(decoded)
	default:
		w.lines(decoded)
	}
	return w.last
}

type walker struct {
	text       string
	pos, limit int
	last       int // behind the last character that is no line break
	style      byte
	visit      func(from, to int)
}

// take gives one decoded character the bytes from pos to end.
func (w *walker) take(end int) {
	end = min(end, w.limit)
	w.visit(min(w.pos, end), end)
	w.pos, w.last = end, end
}

// lines walks a text whose lines are folded, with its escapes.
func (w *walker) lines(decoded string) {
	breaks := 0 // decoded characters that the line break at pos still gives
	next := 0   // where the text goes on behind it
	for _, c := range decoded {
		if breaks == 0 {
			w.joined()
			breaks, next = w.fold()
		}
		if breaks > 0 {
			w.visit(w.pos, w.pos)
			if breaks--; breaks == 0 {
				w.pos = next
			}
			continue
		}
		_, width := utf8.DecodeRuneInString(w.text[w.pos:w.limit])
		switch {
		case w.style == '\'' && c == '\'':
			width = 2
		case w.style == '"' && w.text[min(w.pos, w.limit):w.limit] != "" && w.text[w.pos] == '\\':
			width = escapeWidth(w.text[w.pos:w.limit], c)
		}
		w.take(w.pos + width)
	}
}

// joined moves over escaped line breaks, which give no character.
func (w *walker) joined() {
	for w.style == '"' && strings.HasPrefix(w.text[w.pos:w.limit], "\\\n") {
		w.pos = skipBlank(w.text, w.pos+2, w.limit)
	}
}

// fold returns how many characters the line breaks at pos give: one is a space,
// more are one break less; and where the text goes on.
func (w *walker) fold() (characters, next int) {
	next = w.pos
	for next < w.limit && (w.text[next] == ' ' || w.text[next] == '\t') {
		next++
	}
	if next == w.limit || w.text[next] != '\n' {
		return 0, w.pos
	}
	end := skipBlank(w.text, next, w.limit)
	breaks := strings.Count(w.text[next:end], "\n")
	return max(1, breaks-1), end
}

// skipBlank returns the offset of the first byte from offset on that is no
// space and no line break.
func skipBlank(text string, offset, limit int) int {
	for offset < limit && strings.IndexByte(" \t\n", text[offset]) >= 0 {
		offset++
	}
	return offset
}

// escapeWidth returns how many bytes of text, which begins with a backslash,
// give the character c.
func escapeWidth(text string, c rune) int {
	if len(text) < 2 {
		return 1
	}
	switch text[1] {
	case 'x':
		return 4
	case 'u':
		if c > 0xFFFF {
			return 12
		}
		return 6
	case 'U':
		return 10
	}
	_, width := utf8.DecodeRuneInString(text[1:])
	return 1 + width
}

// block walks the lines of a block scalar.
func (w *walker) block(decoded string) {
	indent := w.indent(decoded)
	w.pos += w.spaces(indent)
	for _, c := range decoded {
		if c != '\n' && !(c == ' ' && w.style == '>') {
			w.unbroken(indent)
		}
		if w.pos >= w.limit {
			w.visit(w.limit, w.limit)
			continue
		}
		if w.text[w.pos] == '\n' {
			w.visit(w.pos, w.pos)
			w.pos++
			w.pos += w.spaces(indent)
			continue
		}
		_, width := utf8.DecodeRuneInString(w.text[w.pos:])
		w.take(w.pos + width)
	}
}

// unbroken moves over line breaks that are folded away.
func (w *walker) unbroken(indent int) {
	for w.pos < w.limit && w.text[w.pos] == '\n' {
		w.pos++
		w.pos += w.spaces(indent)
	}
}

// spaces returns how many spaces there are at pos, at most so many.
func (w *walker) spaces(most int) int {
	n := 0
	for n < most && w.pos+n < w.limit && w.text[w.pos+n] == ' ' {
		n++
	}
	return n
}

// indent returns the column of the lines of a block scalar: its first line with
// content has more spaces if the decoded text has them too.
func (w *walker) indent(decoded string) int {
	line := w.text[w.pos:w.limit]
	line = line[strings.LastIndexByte(line[:skipSpaces(line)], '\n')+1:]
	content := strings.TrimLeft(decoded, "\n")
	return max(0, len(line)-len(strings.TrimLeft(line, " "))-(len(content)-len(strings.TrimLeft(content, " "))))
}

// skipSpaces returns the offset of the first byte that is neither a space nor a
// line break.
func skipSpaces(text string) int {
	return len(text) - len(strings.TrimLeft(text, " \n"))
}
