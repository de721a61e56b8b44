package page

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Line is a line of text with styles. Its texts are cleaned as they are added.
type Line struct {
	ascii bool
	spans []span
	width int
}

type span struct {
	style Style
	text  string
}

// Width is how many cells the line takes.
func (l *Line) Width() int { return l.width }

// Add appends text without control characters.
func (l *Line) Add(s Style, text string) *Line {
	return l.append(s, Clean(text, l.ascii))
}

func (l *Line) append(s Style, text string) *Line {
	if text == "" {
		return l
	}
	if n := len(l.spans); n > 0 && l.spans[n-1].style == s {
		l.spans[n-1].text += text
	} else {
		l.spans = append(l.spans, span{s, text})
	}
	l.width += Width(text)
	return l
}

// Pad appends spaces up to the column, or a gap if the line is beyond it; an
// empty line has no gap.
func (l *Line) Pad(column, gap int) *Line {
	n := max(column-l.width, gap)
	if l.width == 0 {
		n = column
	}
	return l.append(Plain, strings.Repeat(" ", max(n, 0)))
}

// Join appends another line.
func (l *Line) Join(other *Line) *Line {
	l.spans = append(l.spans, other.spans...)
	l.width += other.width
	return l
}

// part is the line's text between two bytes.
func (l *Line) part(from, to int) *Line {
	out := &Line{ascii: l.ascii}
	at := 0
	for _, s := range l.spans {
		n := len(s.text)
		if begin, end := max(from-at, 0), min(to-at, n); begin < end {
			out.append(s.style, s.text[begin:end])
		}
		at += n
	}
	return out
}

// Cut returns the line with an ellipsis at its end if it is wider than that.
func (l *Line) Cut(width int) *Line {
	if l.width <= width {
		return l
	}
	ellipsis := SignEllipsis.text(l.ascii)
	room := width - Width(ellipsis)
	out := &Line{ascii: l.ascii}
	if room < 0 {
		return out
	}
	for _, s := range l.spans {
		left := room - out.width
		if out.append(s.style, ansi.Truncate(s.text, left, "")); Width(s.text) > left {
			return out.append(s.style, ellipsis)
		}
	}
	return out
}

// Text renders the line.
func (l *Line) Text(color bool) string {
	var b strings.Builder
	for _, s := range l.spans {
		if color {
			s.text = s.style.styled(s.text)
		}
		b.WriteString(s.text)
	}
	return strings.TrimRight(b.String(), " ")
}

// indent is how many spaces the line begins with.
func (l *Line) indent() int {
	n := 0
	for _, s := range l.spans {
		rest := strings.TrimLeft(s.text, " ")
		if n += len(s.text) - len(rest); rest != "" {
			break
		}
	}
	return n
}
