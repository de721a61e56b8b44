package history_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/journal"
	"runbook/engine/page"
	"runbook/engine/report"
)

// story makes the facts of a run, and keeps beside them what each effect came to.
type story struct {
	random *rand.Rand
	left   int // facts until it is killed
	events []*event.Event
	order  []event.Path // of what was begun
	state  map[event.Path]action.Applied
	phase  map[event.Path]event.Phase
}

const begun action.Applied = "begun"

func (s *story) add(t event.Type, path event.Path, attempt int, data any) bool {
	if s.left == 0 {
		return false
	}
	s.left--
	s.events = append(s.events, &event.Event{Type: t, Path: path, Attempt: attempt, Data: data})
	return true
}

// effect is one step that changes something, in one of the ways in which it may go.
func (s *story) effect(path event.Path, phase event.Phase) {
	s.add(event.TypeStepStarted, path, 0, &event.StepStarted{Action: "world.set", Effect: action.Write, Phase: phase})
	for attempt := 1; ; attempt++ {
		in := &event.Intent{Action: "world.set", Effect: action.Write, Phase: phase, Preview: action.Preview{Summary: "set " + string(path)}}
		if !s.add(event.TypeIntent, path, attempt, in) {
			return
		}
		doubt := s.state[path] == action.AppliedLost
		if s.state[path] == "" {
			s.order = append(s.order, path)
		}
		s.state[path], s.phase[path] = begun, phase
		got := []action.Applied{action.AppliedFully, action.AppliedFully, action.AppliedPart, action.AppliedNot, action.AppliedLost}[s.random.IntN(5)]
		if !s.add(event.TypeOutcome, path, attempt, &event.Outcome{Applied: got}) {
			return
		}
		s.state[path] = got
		if doubt && got == action.AppliedNot {
			s.state[path] = action.AppliedLost
		}
		if got == action.AppliedLost && s.random.IntN(2) == 0 {
			settled := []action.Applied{action.AppliedFully, action.AppliedNot, action.AppliedLost}[s.random.IntN(3)]
			if !s.add(event.TypeSettled, path, attempt, &event.Settled{Applied: settled}) {
				return
			}
			s.state[path] = settled
		}
		again := s.state[path] == action.AppliedNot || s.state[path] == action.AppliedLost
		if !again || attempt == 3 || s.random.IntN(2) == 0 {
			break
		}
	}
	s.add(event.TypeStepFinished, path, 0, &event.StepFinished{State: event.Passed})
}

func (s *story) container(path event.Path, phase event.Phase, parts func()) {
	s.add(event.TypeStepStarted, path, 0, &event.StepStarted{Phase: phase})
	parts()
	s.add(event.TypeStepFinished, path, 0, &event.StepFinished{State: event.Passed})
}

// tell is a run with all that has an address of its own: a loop over a block, a
// call with a finally, remedies with and without ids, undoing, and finally.
func (s *story) tell() {
	s.add(event.TypeRunCreated, "", 0, &event.RunCreated{Schema: 1, Run: "20261124-k7qm", Playbook: "p", Environment: event.Environment{Name: "e"}})
	s.add(event.TypePlan, "", 0, &event.Plan{Steps: []event.Step{
		{Path: "solo", Kind: event.KindAction, Phase: event.Steps, Undoable: true},
		{Path: "each", Kind: event.KindBlock, Phase: event.Steps, Loop: true},
		{Path: "drain", Kind: event.KindAction, Phase: event.Steps, Parent: "each"},
		{Path: "each/2", Kind: event.KindAction, Phase: event.Steps, Parent: "each"},
		{Path: "recover", Kind: event.KindRemedies, Phase: event.Steps},
		{Path: "recover/1", Kind: event.KindAction, Phase: event.Steps, Parent: "recover", Remedy: 1},
		{Path: "harder", Kind: event.KindAction, Phase: event.Steps, Parent: "recover", Remedy: 2},
		{Path: "check", Kind: event.KindCall, Phase: event.Steps},
		{Path: "bye", Kind: event.KindAction, Phase: event.Finally},
		{Path: "finally/2", Kind: event.KindAction, Phase: event.Finally},
	}})
	s.effect("solo", "")
	s.container("each", "", func() {
		for i := range 2 {
			s.container(event.Path("each").Item(i), "", func() {
				s.effect(event.Path("each").Item(i).Part("drain"), "")
				s.effect(event.Path("each").Item(i).Part("2"), "")
			})
		}
	})
	s.container("recover", "", func() {
		for i, path := range []event.Path{"recover/1", "harder"} {
			s.effect(path, "")
			s.add(event.TypeRemedy, "recover", 0, &event.Remedy{Index: i + 1, Address: path, Verdict: "ineffective"})
		}
	})
	s.container("check", "", func() {
		s.effect("check/redis", "")
		s.add(event.TypePhase, "check", 0, &event.PhaseBegan{Name: event.Finally})
		s.effect("check/tidy", event.Finally)
	})
	if s.state["solo"] == action.AppliedFully {
		s.effect("solo/undo", event.Undo)
		s.add(event.TypeStepFinished, "solo", 0, &event.StepFinished{State: event.Undone})
	}
	s.add(event.TypePhase, "", 0, &event.PhaseBegan{Name: event.Finally})
	s.effect("bye", event.Finally)
	s.effect("finally/2", event.Finally)
}

// counted is how many changes the run made, by what each effect came to.
func (s *story) counted() int {
	n := 0
	for path, state := range s.state {
		if s.phase[path] != event.Undo && state != action.AppliedNot && state != action.AppliedLost && state != begun {
			n++
		}
	}
	return n
}

func newStory(seed uint64, facts int) *story {
	s := &story{random: rand.New(rand.NewPCG(seed, 1)), left: facts, state: map[event.Path]action.Applied{}, phase: map[event.Path]event.Phase{}}
	s.tell()
	return s
}

// journalled writes the facts and returns what each reader makes of them.
func journalled(t *testing.T, events []*event.Event) (journal.Summary, *report.Run) {
	t.Helper()
	state, err := journal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w, err := state.Create(journal.Options{ID: "20261124-k7qm"})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		e.Time = time.Date(2026, 11, 24, 2, 0, i, 0, time.UTC)
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum, err := state.Find("last")
	if err != nil || sum.Err != nil {
		t.Fatal(err, sum.Err)
	}
	r := &report.Run{}
	if _, err := journal.Scan(state.Path("20261124-k7qm"), func(e event.Event) error { r.Apply(e); return nil }); err != nil {
		t.Fatal(err)
	}
	return sum, r
}

var plainCount = regexp.MustCompile(`changes=(\d+)`)

// Whoever reads a journal counts the same changes: one of a run that ended, of one
// that was suspended, and of one that was killed after any of its facts.
func TestReadersCountTheSame(t *testing.T) {
	for seed := range uint64(30) {
		whole := newStory(seed, -1)
		killed := newStory(seed, int(seed*7)%len(whole.events))
		for name, s := range map[string]*story{"whole": whole, "killed": killed} {
			if name == "whole" {
				var plain []event.Event
				for _, e := range s.events {
					plain = append(plain, *e)
				}
				fin := event.RunFinished{Schema: 1, State: event.Failed, Changes: history.Of(plain).List()}
				last := &event.Event{Type: event.TypeRunFinished, Data: &fin}
				if seed%2 == 0 {
					fin.State = event.InDoubt
					last = &event.Event{Type: event.TypeRunSuspended, Data: &event.RunSuspended{RunFinished: fin}}
				}
				s.events = append(s.events, last)
			}
			if len(s.events) > 0 {
				s.read(t, fmt.Sprintf("%s run of seed %d", name, seed))
			}
		}
	}
}

func (s *story) read(t *testing.T, what string) {
	t.Helper()
	want := s.counted()
	sum, r := journalled(t, s.events)
	counts := map[string]int{"runs": sum.Changes, "history": r.Counted()}

	var text, object, plain bytes.Buffer
	if err := report.Text(&text, r, report.Options{Look: page.Look{Width: 100}}); err != nil {
		t.Fatal(err)
	}
	counts["text"] = s.told(text.String())
	if err := report.ReportJSON(&object, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	var decoded struct{ Changes []event.Change }
	if err := json.Unmarshal(object.Bytes(), &decoded); err != nil {
		t.Fatal(err)
	}
	counts["json"] = history.Count(decoded.Changes)
	v := report.NewPlain(&plain, report.Options{})
	for _, e := range s.events {
		v.Event(*e)
	}
	if m := plainCount.FindStringSubmatch(plain.String()); m != nil {
		counts["plain"], _ = strconv.Atoi(m[1])
	}
	for reader, n := range counts {
		if n != want {
			t.Errorf("%s: %s counts %d changes, and there are %d\n%s", what, reader, n, want, &text)
		}
	}
}

// told counts the effects that count and are told as changed.
func (s *story) told(text string) int {
	above, _, _ := strings.Cut(text, "Timeline")
	above, _, _ = strings.Cut(above, "\n  In doubt  ")
	n := 0
	for _, path := range s.order {
		if s.phase[path] != event.Undo && regexp.MustCompile(`set `+regexp.QuoteMeta(string(path))+`\s`).MatchString(above+"\n") {
			n++
		}
	}
	return n
}

// The report keeps a bounded timeline, and the change is in the part left out.
func TestReportOfALongRunThatWasKilled(t *testing.T) {
	s := &story{left: -1, random: rand.New(rand.NewPCG(1, 1)), state: map[event.Path]action.Applied{}, phase: map[event.Path]event.Phase{}}
	read := func(n int) {
		path := event.Path("steps").Number(n)
		s.add(event.TypeStepStarted, path, 0, &event.StepStarted{Action: "world.get", Brief: "world.get x"})
		s.add(event.TypeStepFinished, path, 0, &event.StepFinished{State: event.Passed})
	}
	s.add(event.TypeRunCreated, "", 0, &event.RunCreated{Schema: 1, Run: "20261124-k7qm"})
	for i := range 1_100 {
		read(i + 1)
	}
	s.add(event.TypeStepStarted, "change", 0, &event.StepStarted{Action: "world.set", Effect: action.Write})
	s.add(event.TypeIntent, "change", 1, &event.Intent{Action: "world.set", Effect: action.Write, Preview: action.Preview{Summary: "set x"}})
	s.add(event.TypeOutcome, "change", 1, &event.Outcome{Applied: action.AppliedFully})
	s.add(event.TypeStepFinished, "change", 0, &event.StepFinished{State: event.Passed})
	for i := range 4_200 {
		read(1_101 + i)
	}
	sum, r := journalled(t, s.events)
	var text bytes.Buffer
	if err := report.Text(&text, r, report.Options{Look: page.Look{Width: 100}}); err != nil {
		t.Fatal(err)
	}
	if sum.Changes != 1 || sum.State != event.Interrupted || !regexp.MustCompile(`Changed +change +set x\n`).Match(text.Bytes()) {
		head, _, _ := strings.Cut(text.String(), "Timeline")
		t.Errorf("%d changes, %s\n%s", sum.Changes, sum.State, head)
	}
}
