package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/run"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/docker"
	"runbook/lab/stub"
)

// epoch is when every lab begins, on a Monday.
var epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// warmUp is how long a lab has run before anything happens in it.
const warmUp = 5 * time.Minute

// scene is a lab in which runs are played.
type scene struct {
	lab      *lab.Lab
	launcher *launch.Launcher
	state    *journal.State // for the journals and the locks of its runs
	folder   string         // for files of the playbook
	dir      string         // of both; it is gone with the scene
	began    time.Time      // the fault is injected
	file     *File
	stubs    *stub.Set
}

// open starts a lab of a rehearsal with a healthy service.
func open(o *Options, r *Result, pace float64) (*scene, error) {
	l, err := lab.Start(lab.Options{Seed: r.Seed, Clock: clock.Step(epoch, 0), Rules: o.Rules, History: warmUp, Declared: r.Subject.File.Declared})
	if err != nil {
		return nil, err
	}
	s := &scene{lab: l, launcher: o.Launcher, began: l.Clock().Now(), file: r.Subject.File}
	s.stubs = stub.New(l, r.Subject.File.Source.Name, slices.Concat(r.Rehearsal.Stubs, r.Subject.File.Stubs)...)
	if err := s.folders(); err != nil {
		s.close()
		return nil, err
	}
	l.Clock().SetSpeed(pace)
	return s, nil
}

func (s *scene) folders() (err error) {
	if s.dir, err = os.MkdirTemp("", "runbook-rehearsal-"); err != nil {
		return err
	}
	if s.state, err = journal.Open(filepath.Join(s.dir, "state")); err != nil {
		return err
	}
	s.folder = filepath.Join(s.dir, "files")
	return os.Mkdir(s.folder, 0o700)
}

func (s *scene) close() {
	s.lab.Close()
	_ = os.RemoveAll(s.dir)
}

// environment is that of the lab, for one run.
func (s *scene) environment() (*environment.Environment, error) {
	env, found, err := s.lab.Environment(s.launcher.Registry)
	if err == nil && found.Errors() > 0 {
		err = fmt.Errorf("the lab's environment is not valid: %s", found[0])
	}
	if err != nil {
		return nil, err
	}
	if x := s.file.Environment; x != nil {
		if found := env.Add(x, s.file.Source, s.launcher.Registry); found.Errors() > 0 {
			return nil, fmt.Errorf("the environment of the rehearsals is not valid: %s", found[0])
		}
	}
	env.Confine = &action.Confine{Because: "a rehearsal does not leave the lab", Folder: s.folder, Has: s.has, Stubs: s.stubs, Reach: s.reach}
	return env, nil
}

// has reports whether a container has a program: those of declared services have none.
func (s *scene) has(asked action.Asked) bool {
	return !s.lab.Declares(asked.Service) && docker.Has(asked.Argv[0])
}

// reach reports whether an address is one of the lab's, whatever target has it.
func (s *scene) reach(address string) bool {
	return slices.ContainsFunc(lab.Targets(), func(name string) bool { return s.lab.Address(name) == address })
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
	moments []*Injection
	setting Setting
	observe func(event.Event)
}

// played is a run that has ended.
type played struct {
	finished event.RunFinished
	facts    []event.Event
	made     []bool    // of each fault in time: whether its moment came
	mistakes diag.List // why it may not begin
}

// run starts a run in the lab and plays it to its end. One that may not begin has
// ended, too, without a fact.
func (s *scene) run(ctx context.Context, p play) (*played, error) {
	env, err := s.environment()
	if err != nil {
		return nil, err
	}
	if p.setting.Policy != nil {
		env.Policy = *p.setting.Policy
	}
	release, err := s.hold(ctx, env.Name, p.setting.Held)
	if err != nil {
		return nil, err
	}
	defer release()
	out := &played{}
	hooks := &hooks{scene: s, steps: addressesOf(p.plan), moments: p.moments, made: make([]bool, len(p.moments))}
	for i, m := range p.moments {
		if m.Step == "" {
			defer s.lab.Clock().After(m.After, func() { hooks.make(i) })()
		}
	}
	out.finished, err = s.launcher.Run(ctx, launch.Request{
		Plan: p.plan, Environment: env, Named: true, Inputs: launch.Values(p.inputs), State: s.state, Clock: s.lab.Clock(),
		Command: event.Command{Playbook: p.plan.Name, Flags: []string{"--env", env.Name}},
		Who:     launch.Who{User: userName(), Host: "lab"}, Mode: run.Mode{DryRun: p.dry, Yes: p.yes},
		Audience: launch.Audience{
			Through: func(j run.Journal) run.Journal { hooks.Journal = j; return hooks },
			Watch: func(b *launch.Began) run.Person {
				b.Subscribe(func(e event.Event) { out.see(e, p.observe) })
				return p.person
			},
		},
	})
	var refused *launch.Refusal
	if errors.As(err, &refused) && hooks.Journal == nil && ctx.Err() == nil {
		out.finished, out.mistakes, err = refused.Finished(), refused.List, nil
	}
	made, failed := hooks.end()
	_, _, broken := s.stubs.Effects()
	out.made = made
	return out, errors.Join(failed, broken, err)
}

// hold lets another run hold locks, until release is called.
func (s *scene) hold(ctx context.Context, environment string, keys []string) (release func(), err error) {
	if len(keys) == 0 {
		return func() {}, nil
	}
	locks, err := s.state.Lock(ctx, journal.LockRequest{Keys: keys, Holder: journal.Holder{
		Run: "20260105-0000", Playbook: "another", Environment: environment, User: "somebody", Host: "lab", PID: os.Getpid(), Since: s.lab.Clock().Now(),
	}})
	if err != nil {
		return nil, err
	}
	return func() { _ = locks.Release(true) }, nil // its folder is gone with the scene
}

// see keeps a fact and shows it.
func (p *played) see(e event.Event, observe func(event.Event)) {
	if !e.Type.Transient() {
		p.facts = append(p.facts, e)
	}
	if observe != nil {
		observe(e)
	}
}

func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "nobody"
}
