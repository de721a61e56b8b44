package report

import (
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// mostPending is how many steps that are not begun the region shows.
const mostPending = 8

// live composes the region: what runs, what is next, and how to stop; never
// more lines than room.
func (t *Terminal) live(room int) []*page.Line {
	p := newSheet(t.o)
	tr := newTree(p, &t.run, true)
	for _, s := range t.run.Open {
		if s.State != event.NotRun {
			tr.step(s)
		}
	}
	pending, left := upNext(&t.run, mostPending)
	for _, s := range pending {
		tr.head(s, 2, tr.titleColumn())
	}
	if left > 0 {
		p.Put(p.Line(page.Dim, "  . "+more(left, "")))
	}
	foot := newSheet(t.o)
	foot.Blank()
	foot.Flow(foot.Indent(2), page.Dim, "Ctrl-C stops after the changes in flight; a second one stops at once")
	lines := crop(p, room-len(foot.Lines()))
	if len(lines)+len(foot.Lines()) <= room {
		lines = append(lines, foot.Lines()...)
	}
	return lines
}

// upNext are the next steps that are not begun, those of finally not among
// them, and how many more there are.
func upNext(r *history.Run, most int) (next []*history.Step, left int) {
	for i := r.Next; i < len(r.Tops); i++ {
		s := r.Tops[i]
		if s.State != event.NotRun || s.Phase == event.Finally {
			continue
		}
		if len(next) == most {
			return next, len(r.Tops) - i
		}
		next = append(next, s)
	}
	return next, 0
}

// crop takes away lines from below until room is enough, and says how many.
func crop(p *sheet, room int) []*page.Line {
	lines := p.Lines()
	if room < 1 || len(lines) <= room {
		return lines[:min(len(lines), max(room, 0))]
	}
	text := "  " + p.Sign(page.SignEllipsis) + " " + more(len(lines)-room+1, "") + " lines"
	return append(lines[:room-1:room-1], p.Line(page.Dim, text))
}
