package show

import (
	"fmt"
	"time"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// sparks are the marks of a gauge, from empty to full.
const sparks = "▁▂▃▄▅▆▇█"

// memory draws how the app's memory went; nothing in ASCII or without figures.
func (p sheet) memory(g rehearsal.Gauge, unicode bool) {
	if !unicode || len(g.Percent) < 2 {
		return
	}
	first, last := g.Percent[0], g.Percent[len(g.Percent)-1]
	marks, every := g.Percent, g.Every
	text := func() string {
		return fmt.Sprintf("%.1f to %.1f %%; scale 0 to 100 %%, %s a mark", first, last, schema.FormatDuration(every))
	}
	const column, beside = 12, 24
	fits := func() bool { return column+len(marks)+2+len(text()) <= p.Width() }
	for n := 2; !fits() && len(marks) > beside; n++ {
		marks, every = thinned(g.Percent, n), g.Every*time.Duration(n)
	}
	l := p.Line(page.Plain, "    memory").Pad(column, 1)
	for _, v := range marks {
		p.spark(l, v)
	}
	from, to := clock(g.From), clock(g.From+g.Every*time.Duration(len(g.Percent)-1))
	times := p.Indent(column).Add(page.Plain, from)
	times.Pad(column+len(marks)-len(to), 1).Add(page.Plain, to)
	if fits() {
		p.Put(l.Add(page.Plain, "  "+text()))
		p.Put(times)
	} else {
		p.Put(l)
		p.Put(times)
		p.Flow(p.Indent(column), page.Plain, text())
	}
	p.Blank()
}

// spark adds the mark of a figure in per cent: red above 85, yellow from 70.
func (p sheet) spark(l *page.Line, percent float64) {
	signs := []rune(sparks)
	style := page.Green
	switch {
	case percent > 85:
		style = page.Red
	case percent >= 70:
		style = page.Yellow
	}
	l.Add(style, string(signs[min(max(int(percent/100*float64(len(signs))), 0), len(signs)-1)]))
}

// thinned is every nth figure.
func thinned(all []float64, n int) []float64 {
	var out []float64
	for i := 0; i < len(all); i += n {
		out = append(out, all[i])
	}
	return out
}
