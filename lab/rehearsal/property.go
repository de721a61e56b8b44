package rehearsal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
	"runbook/lab/stub"
)

// control is what is played once for several rehearsals of a playbook.
type control struct {
	once sync.Once
	also []Property
	err  error
}

// always checks what is checked without being written.
func (p *player) always(ctx context.Context, r *Result, s *scene, inputs map[string]any) error {
	written := [][]event.Event{r.Facts}
	dry, err := p.dryRun(ctx, r)
	if err != nil {
		return err
	}
	written = append(written, dry)
	if r.Finished.ExitCode == event.EndDone.Code() && !r.Rehearsal.Again.Set() {
		again, err := p.again(ctx, r, s, inputs)
		if err != nil {
			return err
		}
		written = append(written, again)
	}
	shared, err := p.shared(ctx, r)
	if err != nil {
		return err
	}
	r.Also = append(r.Also, shared...)
	p.secrets(r, s.lab.Secrets(), written)
	return ctx.Err()
}

// dryRun plays a dry run against the same fault: it must change nothing, and
// announce what the run changed. It returns its facts.
func (p *player) dryRun(ctx context.Context, r *Result) ([]event.Event, error) {
	h := r.Rehearsal
	s, err := p.spoiled(ctx, r, h.Fault, h.Settle)
	if err != nil {
		return nil, err
	}
	defer s.close()
	inputs, err := h.inputsIn(ctx, s)
	if err != nil {
		return nil, err
	}
	before := len(s.lab.Mutations())
	dry, err := s.run(ctx, play{plan: r.Subject.Plan, inputs: inputs, dry: true, setting: h.Setting})
	if err != nil {
		return nil, err
	}
	unused := s.stubs.Unused(r.idle)
	r.idle = slices.DeleteFunc(r.idle, func(one *stub.Stub) bool { return !slices.Contains(unused, one) }) // it read what the run had no need of
	asked := ""
	if calls := s.lab.Mutations()[before:]; len(calls) > 0 {
		asked = fmt.Sprintf("%s was asked for %s", calls[0].Target, calls[0].Name)
	} else if n, last, _ := s.stubs.Effects(); n > 0 {
		asked = "the stub of " + last + " changed the lab"
	}
	r.Also = append(r.Also, unless(asked, "a dry run before it changed nothing in the lab"))
	if len(r.Finished.Changes) > 0 && len(h.Faults) == 0 {
		r.Also = append(r.Also, announced(r.Finished, dry.facts, addressesOf(r.Subject.Plan)))
	}
	return dry.facts, nil
}

// spoiled opens a scene of its own in which a fault has had time to show.
func (p *player) spoiled(ctx context.Context, r *Result, fault lab.Fault, settle time.Duration) (*scene, error) {
	s, err := open(&p.Options, r, 0)
	if err != nil {
		return nil, err
	}
	if err := s.spoil(ctx, fault, settle); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// unless is a property that holds if there is nothing to say against it.
func unless(detail, text string) Property { return Property{text, detail == "", detail} }

// changed names the first change of a run; "" of none.
func (p *played) changed() string {
	if len(p.finished.Changes) == 0 {
		return ""
	}
	first := p.finished.Changes[0]
	return fmt.Sprintf("%s at %s", first.Action, first.Step)
}

// announced says whether each change of a run was previewed by the dry run, or
// stood under a step that it showed as unknown.
func announced(fin event.RunFinished, dry []event.Event, a *addresses) Property {
	shown := history.Of(dry)
	var names []string
	for _, c := range fin.Changes {
		if !slices.Contains(names, c.Action) {
			names = append(names, c.Action)
		}
		if got := foreseen(shown, c, a); got != event.Previewed && got != event.Unknown {
			return Property{Text: "what changed was in the plan", Detail: fmt.Sprintf("%s at %s was not: the dry run showed it as %s", c.Action, c.Step, got)}
		}
	}
	return Property{Text: "what changed was in the plan: " + strings.Join(names, ", "), Held: true}
}

// foreseen is how a dry run showed the step of a change: itself; of a list that was not
// known yet the first item in place of all; else what holds it, if that was unknown. What
// undoes a step is foreseen with that: its preview is of both.
func foreseen(shown *history.Run, c event.Change, a *addresses) event.State {
	if s := shown.Known(c.Step); s != nil && s.State != event.NotRun {
		return s.State
	}
	plain := c.Step.Plain()
	got := event.NotRun
	for s := range shown.All {
		if s.Path.Plain() == plain && (s.State == event.Unknown || got != event.Unknown && s.State == event.Previewed) {
			got = s.State
		}
	}
	for around := plain; got == event.NotRun && around != ""; around = a.around(around) {
		if s := shown.Known(around); s != nil && (s.State == event.Unknown || c.Phase == event.Undo && s.State == event.Previewed) {
			got = s.State
		}
	}
	return got
}

// again plays a second run right after a run that was done: it must find nothing
// to change. It returns its facts.
func (p *player) again(ctx context.Context, r *Result, s *scene, inputs map[string]any) ([]event.Event, error) {
	act := p.playOf(r, s, inputs)
	act.observe, act.moments = nil, nil
	second, err := s.run(ctx, act)
	if err != nil {
		return nil, err
	}
	r.Also = append(r.Also, unless(second.changed(), "a second run changed nothing"))
	return second.facts, nil
}

// shared plays what is the same for all rehearsals of a playbook with the same
// inputs: the healthy control, and two faults that are not the playbook's.
func (p *player) shared(ctx context.Context, r *Result) ([]Property, error) {
	given, err := r.Rehearsal.given()
	if err != nil {
		return nil, err
	}
	wrong, healthy := p.wrong(r), mustLeaveAlone(r)
	key := fmt.Sprint(r.Subject.Name, r.Seed, given, wrong, healthy, placesOf(r.Rehearsal.Stubs))
	p.mu.Lock()
	c := p.controls[key]
	if c == nil {
		c = &control{}
		p.controls[key] = c
	}
	p.mu.Unlock()
	c.once.Do(func() {
		if healthy {
			c.err = p.healthy(ctx, c, r)
		}
		if c.err == nil && len(wrong) > 0 {
			c.err = p.harmless(ctx, c, r, wrong)
		}
	})
	return c.also, c.err
}

// placesOf tells stubs apart from those of other rehearsals of the file.
func placesOf(stubs []*stub.Stub) (places []diag.Span) {
	for _, s := range stubs {
		places = append(places, s.Place)
	}
	return places
}

// healthy plays the healthy control: nothing may be changed.
func (p *player) healthy(ctx context.Context, c *control, r *Result) error {
	s, out, err := p.elsewhere(ctx, r, noFault)
	if err != nil {
		return err
	}
	s.close()
	c.also = append(c.also, unless(out.changed(), "a healthy service was left alone"))
	return nil
}

// harmless plays the playbook against faults that it is not for.
func (p *player) harmless(ctx context.Context, c *control, r *Result, wrong []string) error {
	first := ""
	for _, fault := range wrong {
		detail, err := p.harm(ctx, r, fault)
		if err != nil {
			return err
		}
		if detail != "" && first == "" {
			first = fault + ": " + detail
		}
	}
	c.also = append(c.also, unless(first, "against the wrong faults "+strings.Join(wrong, " and ")+": no harm"))
	return nil
}

// mustLeaveAlone says whether the inputs of a rehearsal are played against a
// healthy service too. Where the playbook has a rehearsal of the healthy control,
// that one says what may change; with its inputs it has said so already. Inputs
// of a fault at a connection may mean something only there, as do stubs of a rehearsal.
func mustLeaveAlone(r *Result) bool {
	if f, _ := r.Subject.File.fault(r.Rehearsal.Fault.Name); f.AtConnection() || len(r.Rehearsal.Stubs) > 0 || r.Rehearsal.Fault.Name == noFault {
		return false
	}
	for _, h := range r.Subject.File.Rehearsals {
		if h.Fault.Name == noFault {
			none := h.Expect.Changes != nil && h.Expect.Changes.None.Set()
			return none && !sameInputs(h, r.Rehearsal)
		}
	}
	return true
}

// sameInputs is whether two rehearsals give the playbook the same.
func sameInputs(a, b *Rehearsal) bool {
	first, failed := a.given()
	second, err := b.given()
	return failed == nil && err == nil && first == second
}

// given are the inputs of a rehearsal as they are written: two with the same text
// give the playbook the same.
func (h *Rehearsal) given() (string, error) {
	all := maps.Clone(h.Inputs)
	for name, t := range h.texts {
		all[name] = t.Source()
	}
	text, err := json.Marshal(schema.Encode(all))
	if err != nil {
		return "", fmt.Errorf("inputs of %q: %w", h.Name, err)
	}
	return string(text), nil
}

// wrong are two faults of the service that the playbook is not rehearsed against.
func (p *player) wrong(r *Result) []string {
	if len(r.Rehearsal.Also) > 0 {
		return texts(r.Rehearsal.Also)
	}
	mine := map[string]bool{noFault: true}
	for _, h := range r.Subject.File.Rehearsals {
		mine[h.Fault.Name] = true
	}
	others := slices.DeleteFunc(serviceFaults(), func(name string) bool { return mine[name] })
	if len(others) < 2 {
		return others
	}
	n := len(others)
	first := int(r.Seed * 7 % uint64(n))
	return []string{others[first], others[(first+n/2)%n]}
}

// elsewhere plays a run of the playbook against another fault, without anybody
// to answer. The scene is the caller's to close.
func (p *player) elsewhere(ctx context.Context, r *Result, fault string) (*scene, *played, error) {
	known, _ := r.Subject.File.fault(fault)
	s, err := p.spoiled(ctx, r, lab.Fault{Name: fault}, known.Settles)
	if err != nil {
		return nil, nil, err
	}
	var out *played
	inputs, err := r.Rehearsal.inputsIn(ctx, s)
	if err == nil {
		out, err = s.run(ctx, play{plan: r.Subject.Plan, inputs: inputs})
	}
	if err != nil {
		s.close()
		return nil, nil, err
	}
	return s, out, nil
}

// calm is how long after a run its harm is judged: a restart is over by then.
const calm = 2 * time.Minute

// harm plays the playbook against a fault that it is not for, and says what it
// made worse than it was without it; "" for nothing.
func (p *player) harm(ctx context.Context, r *Result, fault string) (string, error) {
	s, out, err := p.elsewhere(ctx, r, fault)
	if err != nil {
		return "", err
	}
	defer s.close()
	stubbed, _, _ := s.stubs.Effects()
	if len(out.finished.Changes)+len(s.lab.Mutations())+stubbed == 0 {
		return "", nil
	}
	if err := s.lab.Clock().Sleep(ctx, calm); err != nil {
		return "", err
	}
	alone, err := p.spoiled(ctx, r, lab.Fault{Name: fault}, s.at())
	if err != nil {
		return "", err
	}
	defer alone.close()
	return worse(alone.lab.State(), s.lab.State(), out.finished), nil
}

// worse says what is worse with the playbook than without it.
func worse(alone, with model.State, fin event.RunFinished) string {
	left := map[string]string{}
	for _, c := range with.Containers {
		left[c.Name] = c.State
	}
	for _, c := range alone.Containers {
		switch state, ok := left[c.Name]; {
		case !ok:
			return "container " + c.Name + " is gone"
		case c.State == "running" && state != "running":
			return "container " + c.Name + " does not run"
		}
	}
	switch {
	case destructive(fin):
		return "something was destroyed without an approval"
	case with.Mongo.Users < alone.Mongo.Users || with.Mongo.Downloads < alone.Mongo.Downloads:
		return "documents are gone"
	case with.Mongo.Tasks < alone.Mongo.Tasks-10:
		return fmt.Sprintf("tasks are gone: %d of %d are left", with.Mongo.Tasks, alone.Mongo.Tasks)
	case len(with.Mongo.MissingIndexes) > len(alone.Mongo.MissingIndexes):
		return "indexes are gone"
	case with.HTTP.Availability < alone.HTTP.Availability-0.1:
		return fmt.Sprintf("availability is %.2f, and %.2f without it", with.HTTP.Availability, alone.HTTP.Availability)
	}
	return ""
}

// secrets looks for the lab's secrets in all that was written of runs.
func (p *player) secrets(r *Result, secrets []string, runs [][]event.Event) {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	for _, facts := range runs {
		for _, f := range facts {
			_ = encoder.Encode(f) // its journal has encoded it already
		}
		if p.Render != nil {
			written.Write(p.Render(facts))
		}
	}
	r.Written = written.Len()
	told := ""
	for i, secret := range secrets {
		if bytes.Contains(written.Bytes(), []byte(secret)) {
			told = fmt.Sprintf("secret %d of the lab stands in it", i+1)
		}
	}
	r.Also = append(r.Also, unless(told, "no secret in "+schema.HumanBytes(float64(r.Written))+" of output"))
}
