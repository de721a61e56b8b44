package report

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// fact is one label of a summary with what is said under it.
type fact struct {
	label string // "Not changed"; in plain lines `not_changed`
	rows  []row
}

// row is a line of a fact: cells in columns, the last of which may wrap, and a
// verdict at the right margin.
type row struct {
	cells      []string
	style      style
	right      string
	rightStyle style
	whole      bool // a command: it is not wrapped, so that it can be pasted
}

// said makes a fact of lines of text; of none it has no rows.
func saidFact(label string, texts ...string) fact {
	f := fact{label: label}
	for _, t := range texts {
		for _, l := range splitLines(t) {
			f.rows = append(f.rows, row{cells: []string{l}})
		}
	}
	return f
}

// word is the label as the third field of a plain line.
func (f fact) word() string {
	switch f.label {
	case "Safe now":
		return "safe"
	case "Conditions":
		return "condition"
	}
	return strings.ReplaceAll(strings.ToLower(f.label), " ", "_")
}

// line is the row as one plain line, the verdict before what it is about.
func (r row) line() string {
	cells := r.cells
	if r.right != "" {
		n := len(cells) - 1
		cells = append(append(append([]string{}, cells[:n]...), r.right), cells[n])
	}
	cells = slices.DeleteFunc(slices.Clone(cells), func(c string) bool { return c == "" })
	return strings.Join(cells, " ")
}

// facts prints those facts that say something.
func (p *page) facts(facts []fact) {
	for _, f := range facts {
		p.fact(f)
	}
}

func (p *page) fact(f fact) {
	widths := columnsOf(f.rows)
	for i, r := range f.rows {
		l := &line{}
		if i == 0 {
			l = p.line(dim, "  "+f.label)
		}
		l.pad(labelColumn, 1)
		for c, text := range r.cells[:len(r.cells)-1] {
			if widths[c] == 0 {
				continue
			}
			at := l.width + widths[c] + 2
			p.add(l, r.style, text).pad(at, 2)
		}
		p.last(l, r)
	}
}

// last prints the last cell of a row, wrapped under itself, with the verdict
// at the right of its last line.
func (p *page) last(l *line, r row) {
	column := l.width
	room := p.width - column
	text := r.cells[len(r.cells)-1]
	if room < 20 && column > labelColumn {
		p.put(l)
		column, room = labelColumn+2, p.width-labelColumn-2
		l = (&line{}).pad(column, 0)
	}
	if r.right != "" && room-ansi.StringWidth(r.right)-2 >= 20 {
		room -= ansi.StringWidth(r.right) + 2
	}
	if column > 4 && (longest(text) > p.width-column || r.whole && ansi.StringWidth(text) > p.width-column) {
		if strings.TrimSpace(l.text(false)) != "" {
			p.put(l)
		}
		column, room = 4, p.width-4
		l = (&line{}).pad(column, 0)
	}
	parts := wrap(text, room)
	if r.whole {
		parts = []string{text}
	}
	for i, part := range parts {
		if i > 0 {
			l = (&line{}).pad(column, 0)
		}
		p.add(l, r.style, part)
		if i == len(parts)-1 {
			p.right(l, r.rightStyle, r.right)
			return
		}
		p.put(l)
	}
	p.right(l, r.rightStyle, r.right)
}

// longest is the width of the longest word.
func longest(text string) int {
	n := 0
	for word := range strings.FieldsSeq(text) {
		n = max(n, ansi.StringWidth(word))
	}
	return n
}

// columnsOf is the width of each cell but the last, over all rows.
func columnsOf(rows []row) []int {
	var widths []int
	for _, r := range rows {
		for i, c := range r.cells[:len(r.cells)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	return widths
}
