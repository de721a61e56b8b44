package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	lab    *lab.Lab
	env    *environment.Environment
	folder string    // for files of the playbook; it is gone with the scene
	began  time.Time // the fault is injected
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
	folder := ""
	if err == nil {
		folder, err = os.MkdirTemp("", "runbook-rehearsal-")
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	l.Clock().SetSpeed(pace)
	return &scene{lab: l, env: env, folder: folder, began: l.Clock().Now()}, nil
}

func (s *scene) close() {
	s.lab.Close()
	_ = os.RemoveAll(s.folder)
}

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
	made     []bool // of each fault in time: whether its moment came
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
	hooks := &hooks{Writer: w, scene: s, steps: addressesOf(p.plan), moments: p.moments, made: make([]bool, len(p.moments))}
	for i, m := range p.moments {
		if m.Step == "" {
			defer s.lab.Clock().After(m.After, func() { hooks.make(i) })()
		}
	}
	out.finished = run.Run(ctx, run.Options{
		Plan: p.plan, Inputs: p.inputs, Environment: s.env, Header: h, Journal: hooks, Clock: s.lab.Clock(),
		Clients: clients, Person: p.person, DryRun: p.dry, Yes: p.yes,
	}, stop)
	var failed error
	out.made, failed = hooks.end()
	if err := clients.Close(); err != nil {
		failed = errors.Join(failed, fmt.Errorf("close the clients: %w", err))
	}
	return out, errors.Join(failed, w.Close())
}

func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "nobody"
}
