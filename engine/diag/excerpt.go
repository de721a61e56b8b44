package diag

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// tabWidth is how many columns a tab takes in an excerpt.
const tabWidth = 4

// excerpt is a line as it is shown, with the columns that are underlined.
type excerpt struct {
	text     string
	from, to int
	moved    bool // its begin is cut off
}

// cell is one character as it is shown.
type cell struct {
	text  string
	width int
}

// cut returns what is shown of a line around span in so many columns.
func cut(line []byte, span Span, width int) excerpt {
	width = max(width, 20)
	first := span.Start.Column - 1
	last := first + 1
	if span.End.IsValid() && span.End.Line > span.Start.Line {
		last = utf8.RuneCount(line)
	} else if span.End.IsValid() {
		last = max(span.End.Column-1, last)
	}
	index, offset := begin(line, first, width)
	e := excerpt{from: -1, to: -1, moved: offset > 0}
	var b strings.Builder
	column := 0
	if e.moved {
		b.WriteString("…")
		column = 1
	}
	for rest := line[offset:]; ; index++ {
		if index == first {
			e.from = column
		}
		if index == last {
			e.to = column
		}
		if len(rest) == 0 {
			break
		}
		c, size := cellOf(rest)
		if column+c.width > width-1 && (column+c.width > width || len(rest) > size) {
			b.WriteString("…")
			column++
			break
		}
		b.WriteString(c.text)
		column += c.width
		rest = rest[size:]
	}
	if e.from < 0 {
		e.from = column
	}
	if e.to < 0 {
		e.to = column
	}
	e.to = max(e.to, e.from+1)
	e.text = strings.TrimRight(b.String(), " ")
	return e
}

// begin returns the first character of a line that is shown, and its offset,
// so that character first is seen in so many columns.
func begin(line []byte, first, width int) (index, offset int) {
	seen, at := 0, 0
	for seen < first && at < len(line) {
		_, size := utf8.DecodeRune(line[at:])
		seen, at = seen+1, at+size
	}
	if fits(line[:at], width*2/3) || fits(line, width) {
		return 0, 0
	}
	for room := width / 3; at > 0 && room > 0; {
		_, size := utf8.DecodeLastRune(line[:at])
		c, _ := cellOf(line[at-size:])
		seen, at, room = seen-1, at-size, room-c.width
	}
	return seen, at
}

// fits reports whether text takes at most so many columns.
func fits(text []byte, width int) bool {
	for len(text) > 0 && width >= 0 {
		c, size := cellOf(text)
		text, width = text[size:], width-c.width
	}
	return width >= 0
}

// cellOf returns the first character of a text as it is shown, and its length.
func cellOf(text []byte) (cell, int) {
	if c := text[0]; c >= ' ' && c < 0x7f {
		return cell{string(text[:1]), 1}, 1
	}
	r, size := utf8.DecodeRune(text)
	switch {
	case r == '\t':
		return cell{strings.Repeat(" ", tabWidth), tabWidth}, 1
	case r == utf8.RuneError && size == 1:
		return escapedCell(fmt.Sprintf(`\x%02x`, text[0])), 1
	case r < ' ' || r >= 0x7f && r < 0xa0:
		return escapedCell(fmt.Sprintf(`\x%02x`, r)), size
	case invisible(r):
		return escapedCell(fmt.Sprintf(`\u%04x`, r)), size
	}
	return cell{string(text[:size]), displaywidth.Rune(r)}, size
}

func escapedCell(text string) cell { return cell{text, len(text)} }

// invisible reports characters that change how the others are shown.
func invisible(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff || r == 0x2028 || r == 0x2029
}

// printable returns text with its control characters shown.
func printable(text string) string {
	plain := true
	for i := range len(text) {
		plain = plain && text[i] >= ' ' && text[i] < 0x7f
	}
	if plain {
		return text
	}
	var b strings.Builder
	for rest := []byte(text); len(rest) > 0; {
		c, size := cellOf(rest)
		if rest[0] == '\n' || rest[0] == '\t' {
			c.text = " "
		}
		b.WriteString(c.text)
		rest = rest[size:]
	}
	return b.String()
}

func textWidth(text string) int {
	width := 0
	for rest := []byte(text); len(rest) > 0; {
		c, size := cellOf(rest)
		width += c.width
		rest = rest[size:]
	}
	return width
}
