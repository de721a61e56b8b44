package actions_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/run"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/model"
	"runbook/playbooks"
)

// TestMain lets more tests run beside each other than there are processors: most
// of them wait for a client that looks for a target that is gone.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// stage is a lab whose targets stand behind wires, and what starts runs on it.
type stage struct {
	lab      *lab.Lab
	clock    action.Clock // of the runs
	wires    map[string]*wire
	config   string // a runbook.yaml with the wires as targets
	state    *journal.State
	launcher *launch.Launcher
}

// newStage starts a lab and a launcher that knows these playbooks.
func newStage(t testing.TB, shelf fstest.MapFS) *stage {
	t.Helper()
	l, err := lab.Start(lab.Options{Seed: 1, Clock: clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0), Rules: playbooks.AlertRules(), History: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{lab: l, clock: l.Clock(), wires: map[string]*wire{}, launcher: launch.New(mustRegistry(t), launch.NewCatalogue(nil, shelf, ""), "test")}
	t.Cleanup(l.Close)
	return s
}

// wire puts a wire before each target, until unwire, and gives the next runs a
// folder of their own.
func (s *stage) wire(t testing.TB) {
	t.Helper()
	var err error
	if s.state, err = journal.Open(filepath.Join(t.TempDir(), "state")); err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, target := range lab.Targets() {
		s.wires[target] = newWire(t, s.lab, target)
		at[target] = s.wires[target].address
	}
	s.config = s.database(t, s.lab.ConfigurationWith(model.Project, at), at[lab.Mongo])
}

func (s *stage) unwire() {
	for _, w := range s.wires {
		w.gone(nil)
		w.pumping.Wait()
	}
}

// database gives the URI of the database, which is a secret, the address of a wire.
func (s *stage) database(t testing.TB, config, at string) string {
	t.Helper()
	file := regexp.MustCompile(`mongo: \{file: "(.*)"\}`).FindStringSubmatch(config)
	uri, err := os.ReadFile(file[1])
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "uri")
	if err := os.WriteFile(moved, []byte(strings.Replace(string(uri), s.lab.Address(lab.Mongo), at, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(config, file[1], moved, 1)
}

// played is a run that has ended, or was refused.
type played struct {
	event.RunFinished
	refused *launch.Refusal
	facts   []event.Event
}

// play plays a playbook. Each fact goes by see before it is written, while the
// lab's clock stands still.
func (s *stage) play(t testing.TB, text string, mode run.Mode, stop <-chan run.Signal, see func(*event.Event)) *played {
	t.Helper()
	env, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(s.config)}, "lab", s.launcher.Registry)
	if err != nil || list.Errors() > 0 {
		t.Fatal(err, list)
	}
	out := &played{}
	compiled := s.launcher.Compile(&yaml.Source{Name: "proof.yaml", Text: []byte(text)}, env)
	if compiled.Plan == nil {
		out.refused = launch.Mistakes("proof", compiled.List, compiled.Source, "")
		return out
	}
	out.RunFinished, err = s.launcher.Run(t.Context(), launch.Request{
		Plan: compiled.Plan, Environment: env, Named: true, Inputs: launch.Values(nil), State: s.state, Clock: s.clock, Stop: stop,
		Command: event.Command{Playbook: "proof"}, Who: launch.Who{User: "alice", Host: "here"}, Mode: mode,
		Audience: launch.Audience{
			Through: func(j run.Journal) run.Journal { return &follower{j, s.lab.Clock(), see} },
			Watch: func(b *launch.Began) run.Person {
				b.Subscribe(func(e event.Event) {
					if !e.Type.Transient() {
						out.facts = append(out.facts, e)
					}
				})
				return willing{}
			},
		},
	})
	if err != nil && !errors.As(err, &out.refused) {
		t.Fatal(err)
	}
	return out
}

// follower sees facts before they are written.
type follower struct {
	run.Journal
	clock *clock.Clock
	see   func(*event.Event)
}

func (f *follower) Append(e *event.Event) error {
	defer f.clock.Work()()
	if f.see != nil {
		f.see(e)
	}
	return f.Journal.Append(e)
}

// willing approves everything.
type willing struct{}

func (willing) Approve(context.Context, event.Path, *event.Approval) iter.Seq2[run.Answer, error] {
	return func(yield func(run.Answer, error) bool) {
		yield(run.Answer{Approved: true, Answer: event.Answer{By: "bob"}}, nil)
	}
}

func (willing) Report(context.Context, event.Path, run.Manual) (map[string]any, error) {
	return nil, nil
}

// step is a step, or a playbook, as the text of each of its keys.
type step map[string]string

var (
	key       = regexp.MustCompile(`(?m)^([a-z_]+):`)
	itemField = regexp.MustCompile(`\bitem\.(\w+)`)
)

// exampleOf is the first step of the example of an action. A loop over what
// another step gives is one over a made-up item.
func exampleOf(t testing.TB, a *action.Action) step {
	t.Helper()
	text := strings.TrimSpace(a.Example)
	if list, ok := strings.CutPrefix(text, "- "); ok {
		first, _, _ := strings.Cut(list, "\n- ")
		text = strings.ReplaceAll(first, "\n  ", "\n")
	}
	out := step{}
	found := key.FindAllStringSubmatchIndex(text, -1)
	for i, m := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		out[text[m[2]:m[3]]] = strings.TrimRight(text[m[1]:end], "\n")
	}
	if out["action"] != " "+a.Name {
		t.Fatalf("the example of %s is %q", a.Name, out)
	}
	if strings.Contains(out["for_each"], "steps.") {
		var fields []string
		for _, m := range itemField.FindAllStringSubmatch(text, -1) {
			fields = append(fields, m[1]+": '7'")
		}
		slices.Sort(fields)
		out["for_each"] = " [{" + strings.Join(slices.Compact(fields), ", ") + "}]"
	}
	return out
}

// with is the step with other keys; one of no text is taken out.
func (s step) with(keys step) step {
	out := maps.Clone(s)
	for key, text := range keys {
		if out[key] = " " + text; text == "" {
			delete(out, key)
		}
	}
	return out
}

// only is the step with nothing but these keys.
func (s step) only(keys ...string) step {
	out := step{}
	for _, key := range keys {
		if text, ok := s[key]; ok {
			out[key] = text
		}
	}
	return out
}

// text is the step as YAML, below a key or in a list.
func (s step) text() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "\n%s:%s", key, s[key])
	}
	return strings.ReplaceAll(b.String(), "\n", "\n  ")
}

// list is steps as the text of a key.
func list(steps ...step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("\n  -" + strings.ReplaceAll(s.text(), "\n", "\n  "))
	}
	return b.String()
}

// document is a playbook of these keys.
func document(name string, keys step) string {
	return "title: t\npurpose: p\nexpected: e" + strings.ReplaceAll(keys.with(step{"playbook": name}).text(), "\n  ", "\n") + "\n"
}

// asked are the changes that came to the wires since the last call, as the wires
// see them, or as the lab does.
func (s *stage) changes(since int) []string {
	var found []string
	for target, w := range s.wires {
		for _, name := range w.taken() {
			if mutates(target, name) {
				found = append(found, fmt.Sprintf("%s: %s", target, name))
			}
		}
	}
	for _, c := range s.lab.Mutations()[since:] {
		found = append(found, fmt.Sprintf("%s, by the lab: %s", c.Target, c.Name))
	}
	slices.Sort(found)
	return found
}

// all are all actions.
func all() []*action.Action { return actions.All() }

// ofLab are the actions that have no target, or one that the lab plays. The others are held to
// the same by the tests of their family, on the real service.
func ofLab() []*action.Action {
	return slices.DeleteFunc(all(), func(a *action.Action) bool { return a.Target != nil && a.Target.Name == "postgres" })
}
