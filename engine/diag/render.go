package diag

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Options say how Render prints.
type Options struct {
	Color bool
	Width int // columns; longer lines of a file are cut around the span. 0: 100
}

// The sequences of colours: those of the reader's terminal, of sixteen.
const (
	styleBold    = "1"
	styleDim     = "2"
	styleError   = "1;31"
	styleWarning = "33"
)

// Render prints each diagnostic of list, in its order, with the lines that it
// points to:
//
//	memory-leak.yaml:25:7: error RB1105: docker.sample_stats has no "contaner"
//	   |
//	25 |       contaner: ${{ inputs.container }}
//	   |       ^^^^^^^^
//	   = did you mean "container"?
//
// text returns the content of a source by its name, nil if there is none; then
// the lines are left out. Control characters are shown as \x1b.
func Render(w io.Writer, list List, text func(source string) []byte, opt Options) error {
	if opt.Width <= 0 {
		opt.Width = 100
	}
	out := bufio.NewWriter(w)
	p := printer{out: out, opt: opt, text: text}
	for i := range list {
		if i > 0 {
			p.print("\n")
		}
		p.diagnostic(&list[i])
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print diagnostics: %w", err)
	}
	return nil
}

// Summary counts the list in words: "2 errors, 1 warning", "no findings".
func (l List) Summary() string {
	errors := l.Errors()
	warnings := len(l) - errors
	switch {
	case errors > 0 && warnings > 0:
		return plural(errors, "error") + ", " + plural(warnings, "warning")
	case errors > 0:
		return plural(errors, "error")
	case warnings > 0:
		return plural(warnings, "warning")
	}
	return "no findings"
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// printer prints diagnostics.
type printer struct {
	out    *bufio.Writer
	opt    Options
	text   func(source string) []byte
	source string // whose lines are at hand
	lines  lines
	gutter int // columns of a line number
}

// print writes to the buffer, which keeps the first error for Flush.
func (p *printer) print(parts ...string) {
	for _, part := range parts {
		_, _ = p.out.WriteString(part)
	}
}

func (p *printer) styled(style, text string) string {
	if !p.opt.Color || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func severityStyle(s Severity) string {
	if s == Warning {
		return styleWarning
	}
	return styleError
}

// mark is a stretch of a line that is underlined.
type mark struct {
	span    Span
	sign    string
	style   string
	message string
}

func (p *printer) diagnostic(d *Diagnostic) {
	place := printable(d.Source)
	if d.Span.Start.IsValid() {
		place += ":" + d.Span.Start.String()
	}
	style := severityStyle(d.Severity)
	p.print(p.styled(styleBold, place+":"), " ", p.styled(style, d.Severity.String()), " ", d.Code, ": ", printable(d.Message), "\n")
	if d.Source != p.source || p.lines.text == nil {
		p.source, p.lines = d.Source, lines{}
		if p.text != nil {
			p.lines = indexLines(p.text(d.Source))
		}
	}
	marks := []mark{{d.Span, "^", style, ""}}
	for _, n := range d.Notes {
		marks = append(marks, mark{n.Span, "-", "", n.Message})
	}
	marks = slices.DeleteFunc(marks, func(m mark) bool { return !p.lines.has(m.span.Start.Line) })
	slices.SortStableFunc(marks, func(a, b mark) int { return a.span.Start.Line - b.span.Start.Line })
	p.gutter = 2
	if len(marks) > 0 {
		p.gutter = len(strconv.Itoa(marks[len(marks)-1].span.Start.Line))
		p.bar("", "\n")
	}
	for i, m := range marks {
		p.excerpt(m, i > 0 && marks[i-1].span.Start.Line == m.span.Start.Line)
	}
	p.hint(d.Hint)
}

// bar begins a line with the gutter and number.
func (p *printer) bar(number, rest string) {
	p.print(p.styled(styleDim, fmt.Sprintf("%*s |", p.gutter, number)), rest)
}

// excerpt prints the line of a mark, unless it was printed, and underlines it.
func (p *printer) excerpt(m mark, printed bool) {
	line := m.span.Start.Line
	e := cut(p.lines.line(line), m.span, p.opt.Width-p.gutter-3)
	if !printed || e.moved {
		p.bar(strconv.Itoa(line), "")
		if e.text != "" {
			p.print(" ", e.text)
		}
		p.print("\n")
	}
	p.bar("", " ")
	p.print(strings.Repeat(" ", e.from), p.styled(m.style, strings.Repeat(m.sign, e.to-e.from)))
	if m.message != "" {
		p.print(" ", printable(m.message))
	}
	p.print("\n")
}

// hint prints what to write instead, wrapped to the width.
func (p *printer) hint(text string) {
	if text == "" {
		return
	}
	start := strings.Repeat(" ", p.gutter+1)
	p.print(p.styled(styleDim, start+"="))
	column := p.gutter + 2
	for i, word := range strings.Split(printable(text), " ") {
		size := textWidth(word)
		if i > 0 && column+1+size > p.opt.Width {
			p.print("\n", start, " ")
			column = p.gutter + 2
		}
		p.print(" ", word)
		column += 1 + size
	}
	p.print("\n")
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
