package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/lab/model"
	"runbook/lab/stub"
)

// Play plays the rehearsals of subjects beside each other, each in a lab of its
// own, and judges them. The error is of the context alone; what goes wrong with
// one rehearsal stands in its result.
func Play(ctx context.Context, subjects []*Subject, o Options) (*Report, error) {
	return (&player{Options: o, controls: map[string]*control{}}).play(ctx, subjects)
}

func (p *player) play(ctx context.Context, subjects []*Subject) (*Report, error) {
	began := time.Now()
	report := &Report{}
	slots := make(chan struct{}, parallel(p.Parallel))
	var all sync.WaitGroup
	for _, s := range subjects {
		for _, h := range s.File.Rehearsals {
			if s.Skip != nil && s.Skip(h) {
				continue
			}
			r := &Result{Subject: s, Rehearsal: h, Seed: p.seed(h)}
			report.Results = append(report.Results, r)
			slots <- struct{}{} // they begin in order, the one that is watched without a wait
			all.Go(func() {
				defer func() { <-slots }()
				p.rehearse(ctx, r)
			})
		}
	}
	all.Wait()
	for _, s := range subjects {
		report.Coverage = append(report.Coverage, cover(s, report.Results))
	}
	report.Took = time.Since(began)
	return report, ctx.Err()
}

func parallel(n int) int {
	if n > 0 {
		return n
	}
	return 4
}

// player plays rehearsals.
type player struct {
	Options
	brief bool // without what is checked unwritten, as for a mutant

	watching sync.Mutex // one at a time
	mu       sync.Mutex
	controls map[string]*control
}

func (p *player) seed(h *Rehearsal) uint64 {
	switch {
	case p.Seed != 0:
		return p.Seed
	case h.Seed.Value != 0:
		return uint64(h.Seed.Value)
	}
	return 1
}

func (p *player) moment(r *Result, m Moment) {
	p.watching.Lock()
	defer p.watching.Unlock()
	r.Timeline = append(r.Timeline, m)
	if p.Observer != nil {
		p.Observer.Moment(r, m)
	}
}

// rehearse plays one rehearsal to its end.
func (p *player) rehearse(ctx context.Context, r *Result) {
	began := time.Now()
	if p.Observer != nil {
		p.watching.Lock()
		p.Observer.Began(r)
		p.watching.Unlock()
	}
	if err := p.stage(ctx, r); err != nil {
		r.Err = err
		r.Notes = append(r.Notes, Note{"Ended", err.Error()})
	}
	r.Passed = r.Err == nil
	for _, c := range r.Checks {
		r.Passed = r.Passed && c.Held
	}
	for _, a := range r.Also {
		r.Passed = r.Passed && a.Held
	}
	r.Ending = ending(r)
	if f, ok := r.Subject.File.fault(r.Rehearsal.Fault.Name); ok && !r.Passed && f.Name != noFault {
		r.Notes = append(r.Notes, Note{"The fault", f.Summary + " What helps: " + f.Cure + "."})
	}
	if !r.Passed && p.Keep != nil && len(r.Facts) > 0 {
		id, err := p.Keep(r.Facts)
		if err != nil {
			r.Notes = append(r.Notes, Note{"Its run", "was not kept: " + err.Error()})
		}
		r.Run = id
	}
	r.Took = time.Since(began)
	p.moment(r, Moment{At: r.LabTime, Kind: "finished", Text: r.Ending, Held: r.Passed})
}

// ending is how a rehearsal ended, in a few words.
func ending(r *Result) string {
	e := r.Rehearsal.Expect
	switch {
	case !r.Passed:
		return "failed"
	case r.Finished.State == event.Waiting:
		return "waits, as expected"
	case e.Exit.Value == event.EndRefused.Code(), e.Exit.Value == event.EndLocked.Code():
		return string(r.Finished.State) + ", as expected"
	case e.Exit.Value != event.EndDone.Code():
		return "failed, as expected"
	case r.Changes() == 0:
		return "left alone"
	case len(e.Before) > 0 && len(e.After) > 0:
		return "red to green"
	}
	return "done, as expected"
}

// stage plays the acts of a rehearsal: the fault, the run, what follows.
func (p *player) stage(ctx context.Context, r *Result) error {
	h := r.Rehearsal
	pace := 0.0
	if p.Watch != nil && p.Watch(h) {
		pace = p.Pace
	}
	s, err := open(&p.Options, r, pace)
	if err != nil {
		return err
	}
	defer s.close()
	watch := &watch{}
	p.alerts(r, s, watch)
	if err := p.spoil(ctx, r, s); err != nil {
		return err
	}
	inputs, err := h.inputsIn(ctx, s)
	if err != nil {
		return err
	}
	p.red(ctx, r, s, inputs)
	watch.follow(ctx, r, s, inputs)
	act := p.playOf(r, s, inputs)
	asked, _ := act.person.(*person)
	main, err := s.run(ctx, act)
	if err != nil {
		return err
	}
	r.Facts, r.Finished, r.mistakes = main.facts, main.finished, main.mistakes
	p.green(ctx, r, s, inputs)
	watch.end(r)
	r.LabTime = s.at()
	s.lab.Clock().SetSpeed(0) // nobody watches what is checked from here on
	came(r, main.made)
	stubsCalled(r, s.stubs)
	if asked != nil {
		asked.answers(r)
	}
	p.judge(r)
	if p.brief || ctx.Err() != nil {
		return ctx.Err()
	}
	return p.always(ctx, r, s, inputs)
}

// came checks that the moment of each fault in time came: one that never did
// makes the rehearsal another than it says.
func came(r *Result, made []bool) {
	for i, m := range r.Rehearsal.Faults {
		c := Check{Kind: "faults", Expected: m.String(), Seen: "it came", Held: made[i], Place: m.At.Span()}
		if !c.Held {
			c.Seen = "the run never came there"
		}
		r.Checks = append(r.Checks, c)
	}
}

// stubsCalled checks that each stub of the rehearsal answered something: one that never did
// stands for what the playbook does not do. Those of the file may be for others.
func stubsCalled(r *Result, s *stub.Set) {
	idle := s.Unused(r.Rehearsal.Stubs)
	for _, one := range r.Rehearsal.Stubs {
		c := Check{Kind: "stubs", Expected: "a call of " + one.Text, Seen: "it was called", Held: !slices.Contains(idle, one), Place: one.Place}
		if !c.Held {
			c.Seen = "nothing called it"
		}
		r.Checks = append(r.Checks, c)
	}
	r.idle, r.Lacking = s.Unused(r.Subject.File.Stubs), s.Lacking()
}

// spoil injects the fault and tells what is seen of it.
func (p *player) spoil(ctx context.Context, r *Result, s *scene) error {
	h := r.Rehearsal
	app, http := s.lab.State().App, s.lab.State().HTTP
	p.moment(r, Moment{Kind: "healthy", Held: app.Healthy, Text: fmt.Sprintf("app is %s: memory %s, requests answered in %s",
		health(app.Healthy), schema.HumanPercent(app.MemoryPercent), schema.HumanDuration(time.Duration(http.LatencyMS*float64(time.Millisecond))))})
	if h.Fault.Name != noFault {
		text := "fault " + h.Fault.String() + " is injected"
		if h.Settle > 0 {
			text += "; fast-forward " + schema.HumanDuration(h.Settle)
		}
		p.moment(r, Moment{Kind: "injected", Text: text})
	}
	return s.spoil(ctx, h.Fault, h.Settle)
}

// noFault is the fault of the healthy control.
const noFault = model.NoFault

func health(healthy bool) string {
	if healthy {
		return "healthy"
	}
	return "not healthy"
}

// alerts tells of alerts until the rehearsal was judged.
func (p *player) alerts(r *Result, s *scene, w *watch) {
	s.lab.OnAlert(func(name string, firing bool, at time.Time) {
		if w.ended() {
			return
		}
		kind, text := "alert", "alert "+name+" fires"
		if !firing {
			kind, text = "resolved", "alert "+name+" is resolved"
		}
		p.moment(r, Moment{At: at.Sub(s.began), Kind: kind, Text: text, Held: !firing})
	})
}

// inputsIn are the inputs, with those that read the lab.
func (h *Rehearsal) inputsIn(ctx context.Context, s *scene) (map[string]any, error) {
	if len(h.texts) == 0 {
		return h.Inputs, nil
	}
	inputs := maps.Clone(h.Inputs)
	for name, t := range h.texts {
		v, err := t.Eval(ctx, &values{lab: s.lab.State(), folder: s.folder, inputs: h.Inputs}, expression.Limits{})
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
		inputs[name] = v
	}
	return inputs, nil
}

func (p *player) playOf(r *Result, s *scene, inputs map[string]any) play {
	h := r.Rehearsal
	out := play{plan: r.Subject.Plan, inputs: inputs, yes: h.Yes.Value, moments: h.Faults, setting: h.Setting}
	if len(h.Approve)+len(h.Report) > 0 {
		out.person = &person{scene: s, listed: h}
	}
	if p.Observer != nil {
		out.observe = func(e event.Event) {
			p.watching.Lock()
			defer p.watching.Unlock()
			p.Observer.Fact(r, e)
		}
	}
	return out
}

// red judges the conditions before the run: whether the fault is real.
func (p *player) red(ctx context.Context, r *Result, s *scene, inputs map[string]any) {
	state := s.lab.State()
	for _, c := range r.Rehearsal.Before {
		v := c.judge(ctx, &values{lab: state, folder: s.folder, inputs: inputs})
		r.Checks = append(r.Checks, Check{Kind: "before", Expected: c.Source, Seen: v.seen, Held: v.held, Place: c.Place})
		p.moment(r, Moment{At: s.at(), Kind: "red", Text: c.Source, Held: v.held, Value: v.seen, Place: c.Place})
	}
}

// green waits until the conditions after the run hold, and then for as long as
// they must go on holding.
func (p *player) green(ctx context.Context, r *Result, s *scene, inputs map[string]any) {
	after, e := r.Rehearsal.After, r.Rehearsal.Expect
	if len(after) == 0 {
		return
	}
	last := make([]verdict, len(after))
	look := func() bool {
		state, all := s.lab.State(), true
		for i, c := range after {
			last[i] = c.judge(ctx, &values{lab: state, folder: s.folder, inputs: inputs, run: r.Finished})
			all = all && last[i].held
		}
		return all
	}
	clock := s.lab.Clock()
	until := clock.Now().Add(e.Within.Or(time.Minute))
	held := look()
	for !held && clock.Now().Before(until) && clock.Sleep(ctx, time.Second) == nil {
		held = look()
	}
	until = clock.Now().Add(e.Holds())
	for held && clock.Now().Before(until) && clock.Sleep(ctx, time.Second) == nil {
		held = look()
	}
	for i, c := range after {
		r.Checks = append(r.Checks, Check{Kind: "after", Expected: c.Source, Seen: last[i].seen, Held: last[i].held, Place: c.Place})
		p.moment(r, Moment{At: s.at(), Kind: "green", Text: c.Source, Held: last[i].held, Value: last[i].seen, Place: c.Place})
	}
}
