package page

import (
	"io"
	"strings"
)

// Column says how the cells of a column stand.
type Column struct {
	Gap   int  // columns before it; 0: 2
	Right bool // its cells end together
	Cut   bool // it gives way where the table is too wide
	Least int  // how wide it is at least
}

// Table is rows of cells in columns, behind an indentation. A row of a single
// cell is a line of its own between the others.
type Table struct {
	Indent  int
	Columns []Column
	Split   int // where the table is too wide, cells from there stand on a second line; 0: never
	Rows    [][]*Line
}

// Table appends the rows of t, each cell below the one above.
func (p *Page) Table(t Table) {
	widths := t.widths()
	over := t.Indent - p.width
	for i, w := range widths {
		over += w + t.gap(i)
	}
	split := len(widths)
	if over > 0 && t.Split > 0 {
		split, over = t.Split, 0
	}
	for i, c := range t.Columns {
		if c.Cut && over > 0 {
			widths[i] = max(widths[i]-over, min(widths[i], 8))
		}
	}
	for _, row := range t.Rows {
		if len(row) == 1 {
			p.Put(row[0])
			continue
		}
		l := p.Indent(t.Indent)
		for i, cell := range row {
			if i == split {
				p.Put(l)
				l = p.Indent(t.Indent + lastColumn)
			}
			start := l.width
			if i > 0 && i != split {
				start += t.gap(i)
			}
			cell = cell.Cut(widths[i])
			l.Pad(start, 0)
			if t.Columns[i].Right {
				l.Pad(start+widths[i]-cell.width, 0)
			}
			if l.Join(cell); i < len(row)-1 {
				l.Pad(start+widths[i], 0)
			}
		}
		p.Put(l)
	}
}

// Cells are the cells of a row, all of one style.
func (p *Page) Cells(s Style, texts ...string) []*Line {
	out := make([]*Line, len(texts))
	for i, text := range texts {
		out[i] = p.Line(s, text)
	}
	return out
}

func (t *Table) gap(i int) int {
	if i == 0 {
		return 0
	}
	if g := t.Columns[i].Gap; g > 0 {
		return g
	}
	return 2
}

// widths are those of the widest cells.
func (t *Table) widths() []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = c.Least
		for _, row := range t.Rows {
			if i < len(row) && len(row) > 1 {
				widths[i] = max(widths[i], row[i].width)
			}
		}
	}
	return widths
}

// Tabbed writes rows for programs: fields without control characters, separated
// by tabs.
func Tabbed(w io.Writer, rows [][]string) error {
	var b strings.Builder
	for _, row := range rows {
		for i, field := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(Clean(field, false))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
