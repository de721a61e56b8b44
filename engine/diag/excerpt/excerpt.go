// Package excerpt turns diagnostics into what people read: what is wrong, the
// lines that it is about, and what to write instead.
package excerpt

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/page"
)

// Print prints each diagnostic of list, in its order, with the lines that it
// points to:
//
//	memory-leak.yaml:25:7: error RB1105: docker.sample_stats has no "contaner"
//	   |
//	25 |       contaner: ${{ inputs.container }}
//	   |       ^^^^^^^^
//	   = did you mean "container"?
//
// text returns the content of a source by its name, nil if there is none; then
// the lines are left out. Longer lines of a file are cut around the span.
func Print(w io.Writer, list diag.List, text func(source string) []byte, k page.Look) error {
	p := printer{Page: page.New(k), text: text}
	for i := range list {
		if i > 0 {
			p.Blank()
		}
		p.diagnostic(&list[i])
	}
	if err := p.Page.Print(w); err != nil {
		return fmt.Errorf("print diagnostics: %w", err)
	}
	return nil
}

// printer prints diagnostics.
type printer struct {
	*page.Page
	text   func(source string) []byte
	source string // whose lines are at hand
	lines  lines
	gutter int // columns of a line number
}

// mark is a stretch of a line that is underlined.
type mark struct {
	span    diag.Span
	sign    string
	style   page.Style
	message string
}

func (p *printer) diagnostic(d *diag.Diagnostic) {
	place := d.Source
	if d.Span.Start.IsValid() {
		place += ":" + d.Span.Start.String()
	}
	style := page.BoldRed
	if d.Severity == diag.Warning {
		style = page.Yellow
	}
	head := p.Line(page.Bold, place+":").Add(page.Plain, " ").Add(style, d.Severity.String())
	p.Put(head.Add(page.Plain, " "+d.Code+": "+inOneLine(d.Message)))
	if d.Source != p.source || p.lines.text == nil {
		p.source, p.lines = d.Source, lines{}
		if p.text != nil {
			p.lines = indexLines(p.text(d.Source))
		}
	}
	marks := []mark{{d.Span, "^", style, ""}}
	for _, n := range d.Notes {
		marks = append(marks, mark{n.Span, "-", page.Plain, n.Message})
	}
	marks = slices.DeleteFunc(marks, func(m mark) bool { return d.NoExcerpt || !p.lines.has(m.span.Start.Line) })
	slices.SortStableFunc(marks, func(a, b mark) int { return a.span.Start.Line - b.span.Start.Line })
	p.gutter = 2
	if len(marks) > 0 {
		p.gutter = len(strconv.Itoa(marks[len(marks)-1].span.Start.Line))
		p.Put(p.bar(""))
	}
	for i, m := range marks {
		p.excerpt(m, i > 0 && marks[i-1].span.Start.Line == m.span.Start.Line)
	}
	if d.Hint != "" {
		p.Flow(p.Label(p.gutter+1, "=", p.gutter+3), page.Plain, inOneLine(d.Hint))
	}
}

// bar begins a line with the gutter and number.
func (p *printer) bar(number string) *page.Line {
	return p.Line(page.Dim, fmt.Sprintf("%*s |", p.gutter, number))
}

// excerpt prints the line of a mark, unless it was printed, and underlines it.
func (p *printer) excerpt(m mark, printed bool) {
	line := m.span.Start.Line
	e := p.lines.cut(m.span, p.Width()-p.gutter-3, p.Sign(page.SignEllipsis))
	if !printed || e.moved {
		p.Put(p.bar(strconv.Itoa(line)).Add(page.Plain, " "+e.text))
	}
	l := p.bar("").Add(page.Plain, " "+strings.Repeat(" ", e.from))
	p.Put(l.Add(m.style, strings.Repeat(m.sign, e.to-e.from)).Add(page.Plain, " "+m.message))
}

func inOneLine(text string) string { return strings.NewReplacer("\n", " ", "\t", " ").Replace(text) }
