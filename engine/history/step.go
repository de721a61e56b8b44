package history

import (
	"cmp"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// Step is what is known of a step, of one item of a loop, or of a step of a
// called playbook.
type Step struct {
	Path     event.Path
	Plan     *event.Step // of an item its loop's, of a called playbook's step its path alone
	Phase    event.Phase
	State    event.State
	Started  time.Time
	Duration time.Duration
	Attempts int
	Met      bool
	Skipped  string          // why it did not run
	Title    string          // with the values that it is made of; "" of one without, and before it starts
	Brief    string          // its action with resolved parameters
	Goals    []Goal          // of a step with remedies
	Effect   string          // of a step with remedies: the title of the one that was effective
	Items    *event.Expanded // of a loop
	Parent   *Step
	Parts    []*Step
	Detail   *Detail // nil before it begins, and once what holds it is final
}

// Goal is an item of a goal over the remedies.
type Goal struct {
	That, Name string
	Sides      *event.Comparison
	First      Value
	After      []Value // after each remedy that was tried
	Held       bool
	By         int // the remedy after which it held
}

// Value is what was seen, and the number that it is; "" where it was not evaluated.
type Value struct {
	Text   string
	Number *event.Number
}

// Detail is what came about in a step while it ran.
type Detail struct {
	Started  event.StepStarted
	Skipped  *event.StepSkipped
	Checks   []*event.Check // the last verdict on each condition
	Remedies []*event.Remedy
	Shown    *event.Shown // nil: nothing
	Done     event.StepFinished
	Summary  string
	Applied  action.Applied // "" before an outcome
	Live     Live
}

// Live is what changes while a step runs.
type Live struct {
	Progress *event.Progress
	Poll     *event.Poll
	Until    time.Time // when the time of Poll ends
	Retry    *event.Retry
}

// IsLoop reports whether the step is a loop, and not one of its items.
func (s *Step) IsLoop() bool { return s.Plan.Loop && !s.Path.IsItem() }

// IsContainer reports whether the step is what its parts make of it.
func (s *Step) IsContainer() bool {
	switch s.Plan.Kind {
	case event.KindBlock, event.KindRemedies, event.KindCall:
		return true
	}
	return s.IsLoop()
}

// Item is how an item of a loop is called; "" for what is none.
func (s *Step) Item() string {
	if s.Parent == nil {
		return ""
	}
	return s.Parent.Items.Name(s.Path)
}

// Name is the step's title, else its action with its parameters.
func (s *Step) Name() string {
	switch {
	case s.Title != "" || s.Plan.Title != "":
		return cmp.Or(s.Title, s.Plan.Title)
	case s.Brief != "":
		return s.Brief
	}
	return cmp.Or(s.Plan.Name(), s.Plan.Action)
}

// Told reports whether the failure is that of its change or of a part.
func (s *Step) Told(f *event.Failure) bool {
	return s.Detail != nil && s.Detail.Done.Failure != nil && s.Detail.Done.Failure.What == f.What || s.ToldBelow(f)
}

// ToldBelow reports whether the failure is that of a part.
func (s *Step) ToldBelow(f *event.Failure) bool {
	for _, c := range s.Parts {
		if c.Detail != nil && c.Told(f) {
			return true
		}
	}
	return false
}

// Final reports whether a step in that state is over.
func Final(s event.State) bool {
	switch s {
	case "", event.NotRun, event.Running, event.Waiting, event.InDoubt:
		return false
	}
	return true
}

// apply takes a fact about a step that began.
func (s *Step) apply(e event.Event) {
	d := s.Detail
	switch x := e.Data.(type) {
	case *event.StepStarted:
		d.Started = *x
		s.Title = cmp.Or(x.Title, s.Title)
		if x.Brief != "" {
			s.Brief = x.Brief
		}
		if x.Phase != "" {
			s.Phase = x.Phase
		}
	case *event.StepSkipped:
		d.Skipped, s.Skipped = x, x.Reason
	case *event.Expanded:
		s.Items = x
	case *event.Check:
		s.check(x)
	case *event.Remedy:
		s.judged(x)
	case *event.StepFinished:
		d.Done, s.Met, s.Duration = *x, x.Met, x.Duration
		s.Title = cmp.Or(x.Title, s.Title)
		if x.Summary != "" {
			d.Summary = x.Summary
		}
		d.Live = Live{}
	default:
		s.Attempts = max(s.Attempts, e.Attempt)
		d.act(e)
	}
}

// act takes what an action does in a step.
func (d *Detail) act(e event.Event) {
	switch x := e.Data.(type) {
	case *event.Intent:
		d.Live.Retry = nil
	case *event.Outcome:
		d.Applied, d.Summary, d.Done.Failure = x.Applied, x.Summary, x.Failure
	case *event.Settled:
		d.Applied = x.Applied
	case *event.Result:
		d.Summary = x.Summary
	case *event.Shown:
		d.Shown = x
	case *event.Retry:
		d.Live.Retry = x
	case *event.Progress:
		d.Live.Progress = x
	case *event.Poll:
		d.Live.Poll, d.Live.Until = x, e.Time.Add(x.Left)
	}
}

// check keeps the last verdict on a condition, and what a goal was at first.
func (s *Step) check(c *event.Check) {
	d := s.Detail
	d.Live.Poll = nil
	if c.Kind == "goal" && s.Plan.Kind == event.KindRemedies {
		s.trace(c)
	}
	for i, old := range d.Checks {
		if old.That == c.That && (old.Kind == c.Kind || old.Kind == "pre") {
			d.Checks[i] = c
			return
		}
	}
	d.Checks = append(d.Checks, c)
}

func (s *Step) trace(c *event.Check) {
	for i := range s.Goals {
		if s.Goals[i].That == c.That {
			s.Goals[i].Held = c.Verdict == event.Held
			return
		}
	}
	first := Value{c.Seen, c.Number}
	if c.Error != "" {
		first = Value{}
	}
	s.Goals = append(s.Goals, Goal{That: c.That, Sides: c.Sides, First: first, Held: c.Verdict == event.Held})
}

// judged keeps the verdict on a remedy and the goal after it.
func (s *Step) judged(m *event.Remedy) {
	s.Detail.Remedies = append(s.Detail.Remedies, m)
	if m.Verdict == "effective" {
		s.Effect = m.Title
	}
	for _, g := range m.Goal {
		for i := range s.Goals {
			t := &s.Goals[i]
			if t.That != g.That {
				continue
			}
			t.Name, t.Held = g.Name, g.Held
			t.After = append(t.After, Value{g.After, g.Is})
			if g.Held && t.By == 0 {
				t.By = m.Index
			}
		}
	}
}
