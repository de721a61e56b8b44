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
	w := walker{text: d.read[:min(limit, len(d.read))], pos: start, last: start, style: style, visit: visit}
	block := style == '|' || style == '>'
	switch style {
	case '|', '>':
		w.indent = indentOf(w.text[start:], decoded)
		w.nextLine(start)
	case '"', '\'':
		w.text = w.text[:len(w.text)-1]
		w.pos++
	}
	for _, c := range decoded {
		if block {
			w.block(c)
		} else {
			w.fold(c)
		}
	}
	return w.last
}

type walker struct {
	text      string
	pos, last int // of the next character; behind the last one that is no line break
	style     byte
	indent    int // of the lines of a block scalar
	breaks    int // characters that the line breaks at pos still give
	behind    int // where the text goes on behind them
	visit     func(from, to int)
}

// take gives one decoded character so many bytes.
func (w *walker) take(width int) {
	end := min(w.pos+width, len(w.text))
	w.visit(w.pos, end)
	w.pos, w.last = end, end
}

// fold walks one character of a text whose lines are folded: one line break is
// a space, more are one break less.
func (w *walker) fold(c rune) {
	if w.breaks == 0 && w.pos >= w.behind {
		for w.style == '"' && strings.HasPrefix(w.text[w.pos:], "\\\n") {
			w.pos = skipBlank(w.text, w.pos+2)
		}
		w.behind = skipBlank(w.text, w.pos)
		if n := strings.Count(w.text[w.pos:w.behind], "\n"); n > 0 {
			w.breaks = max(1, n-1)
		}
	}
	if w.breaks > 0 {
		w.visit(w.pos, w.pos)
		if w.breaks--; w.breaks == 0 {
			w.pos = w.behind
		}
		return
	}
	w.take(w.width(c))
}

// width returns how many bytes at pos give the character c.
func (w *walker) width(c rune) int {
	rest := w.text[w.pos:]
	_, width := utf8.DecodeRuneInString(rest)
	if w.style == '\'' && c == '\'' {
		return 2
	}
	if w.style != '"' || len(rest) < 2 || rest[0] != '\\' {
		return width
	}
	switch rest[1] {
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
	_, width = utf8.DecodeRuneInString(rest[1:])
	return 1 + width
}

// block walks one character of a block scalar.
func (w *walker) block(c rune) {
	folded := c != '\n' && (c != ' ' || w.style != '>')
	for folded && w.pos < len(w.text) && w.text[w.pos] == '\n' {
		w.nextLine(w.pos + 1)
	}
	if w.pos < len(w.text) && w.text[w.pos] == '\n' {
		w.visit(w.pos, w.pos)
		w.nextLine(w.pos + 1)
		return
	}
	_, width := utf8.DecodeRuneInString(w.text[w.pos:])
	w.take(width)
}

// nextLine moves to a line that begins at offset, behind its indentation.
func (w *walker) nextLine(offset int) {
	w.pos = offset
	for w.pos < len(w.text) && w.pos < offset+w.indent && w.text[w.pos] == ' ' {
		w.pos++
	}
}

// indentOf returns the column of the lines of a block scalar: its first line
// with content has more spaces if the decoded text has them too.
func indentOf(text, decoded string) int {
	content := text[skipBlank(text, 0):]
	begin := strings.LastIndexByte(text[:len(text)-len(content)], '\n') + 1
	more := strings.TrimLeft(decoded, "\n")
	return max(0, len(text)-begin-len(strings.TrimLeft(text[begin:], " "))-len(more)+len(strings.TrimLeft(more, " ")))
}

// skipBlank returns the offset of the first byte from offset on that is no
// space and no line break.
func skipBlank(text string, offset int) int {
	for offset < len(text) && strings.IndexByte(" \t\n", text[offset]) >= 0 {
		offset++
	}
	return offset
}
