package run_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// recorder is a journal in memory. From the fact before which fail says so, it
// fails for good.
type recorder struct {
	mu     sync.Mutex
	facts  []event.Event
	polls  int
	asked  []string             // whether an effect was applied, and the time left
	told   []*event.RunFinished // to who follows, outside the journal
	fail   func(*event.Event) bool
	long   func(*event.Event) bool // refuses a fact alone
	hide   func(*event.Event)      // puts what may be shown in place of a payload
	broken bool
	room   int64 // on the disk; 0: enough
}

var errDisk = errors.New("no space left on device")

func (j *recorder) Append(e *event.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken = j.broken || j.fail != nil && j.fail(e); j.broken {
		return errDisk
	}
	if j.long != nil && j.long(e) {
		return fmt.Errorf("%s: %w", e.Type, event.ErrTooLong)
	}
	if j.hide != nil {
		j.hide(e)
	}
	j.facts = append(j.facts, *e)
	return nil
}

func (j *recorder) Transient(e event.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch d := e.Data.(type) {
	case *event.Poll:
		if j.polls++; d.Asked != "" {
			j.asked = append(j.asked, d.Asked+" "+d.Left.String())
		}
	case *event.RunFinished:
		j.told = append(j.told, d)
	}
}

func (j *recorder) Reserve(bytes int64) error {
	if j.room > 0 && bytes > j.room {
		return errDisk
	}
	return nil
}

// person answers with what a test gives it; the zero person approves as alice.
type person struct {
	refuse  bool
	also    []string // who approves after alice
	before  func()   // an answer is given
	never   bool
	fields  map[string]any
	asked   []string
	unasked int // of also, when it was decided
}

func (p *person) Approve(ctx context.Context, path event.Path, a *event.Approval) iter.Seq2[run.Answer, error] {
	return func(yield func(run.Answer, error) bool) {
		p.asked = append(p.asked, string(path)+": "+a.Message)
		if p.never {
			<-ctx.Done()
			yield(run.Answer{}, ctx.Err())
			return
		}
		if p.before != nil {
			p.before()
		}
		for i, by := range append([]string{"alice"}, p.also...) {
			if !yield(run.Answer{Approved: !p.refuse && by != "nobody", Answer: event.Answer{By: by}}, nil) {
				p.unasked = len(p.also) - i
				return
			}
		}
	}
}

func (p *person) Report(ctx context.Context, path event.Path, m run.Manual) (map[string]any, error) {
	p.asked = append(p.asked, string(path)+": "+m.Text)
	if p.never {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.fields, nil
}

// scene is a run to be played: a playbook, a world, and what stands around.
type scene struct {
	world   *world
	journal *recorder
	person  run.Person
	options run.Options
	inputs  map[string]any
	plan    *plan.Plan        // in place of the text that is played
	others  map[string]string // playbooks that it may call
	signals []time.Duration   // when a SIGINT comes
	took    time.Duration
	final   event.RunFinished
}

func newScene() *scene {
	return &scene{
		world:   &world{values: map[string]int{}, fails: map[string]int{}},
		journal: &recorder{},
		options: run.Options{Environment: &environment.Environment{Name: "test", Policy: environment.DefaultPolicy()}},
	}
}

func parse(t testing.TB, name, text string) *playbook.Playbook {
	t.Helper()
	if !strings.Contains(text, "playbook:") {
		text = "playbook: " + name + "\ntitle: t\npurpose: p\nexpected: e\n" + text
	}
	tree, list := playbook.Parse(&yaml.Source{Name: name + ".yaml", Text: []byte(text)})
	if list.Errors() > 0 {
		t.Fatalf("%s: %+v", name, list)
	}
	return tree
}

func (s *scene) compile(t testing.TB, text string) *plan.Plan {
	t.Helper()
	var callee func(name string, _ *yaml.Source) (*plan.Plan, error)
	compiled := func(name, text string) *plan.Plan {
		p, list := plan.Compile(parse(t, name, text), plan.Options{Registry: s.world.registry(), Callee: callee})
		if p == nil {
			t.Fatalf("%s: %+v", name, list)
		}
		return p
	}
	callee = func(name string, _ *yaml.Source) (*plan.Plan, error) {
		if _, ok := s.others[name]; !ok {
			return nil, fmt.Errorf("no playbook %q", name)
		}
		return compiled(name, s.others[name]), nil
	}
	return compiled("test", text)
}

// names are those that are known when a run begins.
type names map[string]any

func (n names) Name(name string) (any, bool) { v, ok := n[name]; return v, ok }

func (n names) Step(string) (any, bool) { return schema.Unknown{}, true }

// play runs the playbook on a clock of its own.
func (s *scene) play(t *testing.T, text string) event.RunFinished {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := s.options
		if o.Plan = s.plan; o.Plan == nil {
			o.Plan = s.compile(t, text)
		}
		o.Journal, o.Person = s.journal, s.person
		o.Clock = cmp.Or(o.Clock, action.SystemClock())
		o.Inputs = schema.ApplyDefaults(o.Plan.Inputs, s.inputs)
		o.Header.Run, o.Header.User = "run-1", "alice"
		var wrong error
		if o.Decided, wrong = o.Plan.Decide(t.Context(), names{"inputs": o.Inputs, "vars": o.Environment.Vars}); wrong != nil {
			t.Fatal(wrong)
		}
		stop := make(chan run.Signal)
		done := make(chan struct{})
		go func() {
			for _, at := range s.signals {
				select {
				case <-done:
					return
				case <-time.After(at):
				}
				select {
				case stop <- run.Signal{Name: "SIGINT", Code: 130}:
				case <-done:
				}
			}
		}()
		start := time.Now()
		var err error
		if s.final, err = run.Run(t.Context(), o, stop); err != nil {
			s.final.ExitCode = event.EndJournal.Code()
		}
		s.took = time.Since(start)
		close(done)
	})
	s.retold(t)
	return s.final
}

// retold holds what the run says of its changes equal to what a reader of its
// journal folds, who has not seen the last fact. Of what began or ended in the same
// moment either may come first.
func (s *scene) retold(t *testing.T) {
	t.Helper()
	if s.journal.broken { // the run knows more than its journal
		return
	}
	facts := s.journal.facts
	if n := len(facts); n > 0 && (facts[n-1].Type == event.TypeRunFinished || facts[n-1].Type == event.TypeRunSuspended) {
		facts = facts[:n-1]
	}
	h := history.Of(facts)
	byStep := func(all []event.Change) []event.Change {
		return slices.SortedStableFunc(slices.Values(all), func(a, b event.Change) int { return strings.Compare(string(a.Step), string(b.Step)) })
	}
	equal(t, "the changes in its journal", byStep(h.List()), byStep(s.final.Changes))
	sorted := func(all []event.Finding) []event.Finding {
		return slices.SortedStableFunc(slices.Values(all), func(a, b event.Finding) int { return strings.Compare(string(a.Step), string(b.Step)) })
	}
	equal(t, "the warnings in its journal", sorted(h.Warnings()), sorted(s.final.Warnings))
}

// order lists the facts of the steps: "type path".
func (s *scene) order(types ...event.Type) []string {
	var out []string
	for _, f := range s.journal.facts {
		if len(types) == 0 || slices.Contains(types, f.Type) {
			out = append(out, string(f.Type)+" "+string(f.Path))
		}
	}
	return out
}

// state is the last recorded state of the step at path, "" if it never ended.
func (s *scene) state(path event.Path) event.State {
	var last event.State
	for _, f := range s.journal.facts {
		if f.Path != path {
			continue
		}
		switch d := f.Data.(type) {
		case *event.StepFinished:
			last = d.State
		case *event.StepSkipped:
			last = event.Skipped
		}
	}
	return last
}

// states is state of many, in one text.
func (s *scene) states(paths ...string) string {
	var out []string
	for _, p := range paths {
		out = append(out, p+"="+string(s.state(event.Path(p))))
	}
	return strings.Join(out, " ")
}

// data returns the payloads of type D at path.
func data[D any](s *scene, path event.Path) []*D {
	var out []*D
	for _, f := range s.journal.facts {
		if d, ok := f.Data.(*D); ok && f.Path == path {
			out = append(out, d)
		}
	}
	return out
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s:\n got  %s\n want %s", what, g, w)
	}
}
