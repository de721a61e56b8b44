package excerpt

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/diag"
	"runbook/engine/page"
)

// shown is a line as it is shown, with the columns that are underlined.
type shown struct {
	text     string
	from, to int
	moved    bool // its begin is cut off
}

// tab is how a tab is shown.
const tab = "    "

// visible is text as it is shown.
func visible(text []byte) string {
	return page.Clean(strings.ReplaceAll(string(text), "\t", tab), false)
}

// cut returns what is shown of a line around span in so many columns.
func cut(line []byte, span diag.Span, width int, ellipsis string) shown {
	width = max(width, 20)
	first := offset(line, span.Start.Column-1)
	last := min(first+1, len(line))
	switch {
	case span.End.IsValid() && span.End.Line > span.Start.Line:
		last = len(line)
	case span.End.IsValid():
		last = max(offset(line, span.End.Column-1), offset(line, span.Start.Column))
	}
	before, marked := visible(line[:first]), visible(line[first:last])
	all := before + marked + visible(line[last:])
	e := shown{text: all, from: page.Width(before)}
	e.to = e.from + max(page.Width(marked), 1)
	wide := page.Width(all)
	if max(wide, e.from+1) > width {
		mark := page.Width(ellipsis)
		start, end, head, tail := 0, width-mark, "", ellipsis
		if e.from > width*2/3 {
			start, head = e.from-width/3, ellipsis
			end = start + width - 2*mark
			e.from, e.to, e.moved = e.from-start+mark, e.to-start+mark, true
		}
		if end+mark >= wide {
			end, tail = wide, ""
		}
		e.text = head + ansi.Cut(all, start, end) + tail
		e.to = max(min(e.to, page.Width(e.text)), e.from+1)
	}
	e.text = strings.TrimRight(e.text, " ")
	return e
}

// offset is where the character with that number begins, counted from 0.
func offset(line []byte, character int) int {
	at := 0
	for ; character > 0 && at < len(line); character-- {
		_, size := utf8.DecodeRune(line[at:])
		at += size
	}
	return at
}

// lines finds the lines of a text.
type lines struct {
	text   []byte
	starts []int
}

func indexLines(text []byte) lines {
	if text == nil {
		return lines{}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	starts := make([]int, 1, bytes.Count(text, []byte{'\n'})+1)
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return lines{text, starts}
}

func (l lines) has(line int) bool { return line >= 1 && line <= len(l.starts) }

// line returns a line, counted from 1, without its break.
func (l lines) line(line int) []byte {
	end := len(l.text)
	if line < len(l.starts) {
		end = l.starts[line] - 1
	}
	return bytes.TrimSuffix(l.text[l.starts[line-1]:end], []byte{'\r'})
}
