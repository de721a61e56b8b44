package report

import (
	"runbook/engine/page"
	"slices"
	"strings"
)

// fact is one label of a summary with what is said under it.
type fact struct {
	label string // "Not changed"; in page.Plain lines `not_changed`
	rows  []row
}

// row is a line of a fact: cells in columns, the last of which may wrap, and a
// verdict at the right margin.
type row struct {
	cells      []string
	style      page.Style
	right      string
	rightStyle page.Style
	whole      bool // a command: it is not wrapped, so that it can be pasted
}

// said makes a fact of lines of text; of none it has no rows.
func saidFact(label string, texts ...string) fact {
	f := fact{label: label}
	for _, t := range texts {
		for _, l := range page.Split(t) {
			f.add(l)
		}
	}
	return f
}

// add adds a row.
func (f *fact) add(cells ...string) { f.rows = append(f.rows, row{cells: cells}) }

// or is the fact, or text under its label where it has no rows.
func (f fact) or(text string) fact {
	if len(f.rows) == 0 {
		f.add(text)
	}
	return f
}

// most is the fact with at most so many rows, and how many more there are.
func (f fact) most(n int) fact {
	if left := len(f.rows) - n; left > 0 {
		f.rows = f.rows[:n]
		f.add(more(left, ""))
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
	cells := slices.Insert(slices.Clone(r.cells), len(r.cells)-1, r.right)
	return strings.Join(slices.DeleteFunc(cells, isEmpty), " ")
}

func isEmpty(text string) bool { return text == "" }

// facts prints those facts that say something.
func (p *sheet) facts(facts ...fact) {
	for _, f := range facts {
		p.fact(f)
	}
}

func (p *sheet) fact(f fact) { p.factAt(labelColumn, f) }

// factAt prints a fact whose values stand at a column.
func (p *sheet) factAt(column int, f fact) {
	widths := columnsOf(f.rows)
	for _, r := range f.rows {
		l := p.Label(2, f.label, column)
		f.label = ""
		for c, text := range r.cells[:len(r.cells)-1] {
			if widths[c] == 0 {
				continue
			}
			at := l.Width() + widths[c] + 2
			l.Add(r.style, text).Pad(at, 2)
		}
		p.last(l, r)
	}
}

// last prints the last cell of a row, wrapped under itself, with the verdict
// at the right of its last line.
func (p *sheet) last(l *page.Line, r row) {
	text, end := r.cells[len(r.cells)-1], p.Line(r.rightStyle, r.right)
	if r.whole {
		p.Whole(l, r.style, text, end)
		return
	}
	p.FlowEnd(l, r.style, text, end)
}

// columnsOf is the width of each cell but the last, over all rows.
func columnsOf(rows []row) []int {
	var widths []int
	for _, r := range rows {
		for i, c := range r.cells[:len(r.cells)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], page.Width(c))
		}
	}
	return widths
}
