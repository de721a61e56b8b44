package rehearsal

import (
	"slices"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/plan"
)

// Coverage is what the rehearsals of a playbook reached.
type Coverage struct {
	Subject                   *Subject
	Steps, Branches, Remedies Ratio
	Never                     []Place
	Idle                      []Place // stubs of the file that no rehearsal called; none while one is left out
}

// All is how many steps, branches and remedies were reached.
func (c *Coverage) All() Ratio { return c.Steps.Plus(c.Branches).Plus(c.Remedies) }

// Ratio is how many of all were reached.
type Ratio struct{ Reached, All int }

// Percent is the share in per cent; 100 of none.
func (r Ratio) Percent() float64 {
	if r.All == 0 {
		return 100
	}
	return 100 * float64(r.Reached) / float64(r.All)
}

// Plus is r and o together.
func (r Ratio) Plus(o Ratio) Ratio { return Ratio{r.Reached + o.Reached, r.All + o.All} }

// Place is a part of a playbook: what it is, and where it stands.
type Place struct {
	What  string `json:"what"`
	Where string `json:"where"`
}

// tally is what was seen of a step over all rehearsals.
type tally struct {
	run, skipped, met, failed, helped bool
}

// cover says what the runs of the rehearsals of a subject reached.
func cover(s *Subject, results []*Result) *Coverage {
	c := &Coverage{Subject: s}
	seen := map[event.Path]*tally{}
	for _, r := range results {
		if r.Subject == s {
			count(seen, r.Facts)
		}
	}
	c.Idle = idle(s, results)
	a := addressesOf(s.Plan)
	for _, step := range s.Plan.All() {
		t := seen[a.of[step]]
		if t == nil {
			t = &tally{}
		}
		if step.Body != plan.BodyBlock || step.Remedy > 0 {
			c.add(step, t)
		}
		if step.When != nil {
			c.branch(t.run, step.Path+", taken", step.When.Place)
			c.branch(t.skipped, step.Path+", not taken", step.When.Place)
		}
		if step.Body == plan.BodyRemedies {
			c.branch(t.met, step.Path+", goal already held", step.Place)
			c.branch(t.helped, step.Path+", a remedy helped", step.Place)
			c.branch(t.failed, step.Path+", no remedy helped", step.Place)
		}
	}
	return c
}

// idle are the stubs of a file that none of its rehearsals called.
func idle(s *Subject, results []*Result) (places []Place) {
	for _, one := range s.File.Stubs {
		played, unused := 0, true
		for _, r := range results {
			if r.Subject == s {
				played, unused = played+1, unused && slices.Contains(r.idle, one)
			}
		}
		if unused && played == len(s.File.Rehearsals) {
			places = append(places, Place{one.Text, s.File.Source.Name + ":" + one.Place.Start.String()})
		}
	}
	return places
}

func (c *Coverage) add(step *plan.Step, t *tally) {
	to := &c.Steps
	if step.Remedy > 0 {
		to = &c.Remedies
	}
	to.All++
	if t.run {
		to.Reached++
	} else {
		c.Never = append(c.Never, Place{step.Path, step.Place})
	}
}

func (c *Coverage) branch(reached bool, what, where string) {
	c.Branches.All++
	if reached {
		c.Branches.Reached++
	} else {
		c.Never = append(c.Never, Place{what, where})
	}
}

// count adds what a run reached: each step, of a loop any of its items.
func count(seen map[event.Path]*tally, facts []event.Event) {
	for s := range history.Of(facts).All {
		path := s.Path.Plain()
		t := seen[path]
		if t == nil {
			t = &tally{}
			seen[path] = t
		}
		t.run = t.run || s.State != event.NotRun && s.State != event.Skipped
		t.skipped = t.skipped || s.Skipped == "when"
		t.met = t.met || s.Met
		t.failed = t.failed || s.State == event.Failed
		t.helped = t.helped || s.Effect != ""
	}
}
