package report

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// tree prints steps: a line each, and under it what belongs to it.
type tree struct {
	*page
	run  *Run
	live bool // it may be redrawn: running steps show how far they are
	dry  bool
}

// The columns of a step: its address, then its title.
const (
	leastID = 9
	mostID  = 16
)

func newTree(p *page, r *Run, live bool) *tree {
	return &tree{page: p, run: r, live: live, dry: r.Header.DryRun}
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
	l := (&line{}).pad(indent, 0)
	t.add(l, style, sign+" ")
	t.add(l, bold, s.shown()).pad(column, 2)
	end := t.headEnd(s)
	title := t.line(plain, s.title())
	room := t.width - l.width - 2
	if end.width > 0 {
		room -= end.width
	}
	if room < 12 && title.width > room {
		t.put(l)
		t.put((&line{}).pad(indent+4, 0).join(title))
		if end.width > 0 {
			t.put((&line{}).pad(t.width-end.width, 0).join(end))
		}
		return
	}
	l.join(t.cut(title, room))
	if end.width > 0 {
		l.pad(t.width-end.width, 2).join(end)
	}
	t.put(l)
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
func (t *tree) headEnd(s *Step) *line {
	l := &line{}
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
		text = word(s.State)
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
		text, took = word(s.State), ""
	default:
		text = word(s.State)
	}
	t.add(l, style, text)
	if took != "" {
		if l.width > 0 {
			l.pad(l.width+3, 0)
		}
		t.add(l, plain, took)
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
		t.text(indent, plain, spread(d.summary))
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
func (t *tree) text(indent int, s style, text string) {
	for _, part := range wrap(text, t.width-indent) {
		l := (&line{}).pad(indent, 0)
		t.put(t.add(l, s, part))
	}
}

// doing shows the action that runs and how far it is.
func (t *tree) doing(s *Step, indent int) {
	d := s.detail
	if s.Plan.Title != "" && d.started.Action != "" && d.started.Brief != s.title() {
		t.text(indent, dim, d.started.Brief)
	}
	if p := d.live.progress; p != nil {
		l := (&line{}).pad(indent, 0)
		if p.Progress.Total > 0 {
			t.add(l, plain, fmt.Sprintf("%d of %d   ", p.Done, p.Progress.Total))
		}
		t.add(l, plain, p.Note)
		left := ""
		if p.Total > 0 {
			left = coarseLeft(p.Total - t.now.Sub(s.Started))
		}
		t.right(t.cut(l, t.width), dim, left)
	}
	if r := d.live.retry; r != nil {
		t.text(indent, yellow, fmt.Sprintf("attempt failed: %s; again in %s", failureText(r.Failure), schema.HumanDuration(r.Delay)))
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
	l := (&line{}).pad(indent, 0)
	left, operator, right, simple := compared(p.That)
	if simple {
		t.add(l, plain, fmt.Sprintf("now %s, waiting for %s %s", orNothing(humanUnit(lastName(left), p.Seen)), operator, right))
	} else {
		t.add(l, plain, fmt.Sprintf("now %s, waiting for %s", orNothing(bare(p.Seen, p.That)), p.That))
	}
	if p.Every != "" {
		t.add(l, plain, ", observed every "+p.Every)
	}
	t.right(l, dim, coarseLeft(p.Left))
}

// failure says why a step failed where no check says it.
func (t *tree) failure(s *Step, indent int) {
	f := s.detail.done.Failure
	if f == nil || s.detail.done.Check != nil || s.toldBelow(f) {
		return
	}
	t.text(indent, plain, f.What)
	if !strings.Contains(f.What, f.Where) {
		t.text(indent, dim, f.Where)
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
		t.text(indent, dim, counted(s.gone, "item")+" passed")
	}
	for _, c := range shown {
		t.head(c, indent, column)
		t.body(c, indent+4)
	}
	if left := len(s.children) - len(shown); left > 0 && !s.Plan.Loop && t.live {
		t.text(indent, dim, ". "+more(left, ""))
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
