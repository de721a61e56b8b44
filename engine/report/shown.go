package report

import (
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// mostShown is how many lines of a part stand under a step, or among what was found,
// where not all of them do.
const mostShown = 10

// showing says how parts of what is shown become lines.
type showing struct {
	width int    // columns of a table; 0: each cell stands behind its name
	all   bool   // and not the first or the last ten
	rest  string // how to see all of it; "" where there is no way
}

// styled is a line of one style.
type styled struct {
	style page.Style
	text  string
}

// lines are those of a part.
func (g showing) lines(x *event.ShownPart) (out []styled) {
	part := *x
	if !g.all {
		part = most(part)
	}
	dim := func(text string) { out = append(out, styled{page.Dim, text}) }
	left := leftOut(&part)
	if part.Left > x.Left && g.rest != "" {
		left += ": " + g.rest
	}
	if x.Name != "" {
		dim(x.Name + ":")
	}
	if part.Left > 0 && x.Last {
		dim(left)
	}
	switch {
	case x.Error != "":
		dim("not shown: " + x.Error)
	case x.Unknown != "":
		out = append(out, styled{page.Magenta, x.Unknown})
	case len(x.Lines)+len(x.Rows)+x.Left == 0:
		dim("(none)")
	case x.Number != nil:
		out = append(out, styled{page.Plain, x.Number.Human()})
	case len(part.Rows) > 0:
		out = append(out, g.table(&part)...)
	default:
		for _, line := range part.Lines {
			out = append(out, styled{page.Plain, page.Clean(line, false)})
		}
	}
	if part.Left > 0 && !x.Last {
		dim(left)
	}
	return out
}

// most is the beginning or the end of a part.
func most(x event.ShownPart) event.ShownPart {
	if n := len(x.Lines) - mostShown; n > 0 {
		x.Left += n
		if x.Last {
			x.Lines = x.Lines[n:]
		} else {
			x.Lines = x.Lines[:mostShown]
		}
	}
	if n := len(x.Rows) - mostShown; n > 0 {
		x.Left += n
		x.Rows = x.Rows[:mostShown]
	}
	return x
}

func leftOut(x *event.ShownPart) string {
	noun := "more line"
	switch {
	case len(x.Columns) > 0:
		noun = "more row"
	case x.Last:
		noun = "line"
	}
	text := "… " + page.Counted(x.Left, noun)
	if x.Last {
		text += " before"
	}
	return text
}

// table are rows in columns, or where these have no room each row with its cells
// behind their names.
func (g showing) table(x *event.ShownPart) []styled {
	rows, widths := make([][]string, len(x.Rows)+1), make([]int, len(x.Columns))
	right := make([]bool, len(x.Columns))
	for i, c := range x.Columns {
		rows[0] = append(rows[0], header(c))
		widths[i] = page.Width(rows[0][i])
	}
	all := -2
	for n, row := range x.Rows {
		for i, v := range row {
			text := page.Clean(cellText(x.Columns[i], v), false)
			_, number := v.(float64)
			right[i] = right[i] || number
			rows[n+1], widths[i] = append(rows[n+1], text), max(widths[i], page.Width(text))
		}
	}
	for _, w := range widths {
		all += w + 2
	}
	if all > g.width {
		return named(x, g.width > 0)
	}
	out := make([]styled, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-page.Width(cell))
			if right[i] {
				cell, pad = pad+cell, ""
			}
			b.WriteString(cell + pad + "  ")
		}
		out[n].text = strings.TrimRight(b.String(), " ")
	}
	out[0].style = page.Dim
	return out
}

// header is "MEMORY" of memory_bytes, as its cells have the unit.
func header(c event.ShownColumn) string {
	return page.Clean(strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(c.Name, "_"+string(c.Unit)), "_", " ")), false)
}

// named are rows as name=value, for people or for programs.
func named(x *event.ShownPart, human bool) []styled {
	out := make([]styled, len(x.Rows))
	for n, row := range x.Rows {
		words := make([]string, len(row))
		for i, v := range row {
			text := schema.TextOf(v)
			if human {
				text = cellText(x.Columns[i], v)
			} else if _, isText := v.(string); isText {
				text = action.Quote(text)
			}
			words[i] = x.Columns[i].Name + "=" + text
		}
		out[n].text = page.Clean(strings.Join(words, map[bool]string{true: "  ", false: " "}[human]), false)
	}
	return out
}

// cellText is a cell for people.
func cellText(c event.ShownColumn, v any) string {
	if n := event.NumberIn(c.Unit, v); n != nil {
		return n.Human()
	}
	return schema.TextOf(v)
}

// shown prints what a person should see of a step.
func (t *tree) shown(s *history.Step, indent int) {
	if s.Detail.Shown == nil {
		return
	}
	g := showing{width: t.Width() - indent, all: t.verbose, rest: t.run.Header.Command.Report(short(t.run.Header.Run))}
	if t.dry {
		g.rest = "-v"
	}
	for i := range s.Detail.Shown.Parts {
		for _, l := range g.lines(&s.Detail.Shown.Parts[i]) {
			t.text(indent, l.style, l.text)
		}
	}
}

// shown prints a line for each of what a person should see of a step.
func (v *Plain) shown(e event.Event, d *event.Shown) {
	g := showing{all: v.o.Verbosity > 0, rest: v.run.Header.Command.Report(short(v.run.Header.Run))}
	if v.run.Header.DryRun {
		g.rest = "-v"
	}
	for i := range d.Parts {
		now := ""
		if d.Parts[i].Now {
			now = "now "
		}
		for _, l := range g.lines(&d.Parts[i]) {
			v.line(e.Time, e.Path, "shown", now+l.text)
		}
	}
}

// shown prints below a moment what a person was shown then.
func (p *sheet) shown(l *page.Line, d *event.Shown) {
	column := l.Width()
	if p.Width()-column < 40 {
		p.Put(l)
		column = 4
		l = p.Indent(column)
	}
	g := showing{width: p.Width() - column, all: true}
	for i := range d.Parts {
		for _, s := range g.lines(&d.Parts[i]) {
			p.Flow(l, s.style, s.text)
			l = p.Indent(column)
		}
	}
}

// foundRows are the lines of an output of the playbook, the first beside its name.
func (e *ending) foundRows(f *fact, x *event.Found) {
	name := x.Name
	add := func(l styled) {
		f.rows = append(f.rows, row{cells: []string{name, l.text}, style: l.style})
		name = ""
	}
	if x.Shown == nil {
		for _, text := range page.Split(orNothing(human(x.Text, x.Number))) {
			add(styled{text: text})
		}
		return
	}
	g := showing{all: e.all || e.o.Verbosity > 0, rest: e.run.Header.Command.Report(e.id)}
	if !e.plain {
		g.width = e.page.Width() - labelColumn - 2
		for _, other := range e.end.Found {
			g.width = min(g.width, e.page.Width()-labelColumn-page.Width(other.Name)-2)
		}
	}
	for _, l := range g.lines(x.Shown) {
		add(l)
	}
}
