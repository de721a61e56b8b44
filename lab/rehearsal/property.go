package rehearsal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
)

// control is what is played once for several rehearsals of a playbook.
type control struct {
	once sync.Once
	also []Property
	err  error
}

// always checks what is checked without being written.
func (p *player) always(ctx context.Context, r *Result, s *scene, inputs map[string]any) error {
	if err := p.dryRun(ctx, r, inputs); err != nil {
		return err
	}
	if err := p.again(ctx, r, s, inputs); err != nil {
		return err
	}
	shared, err := p.shared(ctx, r, inputs)
	if err != nil {
		return err
	}
	r.Also = append(r.Also, shared...)
	p.secrets(r, s)
	return ctx.Err()
}

// dryRun plays a dry run against the same fault: it must change nothing, and
// announce what the run changed.
func (p *player) dryRun(ctx context.Context, r *Result, inputs map[string]any) error {
	s, err := open(ctx, &p.Options, r.Seed, 0)
	if err != nil {
		return err
	}
	defer s.close()
	h := r.Rehearsal
	if err := s.spoil(ctx, h.Fault, h.Settle); err != nil {
		return err
	}
	dry, err := s.run(ctx, play{plan: r.Subject.Plan, inputs: inputs, dry: true})
	if err != nil {
		return err
	}
	nothing := Property{Text: "a dry run before it changed nothing in the lab", Held: true}
	if calls := s.lab.Mutations(); len(calls) > 0 {
		nothing.Held, nothing.Detail = false, fmt.Sprintf("%s was asked for %s", calls[0].Target, calls[0].Name)
	}
	r.Also = append(r.Also, nothing)
	if len(applied(r.Finished)) > 0 && len(h.Moments) == 0 {
		r.Also = append(r.Also, announced(r.Finished, dry.facts))
	}
	return nil
}

// announced says whether each change of a run was previewed by the dry run, or
// stood under a step that it showed as unknown.
func announced(fin event.RunFinished, dry []event.Event) Property {
	shown := map[string]event.State{}
	for _, f := range dry {
		if d, ok := f.Data.(*event.StepFinished); ok {
			shown[withoutItems(f.Path)] = d.State
		}
	}
	var names []string
	for _, c := range applied(fin) {
		if !slices.Contains(names, c.Action) {
			names = append(names, c.Action)
		}
		path := withoutItems(c.Step)
		known := shown[path] == event.Previewed || shown[path] == event.Unknown
		for around := path; !known && strings.Contains(around, "/"); {
			around = around[:strings.LastIndexByte(around, '/')]
			known = shown[around] == event.Unknown || shown[around] == event.Previewed
		}
		if !known {
			return Property{Text: "what changed was in the plan", Detail: fmt.Sprintf("%s at %s was not: the dry run showed it as %q", c.Action, c.Step, shown[path])}
		}
	}
	return Property{Text: "what changed was in the plan: " + strings.Join(names, ", "), Held: true}
}

// again plays a second run right after a run that was done: it must find nothing
// to change.
func (p *player) again(ctx context.Context, r *Result, s *scene, inputs map[string]any) error {
	if r.Finished.ExitCode != 0 || r.Rehearsal.Again {
		return nil
	}
	again := p.playOf(r, s, inputs)
	again.observe, again.moments = nil, nil
	second, err := s.run(ctx, again)
	if err != nil {
		return err
	}
	out := Property{Text: "a second run changed nothing", Held: len(applied(second.finished)) == 0}
	if !out.Held {
		c := applied(second.finished)[0]
		out.Detail = fmt.Sprintf("%s at %s", c.Action, c.Step)
	}
	r.Also = append(r.Also, out)
	return nil
}

// shared plays what is the same for all rehearsals of a playbook with the same
// inputs: the healthy control, and two faults that are not the playbook's.
func (p *player) shared(ctx context.Context, r *Result, inputs map[string]any) ([]Property, error) {
	key := r.Subject.Name + fmt.Sprint(r.Seed, schema.Brief(inputs), r.Rehearsal.Also)
	p.mu.Lock()
	c := p.controls[key]
	if c == nil {
		c = &control{}
		p.controls[key] = c
	}
	p.mu.Unlock()
	c.once.Do(func() { c.also, c.err = p.controlled(ctx, r, inputs) })
	return c.also, c.err
}

func (p *player) controlled(ctx context.Context, r *Result, inputs map[string]any) ([]Property, error) {
	var all []Property
	if healthy, ok := leftAlone(r); ok {
		s, out, err := p.elsewhere(ctx, r, inputs, "none")
		if err != nil {
			return nil, err
		}
		s.close()
		one := Property{Text: "a healthy service was left alone", Held: len(applied(out.finished)) == 0 || !healthy}
		if !one.Held {
			one.Detail = fmt.Sprintf("%s at %s", applied(out.finished)[0].Action, applied(out.finished)[0].Step)
		}
		all = append(all, one)
	}
	wrong := p.wrong(r)
	harm := Property{Text: "against the wrong faults " + strings.Join(wrong, " and ") + ": no harm", Held: true}
	for _, fault := range wrong {
		detail, err := p.harm(ctx, r, inputs, fault)
		if err != nil {
			return nil, err
		}
		if detail != "" && harm.Held {
			harm.Held, harm.Detail = false, fault+": "+detail
		}
	}
	return append(all, harm), nil
}

// leftAlone says whether a healthy service must be left alone, and whether that
// is to be checked here: a rehearsal of the healthy control says it itself.
func leftAlone(r *Result) (must, check bool) {
	for _, h := range r.Subject.File.Rehearsals {
		if h.Fault.Name == "none" {
			none := h.Expect.Changes != nil && h.Expect.Changes.None
			return none, none && schema.Brief(h.Inputs) != schema.Brief(r.Rehearsal.Inputs) && sameFault(r)
		}
	}
	return true, true
}

// sameFault is whether the rehearsal has no fault at connections as its own, whose
// inputs may mean something only there.
func sameFault(r *Result) bool {
	f, _ := model.Lookup(r.Rehearsal.Fault.Name)
	return !f.AtConnection
}

// wrong are two faults of the service that the playbook is not rehearsed against.
func (p *player) wrong(r *Result) []string {
	if len(r.Rehearsal.Also) > 0 {
		return r.Rehearsal.Also
	}
	mine := map[string]bool{"none": true}
	for _, h := range r.Subject.File.Rehearsals {
		mine[h.Fault.Name] = true
	}
	var others []string
	for _, f := range model.Faults() {
		if !f.AtConnection && !mine[f.Name] {
			others = append(others, f.Name)
		}
	}
	n := int(r.Seed) * 7
	return []string{others[n%len(others)], others[(n+len(others)/2)%len(others)]}
}

// elsewhere plays a run of the playbook against another fault, without anybody
// to answer. The scene is the caller's to close.
func (p *player) elsewhere(ctx context.Context, r *Result, inputs map[string]any, fault string) (*scene, *played, error) {
	known, _ := model.Lookup(fault)
	s, err := open(ctx, &p.Options, r.Seed, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := s.spoil(ctx, lab.Fault{Name: fault}, known.Settles); err != nil {
		s.close()
		return nil, nil, err
	}
	out, err := s.run(ctx, play{plan: r.Subject.Plan, inputs: inputs})
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
func (p *player) harm(ctx context.Context, r *Result, inputs map[string]any, fault string) (string, error) {
	s, out, err := p.elsewhere(ctx, r, inputs, fault)
	if err != nil {
		return "", err
	}
	defer s.close()
	_ = s.lab.Clock().Sleep(ctx, calm)
	passed := s.at()
	alone, err := open(ctx, &p.Options, r.Seed, 0)
	if err != nil {
		return "", err
	}
	defer alone.close()
	if err := alone.spoil(ctx, lab.Fault{Name: fault}, passed); err != nil {
		return "", err
	}
	return worse(alone.lab.State(), s.lab.State(), out.finished), nil
}

// worse says what is worse with the playbook than without it.
func worse(alone, with model.State, fin event.RunFinished) string {
	running := map[string]bool{}
	for _, c := range with.Containers {
		running[c.Name] = c.State == "running"
	}
	for _, c := range alone.Containers {
		if c.State == "running" && !running[c.Name] {
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

// secrets looks for the lab's secrets in all that was written.
func (p *player) secrets(r *Result, s *scene) {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	for _, f := range r.Facts {
		_ = encoder.Encode(f) // a fact is encoded by its journal already
	}
	if p.Render != nil {
		written.Write(p.Render(r.Facts))
	}
	r.Written = written.Len()
	out := Property{Text: "no secret in " + schema.HumanBytes(float64(r.Written)) + " of output", Held: true}
	for i, secret := range s.lab.Secrets() {
		if bytes.Contains(written.Bytes(), []byte(secret)) {
			out.Held, out.Detail = false, fmt.Sprintf("secret %d of the lab stands in it", i+1)
		}
	}
	r.Also = append(r.Also, out)
}
