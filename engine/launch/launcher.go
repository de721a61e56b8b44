package launch

import (
	"context"
	"errors"
	"os"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/redact"
	"runbook/engine/run"
	"runbook/engine/yaml"
)

// Launcher starts runs, any number of them side by side. Those that act on the
// same target share its client.
type Launcher struct {
	Registry  *action.Registry
	Catalogue *Catalogue
	Plans     *Plans
	Engine    string // the version that is told

	clients *action.Clients
}

// New returns a launcher over the actions of a registry and the playbooks of a
// catalogue.
func New(registry *action.Registry, catalogue *Catalogue, engine string) *Launcher {
	return &Launcher{Registry: registry, Catalogue: catalogue, Plans: NewPlans(registry), Engine: engine, clients: action.NewClients()}
}

// Request is a run that is asked for.
type Request struct {
	Plan        *plan.Plan               // nil: of the playbook that Command names
	Environment *environment.Environment // of this run alone: its secrets are read
	Named       bool                     // it was named, not taken by default
	Inputs      Given
	Limit       []string      // targets and groups to which loops over groups are narrowed
	Command     event.Command // that would repeat it
	Who
	run.Mode
	Patience
	Audience

	State *journal.State // for its journal and its locks; a dry run writes nothing
	Clock action.Clock
	Stop  <-chan run.Signal // asks it to end
}

// Who starts a run, and where, and what made them.
type Who struct {
	User, Host string
	Trigger    event.Trigger
}

// Patience is what a run does about locks that others hold or guard.
type Patience struct {
	Wait    time.Duration // 0: not at all
	Despite []string      // runs that did not end, whose guard is passed
}

// Audience is who follows a run. What is nil is left out.
type Audience struct {
	// Watch is called when the run may begin, before its first fact. It returns
	// who answers for people; nil for nobody.
	Watch func(*Began) run.Person
	// Note is told what is no fact of the run: that it waits for a lock.
	Note func(format string, values ...any)
	// Secrets is told what must not be written; the journal passes through it.
	Secrets *redact.Redactor
	// Through stands in front of the journal.
	Through func(run.Journal) run.Journal
}

func (a *Audience) note(format string, values ...any) {
	if a.Note != nil {
		a.Note(format, values...)
	}
}

// Began is a run that may begin.
type Began struct {
	Header    event.RunCreated
	Path      string                  // of its journal; "" of a dry run
	Subscribe func(func(event.Event)) // to its facts, in order and without secrets
}

// Compile compiles a playbook against an environment; nil for none.
func (l *Launcher) Compile(source *yaml.Source, env *environment.Environment) *Compiled {
	return l.Plans.Compile(source, l.Catalogue, env)
}

// Tree compiles a tree that stands in no file.
func (l *Launcher) Tree(tree *playbook.Playbook) (*plan.Plan, diag.List) {
	return l.Plans.Tree(tree, l.Catalogue)
}

// Plan returns the plan of a playbook by its name or path. An error is a *Refusal.
func (l *Launcher) Plan(name string, env *environment.Environment) (*plan.Plan, error) {
	p, _, err := l.named(name, env)
	return p, err
}

// named is Plan, with the playbooks that the name hides.
func (l *Launcher) named(name string, env *environment.Environment) (*plan.Plan, []Entry, error) {
	found, err := l.Catalogue.Find(name)
	if err != nil {
		return nil, nil, err
	}
	c := l.Compile(found.Source, env)
	if c.Plan == nil {
		return nil, nil, Mistakes(name, c.List, c.Source, "runbook validate "+action.Quote(name))
	}
	return c.Plan, found.Hides, nil
}

// Run starts a run and plays it to its end. An error is a *Refusal: that it did
// not begin, or that its journal failed.
//
// The start is in this order: the playbook is valid, the inputs are right, the
// policy denies nothing and every target is there, the secrets can be read, the
// locks are taken, and the journal is made.
func (l *Launcher) Run(ctx context.Context, q Request) (event.RunFinished, error) {
	s, err := l.prepare(ctx, &q)
	if err != nil {
		return event.RunFinished{}, refusal(err)
	}
	if err := s.open(ctx); err != nil {
		return event.RunFinished{}, refusal(err)
	}
	return s.play(ctx)
}

// start is a run on its way.
type start struct {
	*Request
	launcher *Launcher
	inputs   *Inputs
	numbers  *plan.Decided
	hides    []Entry
	header   event.RunCreated
	journal  *journal.Writer
	locks    *journal.Locks // nil: none
	key      []byte         // of the state directory; nil of a dry run
}

// prepare decides all that is decided without a target.
func (l *Launcher) prepare(ctx context.Context, q *Request) (*start, error) {
	var err error
	s := &start{Request: q, launcher: l}
	if q.Plan == nil {
		if q.Plan, s.hides, err = l.named(q.Command.Playbook, q.Environment); err != nil {
			return nil, err
		}
	}
	if q.Secrets == nil {
		q.Secrets = redact.New()
	}
	if s.inputs, err = q.Inputs(q.Plan); err != nil {
		var r *Refusal
		if errors.As(err, &r) && len(r.Failure.Do) > 0 {
			r.Failure.Do[0] = q.Command.Bare().Again() + " " + r.Failure.Do[0]
		}
		return nil, err
	}
	if err := q.narrow(); err != nil {
		return nil, err
	}
	if s.numbers, err = q.decided(ctx, s.inputs); err != nil {
		return nil, err
	}
	q.Secrets.Add(s.inputs.Secrets...)
	q.Environment.Hidden = append(q.Environment.Hidden, s.inputs.Hidden...)
	if err := q.allowed(s.inputs); err != nil {
		return nil, err
	}
	if !q.Offline {
		err = q.Environment.Resolve(ctx, q.reach())
		q.Secrets.Add(q.Environment.Secrets...)
		for _, name := range q.Environment.Weak {
			q.note("the secret %s is weak: a text so short is not masked where it is shown", name)
		}
		if err != nil {
			return nil, err
		}
	}
	s.header = q.header(l.Engine, s.inputs)
	s.header.Numbers = s.numbers.Facts("")
	s.header.SeeAlso = l.Catalogue.known(s.header.SeeAlso)
	return s, nil
}

// open takes the locks of a run and makes its journal; a dry run has neither. The
// journal has its id, and no fact, before the locks are taken: they name it.
func (s *start) open(ctx context.Context) error {
	keys, err := s.keys(ctx, s.inputs)
	if err != nil {
		return err
	}
	o := journal.Options{Redactor: s.Secrets, Now: s.Clock.Now}
	if s.DryRun {
		s.journal = journal.Memory(o)
		s.header.Run = s.journal.Run()
		return nil
	}
	if s.journal, err = s.State.Create(o); err != nil {
		return Storage(err)
	}
	if s.key, err = s.State.Key(); err != nil {
		return Storage(errors.Join(err, s.journal.Discard()))
	}
	s.header.Run, s.header.Lock = s.journal.Run(), keys
	if len(keys) == 0 {
		return nil
	}
	if s.locks, err = s.lock(ctx, &s.header, os.Getpid()); err != nil {
		if discard := s.journal.Discard(); discard != nil {
			s.note("an empty journal is left: %v", discard)
		}
		return err
	}
	return nil
}

// play plays the run, and lets go of all that it held.
func (s *start) play(ctx context.Context) (event.RunFinished, error) {
	for _, hidden := range s.hides {
		s.note("%s is taken; it hides %s", s.Plan.Source.Name, hidden)
	}
	var person run.Person
	if s.Watch != nil {
		person = s.Watch(&Began{Header: s.header, Path: s.journal.Path(), Subscribe: s.journal.Subscribe})
	}
	var facts run.Journal = s.journal
	if s.Through != nil {
		facts = s.Through(facts)
	}
	clients := s.launcher.clients.Share()
	var held func() error
	if s.locks != nil {
		held = s.locks.Held
	}
	keep := s.journal.Keep
	if s.DryRun {
		keep = nil
	}
	fin, unwritten := run.Run(ctx, run.Options{
		Plan: s.Plan, Decided: s.numbers, Inputs: s.inputs.Values, Environment: s.Environment, Header: s.header, Journal: facts, Clock: s.Clock,
		Clients: clients, Person: person, Locks: s.header.Lock, Held: held, Key: s.key, Mask: s.Secrets.JSON, Keep: keep, Mode: s.Mode,
	}, s.Stop)
	failed := s.journal.Close()
	if err := clients.Close(); err != nil {
		s.note("a connection was not closed: %v", err)
	}
	broken := unwritten != nil || fin.ExitCode == event.EndJournal.Code()
	if s.locks != nil {
		ended := unwritten != nil || fin.State != event.Waiting && fin.State != event.InDoubt && !broken
		if err := s.locks.Release(ended); err != nil {
			s.note("a lock was not released: %v", err)
		}
	}
	switch {
	case unwritten != nil:
		return fin, Storage(unwritten)
	case failed != nil && !broken: // who follows the run was told that it is broken
		return fin, Storage(failed)
	}
	return fin, nil
}
