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
func (l *lines) cut(span diag.Span, width int, ellipsis string) shown {
	line := l.line(span.Start.Line)
	width = max(width, 20)
	first := l.offset(span.Start.Line, span.Start.Column-1)
	last := min(first+1, len(line))
	switch {
	case span.End.IsValid() && span.End.Line > span.Start.Line:
		last = len(line)
	case span.End.IsValid():
		last = max(l.offset(span.Start.Line, span.End.Column-1), l.offset(span.Start.Line, span.Start.Column))
	}
	from, last, to := window(line, first, last, width*bytesPerColumn)
	before, marked := visible(line[from:first]), visible(line[first:last])
	all := before + marked + visible(line[last:to])
	e := shown{text: all, from: page.Width(before)}
	e.to = e.from + max(page.Width(marked), 1)
	wide := page.Width(all)
	if from > 0 || to < len(line) || max(wide, e.from+1) > width {
		mark := page.Width(ellipsis)
		start, end, head, tail := 0, width-mark, "", ellipsis
		if from > 0 || e.from > width*2/3 {
			start, head = max(e.from-width/3, 0), ellipsis
			end = start + width - 2*mark
			e.from, e.to, e.moved = e.from-start+mark, e.to-start+mark, true
		}
		if end+mark >= wide && to == len(line) {
			end, tail = wide, ""
		}
		e.text = head + ansi.Cut(all, start, end) + tail
		e.to = max(min(e.to, page.Width(e.text)), e.from+1)
	}
	e.text = strings.TrimRight(e.text, " ")
	return e
}

// bytesPerColumn is how much of a line is looked at for each column shown: more
// than characters take.
const bytesPerColumn = 16

// window returns the part of a line that can be seen around a mark, and where the
// mark ends in it: so a line costs no more for each mark in it than a short one.
func window(line []byte, first, last, size int) (from, end, to int) {
	boundary := func(at int) int {
		for range utf8.UTFMax - 1 {
			if at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
				at--
			}
		}
		return at
	}
	end = last
	if last > first+size {
		end = boundary(first + size)
	}
	return boundary(max(first-size, 0)), end, boundary(min(end+size, len(line)))
}

// lines finds the lines of a text, and the characters of a line.
type lines struct {
	text    []byte
	starts  []int
	stopped int   // the line that has stops
	stops   []int // where each character begins whose number is a multiple of stride
}

const stride = 256

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
	return lines{text: text, starts: starts}
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

// offset is where the character of a line with that number begins, counted from 0.
func (l *lines) offset(line, character int) int {
	text := l.line(line)
	if l.stopped != line {
		l.stopped, l.stops = line, l.stops[:0]
		for at, n := 0, 0; at <= len(text); n++ {
			if n%stride == 0 {
				l.stops = append(l.stops, at)
			}
			at += max(size(text, at), 1)
		}
	}
	stop := min(max(character, 0)/stride, len(l.stops)-1)
	at := l.stops[stop]
	for n := stop * stride; n < character && at < len(text); n++ {
		at += size(text, at)
	}
	return at
}

// size is that of the character at a place, 0 at the end.
func size(text []byte, at int) int {
	_, size := utf8.DecodeRune(text[at:])
	return size
}
