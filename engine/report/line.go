package report

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// style is how a text is marked where colour is on. Nothing is said by it
// alone.
type style uint8

const (
	plain style = iota
	dim
	bold
	red // bold red
	yellow
	boldYellow
	green
	boldGreen
	cyan
	boldCyan
	magenta
	boldMagenta
	blackOnRed
	blackOnYellow
	whiteOnRed
)

var styleCodes = [...]string{
	plain: "", dim: "2", bold: "1", red: "1;31", yellow: "33", boldYellow: "1;33", green: "32", boldGreen: "1;32",
	cyan: "36", boldCyan: "1;36", magenta: "35", boldMagenta: "1;35",
	blackOnRed: "30;41", blackOnYellow: "30;43", whiteOnRed: "97;41",
}

// line is a line of text with marks. Its texts are cleaned as they are added.
type line struct {
	spans []span
	width int
}

type span struct {
	style style
	text  string
}

func (p *page) line(s style, text string) *line {
	l := &line{}
	return p.add(l, s, text)
}

// add appends text without control characters.
func (p *page) add(l *line, s style, text string) *line {
	text = p.clean(text)
	if text == "" {
		return l
	}
	l.spans = append(l.spans, span{s, text})
	l.width += ansi.StringWidth(text)
	return l
}

// pad appends spaces up to the column, or one gap if the line is beyond it.
func (l *line) pad(column, gap int) *line {
	n := max(column-l.width, gap)
	if l.width == 0 {
		n = column
	}
	if n > 0 {
		l.spans = append(l.spans, span{plain, strings.Repeat(" ", n)})
		l.width += n
	}
	return l
}

func (l *line) join(other *line) *line {
	l.spans = append(l.spans, other.spans...)
	l.width += other.width
	return l
}

// text renders the line.
func (l *line) text(color bool) string {
	var b strings.Builder
	for _, s := range l.spans {
		if !color || s.style == plain {
			b.WriteString(s.text)
			continue
		}
		b.WriteString("\x1b[" + styleCodes[s.style] + "m" + s.text + "\x1b[0m")
	}
	return strings.TrimRight(b.String(), " ")
}

// cut shortens the line to width with a mark at its end.
func (p *page) cut(l *line, width int) *line {
	if l.width <= width {
		return l
	}
	out := &line{}
	for _, s := range l.spans {
		left := width - out.width
		if w := ansi.StringWidth(s.text); w > left {
			s.text = ansi.Truncate(s.text, left, p.signs.ellipsis)
		}
		if s.text != "" {
			out.spans = append(out.spans, s)
			out.width += ansi.StringWidth(s.text)
		}
		if out.width >= width {
			break
		}
	}
	return out
}
