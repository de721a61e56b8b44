package report

import (
	"runbook/engine/event"
)

// mostPending is how many steps that are not begun the region shows.
const mostPending = 8

// live composes the region: what runs, what is next, and how to stop; never
// more lines than room.
func (t *Terminal) live(room int) []string {
	p := newPage(t.o)
	tr := newTree(p, &t.run, true)
	steps := t.run.steps
	for _, s := range steps.open {
		if s.State != event.NotRun {
			tr.step(s)
		}
	}
	running := len(p.lines)
	pending, left := steps.pending(mostPending)
	for _, s := range pending {
		tr.head(s, 2, tr.titleColumn())
	}
	if left > 0 {
		p.put(p.line(dim, "  . "+more(left, "")))
	}
	foot := newPage(t.o)
	foot.blank()
	foot.put(foot.line(dim, "  Ctrl-C stops after the changes in flight; a second one stops at once"))
	lines := crop(p, running, room-len(foot.lines))
	if len(lines)+len(foot.lines) <= room {
		lines = append(lines, foot.lines...)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		if l.width > p.width {
			l = p.cut(l, p.width)
		}
		out[i] = l.text(p.color)
	}
	return out
}

// pending are the next steps that are not begun, those of finally not among
// them, and how many more there are.
func (t *stepTree) pending(most int) (next []*Step, left int) {
	for i := t.next; i < len(t.tops); i++ {
		s := t.tops[i]
		if s.State != event.NotRun || s.Plan.Phase == event.Finally {
			continue
		}
		if len(next) == most {
			return next, len(t.tops) - i
		}
		next = append(next, s)
	}
	return next, 0
}

// crop takes away lines until room is enough: first of what is pending, then
// of what runs, from below.
func crop(p *page, running, room int) []*line {
	if room < 1 {
		return nil
	}
	lines := p.lines
	if len(lines) <= room {
		return lines
	}
	if running < room {
		kept := lines[: room-1 : room-1]
		return append(kept, p.line(dim, "  . "+more(len(lines)-room+1, "")))
	}
	kept := lines[: room-1 : room-1]
	return append(kept, p.line(dim, "  "+p.signs.ellipsis+" "+more(running-room+1, "")+" lines"))
}
