package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// region is the part of a terminal below the history that is drawn again.
type region struct {
	w      io.Writer
	widths []int // of the lines that stand there
	err    error
}

// rows is how many rows the region takes on a terminal that is that wide now.
func (g *region) rows(width int) int {
	n := 0
	for _, w := range g.widths {
		n += max(1, (w+width-1)/width)
	}
	return n
}

// draw puts history above the region and replaces the region, in one write.
func (g *region) draw(width int, history string, lines []string) {
	if g.err != nil || history == "" && len(lines) == 0 && len(g.widths) == 0 {
		return
	}
	var b strings.Builder
	if n := g.rows(width); n > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", n)
	}
	b.WriteString(history)
	g.widths = g.widths[:0]
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
		g.widths = append(g.widths, ansi.StringWidth(l))
	}
	_, g.err = io.WriteString(g.w, b.String())
}
