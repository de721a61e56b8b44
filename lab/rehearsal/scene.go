package rehearsal

import (
	"context"
	"fmt"
	"os/user"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/redact"
	"runbook/engine/run"
	"runbook/lab"
	"runbook/lab/clock"
)

// epoch is when every lab begins, on a Monday.
var epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// history is how long a lab has run before anything happens in it.
const history = 5 * time.Minute

// scene is a lab in which runs are played.
type scene struct {
	lab   *lab.Lab
	env   *environment.Environment
	began time.Time // the fault is injected
}

// open starts a lab with a healthy service.
func open(ctx context.Context, o *Options, seed uint64, pace float64) (*scene, error) {
	l, err := lab.Start(lab.Options{Seed: seed, Clock: clock.Step(epoch, 0), Rules: o.Rules, History: history})
	if err != nil {
		return nil, err
	}
	env, found, err := l.Environment(o.Kinds)
	if err == nil && found.Errors() > 0 {
		err = fmt.Errorf("the lab's environment is not valid: %s", found[0])
	}
	if err == nil {
		err = env.Resolve(ctx)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	l.Clock().SetSpeed(pace)
	return &scene{lab: l, env: env, began: l.Clock().Now()}, nil
}

func (s *scene) close() { s.lab.Close() }

// at is the lab's time since the fault.
func (s *scene) at() time.Duration { return s.lab.Clock().Now().Sub(s.began) }

// spoil injects the fault of a rehearsal and lets its symptoms come.
func (s *scene) spoil(ctx context.Context, fault lab.Fault, settle time.Duration) error {
	s.began = s.lab.Clock().Now()
	if err := s.lab.Inject(fault); err != nil {
		return err
	}
	return s.lab.Forward(ctx, settle)
}

// play is how a run is played.
type play struct {
	plan    *plan.Plan
	inputs  map[string]any
	person  run.Person
	dry     bool
	yes     bool
	moments []Injection
	observe func(event.Event)
}

// played is a run that has ended.
type played struct {
	finished event.RunFinished
	facts    []event.Event
}

// run plays a run in the lab to its end.
func (s *scene) run(ctx context.Context, p play) (*played, error) {
	w := journal.Memory(journal.Options{Redactor: redact.New(s.env.Secrets...), Now: s.lab.Clock().Now})
	out := &played{}
	var mu sync.Mutex
	w.Subscribe(func(e event.Event) {
		mu.Lock()
		if !e.Type.Transient() {
			out.facts = append(out.facts, e)
		}
		mu.Unlock()
		if p.observe != nil {
			p.observe(e)
		}
	})
	h := event.RunCreated{
		Schema: 1, Run: w.Run(), Playbook: p.plan.Name, Title: p.plan.Title, Engine: "rehearsal", User: userName(), Host: "lab",
		Environment: event.Environment{Name: s.env.Name, ByFlag: true}, Assumes: p.plan.Assumes, Expected: p.plan.Expected,
		SeeAlso: p.plan.SeeAlso, DryRun: p.dry, Command: event.Command{Playbook: p.plan.Name, Flags: []string{"--env", "lab"}},
	}
	for _, t := range s.env.Targets {
		h.Environment.Targets = append(h.Environment.Targets, event.Target{Name: t.Name, Kind: t.Kind, Address: t.Address, Notes: t.Notes})
	}
	clients := action.NewClients()
	stop := make(chan run.Signal)
	hooks := &hooks{Writer: w, scene: s, ctx: ctx, moments: p.moments}
	for _, i := range p.moments {
		if i.Step == "" {
			defer s.lab.Clock().After(i.After, func() { hooks.make(i) })()
		}
	}
	out.finished = run.Run(ctx, run.Options{
		Plan: p.plan, Inputs: p.inputs, Environment: s.env, Header: h, Journal: hooks, Clock: s.lab.Clock(),
		Clients: clients, Person: p.person, DryRun: p.dry, Yes: p.yes,
	}, stop)
	if err := clients.Close(); err != nil && hooks.err == nil {
		hooks.err = fmt.Errorf("close the clients: %w", err)
	}
	if err := w.Close(); err != nil && hooks.err == nil {
		hooks.err = err
	}
	return out, hooks.err
}

func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "nobody"
}

// hooks is a journal that injects faults before and after attempts of steps.
type hooks struct {
	*journal.Writer
	scene   *scene
	ctx     context.Context
	moments []Injection

	mu       sync.Mutex
	made     map[int]bool
	attempts map[string]int // of reads, by path
	err      error
}

// Append injects what stands before the fact, appends it, and injects what
// stands after it.
func (h *hooks) Append(e *event.Event) error {
	h.around(e, true)
	err := h.Writer.Append(e)
	h.around(e, false)
	return err
}

func (h *hooks) around(e *event.Event, before bool) {
	attempt, ok := h.attempt(e, before)
	if !ok {
		return
	}
	for i, m := range h.moments {
		if m.Step == "" || m.Before != before || m.Attempt != attempt || m.Step != e.Path && m.Step != withoutItems(e.Path) {
			continue
		}
		h.mu.Lock()
		first := !h.made[i]
		if h.made == nil {
			h.made = map[int]bool{}
		}
		h.made[i] = true
		h.mu.Unlock()
		if first {
			h.make(m)
		}
	}
}

// attempt says which attempt of its step a fact begins or ends.
func (h *hooks) attempt(e *event.Event, before bool) (int, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch d := e.Data.(type) {
	case *event.Intent:
		return max(1, e.Attempt), before
	case *event.Outcome:
		return max(1, e.Attempt), !before
	case *event.StepStarted:
		if h.attempts == nil {
			h.attempts = map[string]int{}
		}
		if !before || d.Effect != action.Read {
			return 0, false
		}
		h.attempts[e.Path]++
		return h.attempts[e.Path], true
	case *event.Result:
		return max(1, e.Attempt), !before
	}
	return 0, false
}

// make injects or heals.
func (h *hooks) make(i Injection) {
	var err error
	if i.Heal != "" {
		err = h.scene.lab.Heal(i.Heal)
	} else {
		err = h.scene.lab.Inject(i.Fault)
	}
	if err != nil {
		h.mu.Lock()
		h.err = err
		h.mu.Unlock()
	}
}
