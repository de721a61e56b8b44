package page

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Page composes lines of text at one width.
type Page struct {
	look  Look
	width int
	lines []*Line
}

// New returns an empty page.
func New(look Look) *Page { return &Page{look: look, width: look.Columns()} }

// Inner returns an empty page that is so much narrower, for what Take moves
// into this one.
func (p *Page) Inner(indent int) *Page {
	return &Page{look: p.look, width: p.width - indent}
}

// Take appends the lines of inner, so many columns to the right.
func (p *Page) Take(inner *Page, indent int) {
	for _, l := range inner.lines {
		p.Put(p.Indent(indent).Join(l))
	}
}

// Width is how many columns text may take.
func (p *Page) Width() int { return p.width }

// Lines are the lines of the page.
func (p *Page) Lines() []*Line { return p.lines }

// Line returns a line that is not on the page yet.
func (p *Page) Line(s Style, text string) *Line {
	return (&Line{ascii: !p.look.Unicode}).Add(s, text)
}

// Indent returns a line of so many spaces.
func (p *Page) Indent(columns int) *Line {
	return (&Line{ascii: !p.look.Unicode}).Pad(columns, 0)
}

// Label returns a line with a label, behind which text begins at a column.
func (p *Page) Label(indent int, label string, column int) *Line {
	return p.Indent(indent).Add(Dim, label).Pad(column, 1)
}

// Put appends a line.
func (p *Page) Put(l *Line) { p.lines = append(p.lines, l) }

// Say appends a line of one style; it is not wrapped.
func (p *Page) Say(s Style, text string) { p.Put(p.Line(s, text)) }

// Blank appends an empty line.
func (p *Page) Blank() { p.Put(&Line{}) }

// Right appends l with end at the right margin; where both do not fit, end
// stands on a line of its own.
func (p *Page) Right(l, end *Line) {
	if end.width == 0 {
		p.Put(l)
		return
	}
	if l.width+2+end.width > p.width {
		p.Put(l)
		l = &Line{}
	}
	p.Put(l.Pad(p.width-end.width, 2).Join(end))
}

// String renders the page, each line with its line end.
func (p *Page) String() string {
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(p.look.render(l))
		b.WriteByte('\n')
	}
	return b.String()
}

// render returns the line as it is written.
func (k Look) render(l *Line) string {
	text := l.Text(k.Color)
	if text == "" {
		return ""
	}
	return strings.Repeat(" ", k.Indent) + text
}

// Print writes the page to w, whose error it returns as it is.
func (p *Page) Print(w io.Writer) error {
	_, err := io.WriteString(w, p.String())
	return err
}

// Width is how many cells a cleaned text takes.
func Width(text string) int {
	if simple(text) {
		return len(text)
	}
	return ansi.StringWidth(text)
}
