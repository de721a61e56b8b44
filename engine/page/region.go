package page

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Region is the part of a terminal below the history that is drawn again.
type Region struct {
	W    io.Writer
	Look Look
	Err  error // the first of writing

	widths []int // of the lines that stand there
}

// rows is how many rows the region takes on a terminal that is that wide now.
func (g *Region) rows(width int) int {
	n := 0
	for _, w := range g.widths {
		n += max(1, (w+width-1)/width)
	}
	return n
}

// Draw puts history above the region and replaces the region, in one write.
// Lines are cut to the width of a page.
func (g *Region) Draw(history string, lines []*Line) {
	if g.Err != nil || history == "" && len(lines) == 0 && len(g.widths) == 0 {
		return
	}
	var b strings.Builder
	width, _ := g.Look.Rows()
	if n := g.rows(width); n > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", n)
	}
	b.WriteString(history)
	g.widths = g.widths[:0]
	for _, l := range lines {
		text := g.Look.render(l.Cut(g.Look.Columns()))
		b.WriteString(text + "\n")
		g.widths = append(g.widths, ansi.StringWidth(text))
	}
	_, g.Err = io.WriteString(g.W, b.String())
}
