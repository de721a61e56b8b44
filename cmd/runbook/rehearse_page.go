package main

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/report"
	"runbook/lab/rehearsal"
)

// rehearsalPage composes what `rehearse` prints on a terminal. It knows no
// terminal: the same results are the same text.
type rehearsalPage struct {
	width   int
	unicode bool
}

func pageOfRehearsals(o report.Options) rehearsalPage {
	width := o.Width
	if width <= 0 {
		width = 80
	}
	return rehearsalPage{width: min(width, 100), unicode: o.Unicode}
}

// sign is the mark of what held or did not.
func (p rehearsalPage) sign(held bool) string {
	switch {
	case held && p.unicode:
		return "✓"
	case held:
		return "+"
	case p.unicode:
		return "✗"
	}
	return "x"
}

// spread puts right at the end of the line, or of the next one where both do
// not fit.
func (p rehearsalPage) spread(left, right string) string {
	room := p.width - ansi.StringWidth(left) - ansi.StringWidth(right)
	if room >= 2 {
		return left + strings.Repeat(" ", room) + right + "\n"
	}
	return left + "\n" + strings.Repeat(" ", max(4, p.width-ansi.StringWidth(right))) + right + "\n"
}

// cut shortens a title that has no room.
func (p rehearsalPage) cut(text string, width int) string {
	dots := "…"
	if !p.unicode {
		dots = "..."
	}
	return ansi.Truncate(text, max(width, len(dots)), dots)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// labTime is a time since the fault, as 16:40, or 1:02:03.
func labTime(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// faultOf tells the fault and the seed of a rehearsal.
func faultOf(r *rehearsal.Result) string {
	if r.Rehearsal.Fault.Name == "none" {
		return fmt.Sprintf("no fault, seed %d", r.Seed)
	}
	return fmt.Sprintf("fault %s, seed %d", r.Rehearsal.Fault, r.Seed)
}

// banner names what is played.
func (p rehearsalPage) banner(name string, count int) string {
	return p.fit(name+"  ", page.Counted(count, "rehearsal")+" in the lab: simulated targets, nothing else is touched")
}

// head is the line above a rehearsal that is watched.
func (p rehearsalPage) head(r *rehearsal.Result, pace float64) string {
	right := fmt.Sprintf("%s, clock %gx", faultOf(r), pace)
	left := fmt.Sprintf("  %d  %s", r.Rehearsal.Number, r.Rehearsal.Name)
	return p.spread(p.cut(left, p.width-ansi.StringWidth(right)-2), right)
}

// moment is a line of the story; "" for what is told elsewhere.
func (p rehearsalPage) moment(r *rehearsal.Result, m rehearsal.Moment) string {
	mark := " "
	switch {
	case m.Kind == "alert":
		mark = "!"
	case !m.Held && (m.Kind == "red" || m.Kind == "green"):
		mark = p.sign(false)
	}
	at := fmt.Sprintf("  %s  %s ", labTime(m.At), mark)
	fault := r.Rehearsal.Fault.Name != "none"
	switch m.Kind {
	case "healthy", "injected", "forward", "alert", "resolved":
		return p.fit(at, m.Text)
	case "red":
		label, says := "BEFORE", ""
		if fault {
			label, says = "RED", said(m.Held, ": the fault is real", ": the fault is not there")
		}
		return p.spread(at+pad(label, 9)+m.Text, said(m.Held, "held, ", "failed, ")+m.Value+says)
	case "green":
		label, says := "AFTER", ""
		if fault && r.Rehearsal.Expect.Exit == event.EndDone.Code() {
			label, says = "GREEN", said(m.Held, ": the fault is gone", ": the fault is still there")
		}
		held := "held"
		if r.Rehearsal.Expect.Hold > 0 {
			held += " for " + shortDuration(r.Rehearsal.Expect.Hold)
		}
		return p.spread(at+pad(label, 9)+m.Text, said(m.Held, held+", ", "failed, ")+m.Value+says)
	}
	return ""
}

// shortDuration is a length as one writes it: 30s, 1m, 1m30s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if s, ok := strings.CutSuffix(text, "m0s"); ok {
		text = s + "m"
	}
	if s, ok := strings.CutSuffix(text, "h0m"); ok {
		text = s + "h"
	}
	return text
}

func said(held bool, yes, no string) string {
	if held {
		return yes
	}
	return no
}

// sparks are the marks of a gauge, from empty to full.
const sparks = "▁▂▃▄▅▆▇█"

// memory draws how the app's memory went; "" without Unicode or figures.
func (p rehearsalPage) memory(g rehearsal.Gauge) string {
	if !p.unicode || len(g.Percent) < 2 {
		return ""
	}
	first, last := g.Percent[0], g.Percent[len(g.Percent)-1]
	marks, every := g.Percent, g.Every
	text := func() string {
		return fmt.Sprintf("%.1f to %.1f %%; scale 0 to 100 %%, %s a mark", first, last, shortDuration(every))
	}
	const column, beside = 12, 24
	for n := 2; column+len(marks)+2+len(text()) > p.width && len(marks) > beside; n++ {
		marks, every = thinned(g.Percent, n), g.Every*time.Duration(n)
	}
	var line strings.Builder
	signs := []rune(sparks)
	for _, v := range marks {
		line.WriteRune(signs[min(max(int(v/100*float64(len(signs))), 0), len(signs)-1)])
	}
	from, to := labTime(g.From), labTime(g.From+g.Every*time.Duration(len(g.Percent)-1))
	times := from + strings.Repeat(" ", max(1, len(marks)-len(from)-len(to))) + to
	if column+len(marks)+2+len(text()) > p.width {
		return fmt.Sprintf("    memory  %s\n%*s%s\n%*s%s\n", line.String(), column, "", times, column, "", text())
	}
	return fmt.Sprintf("    memory  %s  %s\n%*s%s\n", line.String(), text(), column, "", times)
}

// thinned is every nth figure.
func thinned(all []float64, n int) []float64 {
	var out []float64
	for i := 0; i < len(all); i += n {
		out = append(out, all[i])
	}
	return out
}

// also lists what was checked without being written.
func (p rehearsalPage) also(r *rehearsal.Result) string {
	if len(r.Also) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  Also checked, here for %d\n", r.Rehearsal.Number)
	for _, one := range r.Also {
		b.WriteString(p.fit("    "+p.sign(one.Held)+" ", property(one)))
	}
	return b.String()
}

func property(one rehearsal.Property) string {
	if one.Held || one.Detail == "" {
		return one.Text
	}
	return one.Text + ": not so: " + one.Detail
}

// results are the rows of rehearsals; those that failed with what was expected.
func (p rehearsalPage) results(all []*rehearsal.Result) string {
	cells := make([][4]string, 0, len(all))
	var wide [4]int
	rest := 0
	for _, r := range all {
		c := [4]string{r.Rehearsal.Name, r.Ending, page.Counted(r.Changes(), "change"), seconds(r.Took)}
		if r.Settled > 0 {
			c[2] += fmt.Sprintf(", %d settled", r.Settled)
		}
		for i, text := range c {
			wide[i] = max(wide[i], ansi.StringWidth(text))
		}
		rest = max(rest, len(c[2])+2+len(c[3]))
		cells = append(cells, c)
	}
	number := len(fmt.Sprint(lastNumber(all)))
	fixed := 4 + number + 2 + rest
	gapName, gapEnd := 3, 5
	if fixed+wide[0]+gapName+wide[1]+gapEnd > p.width {
		gapName, gapEnd = 2, 2
	}
	name := min(wide[0], max(8, p.width-fixed-wide[1]-gapName-gapEnd))
	var b strings.Builder
	after := false // the row before was a block
	for i, r := range all {
		if !r.Passed {
			if i > 0 && !after {
				b.WriteByte('\n')
			}
			b.WriteString(p.failed(r))
			b.WriteByte('\n')
			after = true
			continue
		}
		after = false
		c := cells[i]
		left := fmt.Sprintf("  %s %*d  %s%s%s", p.sign(true), number, r.Rehearsal.Number, pad(p.cut(c[0], name), name+gapName), pad(c[1], wide[1]+gapEnd), c[2])
		b.WriteString(p.spread(left, c[3]))
	}
	return strings.TrimSuffix(b.String(), "\n\n") + said(after, "\n", "")
}

func lastNumber(all []*rehearsal.Result) (n int) {
	for _, r := range all {
		n = max(n, r.Rehearsal.Number)
	}
	return n
}

// fit puts text after start, in lines of words where it is too wide.
func (p rehearsalPage) fit(start, text string) string {
	if ansi.StringWidth(start)+ansi.StringWidth(text) <= p.width {
		return start + text + "\n"
	}
	return p.wrapped(start, text)
}

func (p rehearsalPage) wrapped(start, text string) string {
	var b strings.Builder
	indent := ansi.StringWidth(start)
	for i, line := range wrapWords(text, p.width-indent) {
		if i > 0 {
			start = strings.Repeat(" ", indent)
		}
		b.WriteString(start + line + "\n")
	}
	return b.String()
}

// wrapWords breaks a text between words; a word is never cut.
func wrapWords(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) > width {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}

// total is the line that counts, and the exit code.
func (p rehearsalPage) total(r *rehearsal.Report, exit int) string {
	passed := passedOf(r)
	left := fmt.Sprintf("%d of %s passed in %s", passed, page.Counted(len(r.Results), "rehearsal"), seconds(r.Took))
	if failed := len(r.Results) - passed; failed > 0 {
		left += fmt.Sprintf(", %d failed", failed)
	}
	return p.spread(left, fmt.Sprintf("exit %d", exit))
}

// never lists what no rehearsal reached; with names of playbooks if there are
// several.
func (p rehearsalPage) never(all []*rehearsal.Coverage) string {
	type row struct{ name, what, where string }
	var rows []row
	wideName, wideWhat := 0, 30
	for _, c := range all {
		for _, n := range c.Never {
			r := row{"", n.What, path.Base(n.Where)}
			if len(all) > 1 {
				r.name = pad(c.Subject.Name, 14) + "  "
			}
			wideName, wideWhat = max(wideName, len(r.name)), max(wideWhat, len(n.What))
			rows = append(rows, r)
		}
	}
	var b strings.Builder
	label := "Never run"
	for _, r := range rows {
		start := fmt.Sprintf("  %-11s  %s", label, pad(r.name, wideName))
		label = ""
		if len(start)+wideWhat+2+len(r.where) > p.width {
			fmt.Fprintf(&b, "%s%s\n%s%s\n", start, r.what, strings.Repeat(" ", len(start)+2), r.where)
			continue
		}
		fmt.Fprintf(&b, "%s%s  %s\n", start, pad(r.what, wideWhat), r.where)
	}
	return b.String()
}
