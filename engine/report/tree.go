package report

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// tree prints steps: a line each, and under it what belongs to it.
type tree struct {
	*sheet
	run  *Run
	live bool // it may be redrawn: running steps show how far they are
	dry  bool
}

// The columns of a step: its address, then its title.
const (
	leastID = 9
	mostID  = 16
)

func newTree(p *sheet, r *Run, live bool) *tree {
	return &tree{sheet: p, run: r, live: live, dry: r.Header.DryRun}
}

func (t *tree) titleColumn() int {
	return 4 + min(max(t.run.steps.idWide, leastID), mostID) + 2
}

// step prints a step of the top with all that belongs to it.
func (t *tree) step(s *Step) {
	t.head(s, 2, t.titleColumn())
	t.body(s, 6)
}

// head prints the step's line: sign, address, title, and at the right its
// state where that has a word, and its time.
func (t *tree) head(s *Step, indent, column int) {
	sign, style := t.state(s.State)
	l := t.Indent(indent)
	l.Add(style, sign+" ")
	l.Add(page.Bold, s.shown()).Pad(column, 2)
	end := t.headEnd(s)
	title := t.Line(page.Plain, s.title())
	room := t.Width() - l.Width() - 2
	if end.Width() > 0 {
		room -= end.Width()
	}
	if room < 12 && title.Width() > room {
		t.Put(l)
		t.Put(t.Indent(indent + 4).Join(title))
		if end.Width() > 0 {
			t.Put(t.Indent(t.Width() - end.Width()).Join(end))
		}
		return
	}
	l.Join(title.Cut(room))
	t.Right(l, end)
}

// shown is the step's address in the tree: of an item within its loop the
// index alone, else the whole.
func (s *Step) shown() string { return string(s.path) }

// title is what stands beside the address.
func (s *Step) title() string {
	if len(s.path) > 0 && s.path[len(s.path)-1] == ']' && s.parent != nil && s.detail != nil && s.detail.started.Brief != "" {
		return s.detail.started.Brief
	}
	return s.name()
}

// headEnd is the right side of the step's line: a word for each state but
// pending, running and passed, and the time.
func (t *tree) headEnd(s *Step) *page.Line {
	l := t.Indent(0)
	_, style := t.state(s.State)
	took := t.took(s)
	text := ""
	switch s.State {
	case event.NotRun, event.Running, event.Failed:
	case event.Passed:
		if s.detail != nil && s.detail.done.Met {
			text = "met"
		}
	case event.Executed, event.Previewed, event.Unknown:
		text = page.Word(s.State)
		if why := s.why(); why != "" {
			text, took = text+"   "+why, ""
		}
		if s.State != event.Executed {
			took = ""
		}
	case event.Waiting:
		text, took = "waiting for a person", ""
		if s.detail != nil && s.Plan.Kind != event.KindManual {
			text = "waiting for approval"
		}
	case event.Skipped:
		text, took = page.Word(s.State), ""
	default:
		text = page.Word(s.State)
	}
	l.Add(style, text)
	if took != "" {
		if l.Width() > 0 {
			l.Pad(l.Width()+3, 0)
		}
		l.Add(page.Plain, took)
	}
	return l
}

func (s *Step) why() string {
	if s.detail == nil {
		return ""
	}
	return s.detail.done.Why
}

// took is the step's time: of a running one so far.
func (t *tree) took(s *Step) string {
	switch {
	case s.State == event.NotRun || s.Started.IsZero() && s.Duration == 0:
		return ""
	case s.State == event.Running && t.live:
		return elapsed(t.now.Sub(s.Started))
	case s.State == event.Running:
		return ""
	}
	return schema.HumanDuration(s.Duration)
}

// elapsed counts whole seconds while a step runs.
func elapsed(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return schema.HumanDuration(d.Truncate(time.Second))
}

// body prints what belongs to a step: how far it is, its result, conditions,
// remedies, parts.
func (t *tree) body(s *Step, indent int) {
	d := s.detail
	if d == nil {
		return
	}
	if s.State == event.Running && t.live {
		t.doing(s, indent)
	} else if d.summary != "" && (s.State == event.Passed || s.State == event.Executed) && s.Plan.Kind != event.KindRemedies {
		t.text(indent, page.Plain, spread(d.summary))
	}
	t.when(s, indent)
	switch {
	case s.Plan.Kind == event.KindRemedies && !t.itemized(s):
		t.remedies(s, indent)
		return
	case t.dry:
		t.preview(s, indent)
		t.conditions(s, indent)
	default:
		t.conditions(s, indent)
		t.failure(s, indent)
	}
	t.parts(s, indent)
}

// itemized reports whether the step is a loop over items, not one of them.
func (t *tree) itemized(s *Step) bool { return s.Plan.Loop }

// text prints text wrapped at an indentation.
func (t *tree) text(indent int, s page.Style, text string) {
	t.Flow(t.Indent(indent), s, text)
}

// doing shows the action that runs and how far it is.
func (t *tree) doing(s *Step, indent int) {
	d := s.detail
	if s.Plan.Title != "" && d.started.Action != "" && d.started.Brief != s.title() {
		t.text(indent, page.Dim, d.started.Brief)
	}
	if p := d.live.progress; p != nil {
		l := t.Indent(indent)
		if p.Progress.Total > 0 {
			l.Add(page.Plain, fmt.Sprintf("%d of %d   ", p.Done, p.Progress.Total))
		}
		l.Add(page.Plain, p.Note)
		left := ""
		if p.Total > 0 {
			left = coarseLeft(p.Total - t.now.Sub(s.Started))
		}
		t.Right(l.Cut(t.Width()), t.Line(page.Dim, left))
	}
	if r := d.live.retry; r != nil {
		t.text(indent, page.Yellow, fmt.Sprintf("attempt failed: %s; again in %s", failureText(r.Failure), schema.HumanDuration(r.Delay)))
	}
	if s.Plan.Kind != event.KindRemedies {
		t.poll(s, indent)
	}
}

func coarseLeft(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return elapsed(d.Round(time.Second)) + " left"
}

// poll shows what the last look saw and how long there is time.
func (t *tree) poll(s *Step, indent int) {
	p := s.detail.live.poll
	if p == nil {
		return
	}
	l := t.Indent(indent)
	left, operator, right, simple := compared(p.That)
	if simple {
		l.Add(page.Plain, fmt.Sprintf("now %s, waiting for %s %s", orNothing(humanUnit(lastName(left), p.Seen)), operator, right))
	} else {
		l.Add(page.Plain, fmt.Sprintf("now %s, waiting for %s", orNothing(bare(p.Seen, p.That)), p.That))
	}
	if p.Every != "" {
		l.Add(page.Plain, ", observed every "+p.Every)
	}
	t.Right(l, t.Line(page.Dim, coarseLeft(p.Left)))
}

// failure says why a step failed where no check says it.
func (t *tree) failure(s *Step, indent int) {
	f := s.detail.done.Failure
	if f == nil || s.detail.done.Check != nil || s.toldBelow(f) {
		return
	}
	t.text(indent, page.Plain, f.What)
	if !strings.Contains(f.What, f.Where) {
		t.text(indent, page.Dim, f.Where)
	}
}

// told reports whether the failure is that of its change or of a part.
func (s *Step) told(f *event.Failure) bool {
	return s.detail != nil && s.detail.done.Failure != nil && s.detail.done.Failure.What == f.What || s.toldBelow(f)
}

// toldBelow reports whether the failure is that of a part.
func (s *Step) toldBelow(f *event.Failure) bool {
	for _, c := range s.children {
		if c.detail != nil && c.detail.done.Failure != nil && (c.detail.done.Failure.What == f.What || c.toldBelow(f)) {
			return true
		}
	}
	return false
}

// parts prints the steps of a block or call, or the items of a loop.
func (t *tree) parts(s *Step, indent int) {
	shown := s.visible(t.live)
	column := 0
	for _, c := range shown {
		column = max(column, len(c.shown()))
	}
	column = indent + 2 + min(column, mostID+8) + 2
	if s.gone > 0 {
		t.text(indent, page.Dim, page.Counted(s.gone, "item")+" passed")
	}
	for _, c := range shown {
		t.head(c, indent, column)
		t.body(c, indent+4)
	}
	if left := len(s.children) - len(shown); left > 0 && !s.Plan.Loop && t.live {
		t.text(indent, page.Dim, ". "+more(left, ""))
	}
}

// visible are the parts that are shown: of a loop its items, not the steps of
// the plan that they are made of.
func (s *Step) visible(live bool) []*Step {
	var out []*Step
	pending := 0
	for _, c := range s.children {
		if c.State == event.NotRun {
			if s.Plan.Loop || !live || pending == 3 {
				continue
			}
			pending++
		}
		out = append(out, c)
	}
	return out
}
