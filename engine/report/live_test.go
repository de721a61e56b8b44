package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
)

// screen is a minimal terminal: text, line ends, cursor up, erase below.
type screen struct {
	lines    []string
	row      int
	tallest  int // rows above the cursor that were erased at once
	unknowns []string
}

func (s *screen) Write(b []byte) (int, error) {
	text := string(b)
	for text != "" {
		i := strings.IndexAny(text, "\x1b\n\r")
		if i < 0 {
			s.print(text)
			break
		}
		s.print(text[:i])
		switch text[i] {
		case '\n':
			s.row++
			s.line()
			text = text[i+1:]
		case '\r':
			text = text[i+1:]
		default:
			text = s.escape(text[i:])
		}
	}
	return len(b), nil
}

func (s *screen) line() {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, "")
	}
}

func (s *screen) print(text string) {
	s.line()
	s.lines[s.row] += text
}

func (s *screen) escape(text string) string {
	end := strings.IndexAny(text[1:], "ABCDEFGHIJKm") + 1
	code := text[:end+1]
	switch code[len(code)-1] {
	case 'A':
		n, _ := strconv.Atoi(code[2 : len(code)-1])
		s.tallest = max(s.tallest, n)
		s.row -= n
	case 'J':
		s.lines = s.lines[:s.row+1]
		s.lines[s.row] = ""
	case 'm':
	default:
		s.unknowns = append(s.unknowns, code)
	}
	return text[end+1:]
}

// region is what stands below the last step of the history.
func (s *screen) text() string { return strings.Join(s.lines, "\n") }

// following plays s on a live terminal of that height, drawing at each fact.
func following(t *testing.T, s *story, width, height int, stop int) (*screen, *Terminal) {
	t.Helper()
	screen := &screen{}
	now := s.start
	o := options(width, s)
	o.Live, o.Motion, o.still = true, false, true
	o.Now = func() time.Time { return now }
	o.Size = func() (int, int) { return width, height }
	v := NewTerminal(screen, o)
	for i, e := range s.events {
		if i == stop {
			break
		}
		now = e.Time
		v.Event(e)
		v.Draw()
	}
	return screen, v
}

func TestLiveInProgress(t *testing.T) {
	for name, s := range map[string]*story{
		"sampling": newStory().begin().sampling(),
		"polling":  newStory().begin().sampling().sampled().diagnosed().cleared().polling(),
	} {
		for _, width := range []int{92, 60} {
			screen, _ := following(t, s, width, 40, -1)
			golden(t, fmt.Sprintf("live_%s_%d", name, width), screen.text())
		}
	}
}

func TestLiveLeavesHistoryAndSummaryOnly(t *testing.T) {
	for name, make := range stories() {
		for _, height := range []int{40, 12, 6, 3} {
			s := make()
			screen, v := following(t, s, 92, height, -1)
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			want := played(t, make(), options(92, s))
			if got := screen.text(); got != want {
				t.Errorf("%s, height %d:\n--- got\n%s\n--- want\n%s", name, height, got, want)
			}
			if screen.tallest > height-2 {
				t.Errorf("%s: the region had %d lines on a terminal of %d", name, screen.tallest, height)
			}
			if len(screen.unknowns) > 0 {
				t.Errorf("unknown codes %q", screen.unknowns)
			}
		}
	}
}

func TestPromptIsErasedForOneLine(t *testing.T) {
	s := waitingLeak()
	n := len(s.events) - 1
	screen, v := following(t, s, 92, 40, n)
	v.Suspend()
	before := screen.text()
	q := NewPrompt(v.Run(), "recover/3", limitApproval(s), v.o)
	if err := q.Show(screen); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(screen.text(), "Approve recover/3?") {
		t.Fatalf("no question:\n%s", screen.text())
	}
	screen.Write([]byte("y\n"))
	if err := q.Erase(screen); err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(screen.text(), "\a", ""); got != before {
		t.Errorf("after the answer:\n%s\nbefore it:\n%s", got, before)
	}
	given := limitApproval(s)
	given.By, given.How = "maria", "as shown"
	v.Event(event.Event{Time: s.at(333).now, Type: event.TypeApprovalGiven, Path: "recover/3", Data: given})
	v.Resume()
	if want := "approved by maria, 03:17:40, as shown (9f31c07e)"; !strings.Contains(screen.text(), want) {
		t.Errorf("no %q in\n%s", want, screen.text())
	}
}

func TestEscalateIsSaidOnce(t *testing.T) {
	s := newStory().begin().sampling()
	s.at(16*60).add(event.TypeProgress, "memory", &event.Progress{Progress: action.Progress{Done: 5, Total: 7}})
	s.at(17*60).add(event.TypeProgress, "memory", &event.Progress{Progress: action.Progress{Done: 6, Total: 7}})
	screen, _ := following(t, s, 92, 40, -1)
	if n := strings.Count(screen.text(), "! Escalate now: on-call engineer (15m have passed)"); n != 1 {
		t.Errorf("said %d times:\n%s", n, screen.text())
	}
}

func TestControlCharactersAreShown(t *testing.T) {
	s := newStory().begin()
	evil := "\x1b]0;owned\x07 done \u202e\x9b31m"
	s.add(event.TypeStepStarted, "memory", &event.StepStarted{Brief: evil, Action: "x"})
	s.add(event.TypeStepFinished, "memory", &event.StepFinished{State: event.Failed, Failure: &event.Failure{What: evil + "\nmore"}})
	s.add(event.TypeRunFinished, "", &event.RunFinished{State: event.Failed, ExitCode: 1, Failure: &event.Failure{What: evil}})
	var b bytes.Buffer
	v := NewPlain(&b, options(92, s))
	for _, e := range s.events {
		v.Event(e)
	}
	for name, got := range map[string]string{"terminal": played(t, s, options(92, s)), "plain": b.String()} {
		if strings.ContainsAny(got, "\x1b\x07\u202e\u009b") || !strings.Contains(got, `\x1b]0;owned\x07`) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestManySteps(t *testing.T) {
	const n = 100_000
	s := newStory().add(event.TypeRunCreated, "", leakHeader())
	var chunk []event.Step
	for i := range n {
		chunk = append(chunk, event.Step{Path: event.Path("steps").Number(i + 1), Kind: event.KindAction, Brief: "flow.log", Action: "flow.log"})
	}
	s.add(event.TypePlan, "", &event.Plan{Steps: chunk})
	var b bytes.Buffer
	o := options(92, s)
	o.Live, o.still = true, true
	v := NewTerminal(&b, o)
	for _, e := range s.events {
		v.Event(e)
	}
	for i := range n {
		e := event.Event{Time: s.now, Path: chunk[i].Path, Type: event.TypeStepStarted, Data: &event.StepStarted{Brief: "flow.log"}}
		v.Event(e)
		if i%1000 == 0 {
			v.Draw()
		}
		e.Type, e.Data = event.TypeStepFinished, &event.StepFinished{State: event.Passed}
		v.Event(e)
	}
	for _, s := range v.Run().Tops {
		if s.Detail != nil {
			t.Fatalf("details of %s are kept", s.Path)
		}
	}
}

func TestLoopItemsAreLetGo(t *testing.T) {
	s := newStory().begin()
	s.add(event.TypePlan, "", &event.Plan{Steps: []event.Step{{Path: "each", Kind: event.KindAction, Loop: true, Title: "Each of them"}}})
	s.add(event.TypeStepStarted, "each", &event.StepStarted{}).add(event.TypeExpanded, "each", &event.Expanded{Items: make([]string, 500)})
	for i := range 500 {
		path := event.Path("each").Item(i)
		state := event.Passed
		if i == 250 {
			state = event.Failed
		}
		s.add(event.TypeStepStarted, path, &event.StepStarted{Brief: "redis.set " + string(path), Action: "redis.set"})
		s.add(event.TypeStepFinished, path, &event.StepFinished{State: state, Failure: &event.Failure{What: "no answer"}})
	}
	var r Run
	for _, e := range s.events {
		r.Apply(e)
	}
	kept := 0
	for _, item := range r.Known("each").Parts {
		if item.Detail != nil {
			kept++
		}
	}
	if kept != history.Kept+1 {
		t.Errorf("the details of %d items are kept", kept)
	}
	s.add(event.TypeStepFinished, "each", &event.StepFinished{State: event.Failed})
	if got := played(t, s, options(92, s)); !strings.Contains(got, "✗ each[250]") || !strings.Contains(got, "479 items passed") {
		t.Error(got)
	}
}

func TestReportIsFoldedFromAResumedRun(t *testing.T) {
	s := inDoubtLeak()
	s.at(600).add(event.TypeOwner, "", &event.Owner{PID: 7, Host: "ops-1", User: "jonas", Resume: true})
	s.add(event.TypeSettled, "recover/2", &event.Settled{Applied: action.AppliedFully, How: "person", By: "jonas"})
	s.add(event.TypeStepFinished, "recover/2", &event.StepFinished{State: event.Passed})
	s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Passed})
	var r Run
	for _, e := range s.events {
		r.Apply(e)
	}
	if r.End != nil || r.Suspended {
		t.Error("a resumed run still ends as before")
	}
	if n := r.Counted(); n != 2 {
		t.Errorf("%d changes", n)
	}
}

// What is in doubt is neither changed nor not changed.
func TestNothingIsNotSaidOfADoubt(t *testing.T) {
	s := inDoubtLeak()
	fin := s.events[len(s.events)-1].Data.(*event.RunSuspended)
	fin.Changes = fin.Changes[1:]
	var plain, text bytes.Buffer
	v := NewPlain(&plain, options(92, s))
	r := &Run{}
	for _, e := range s.events {
		v.Event(e)
		r.Apply(e)
	}
	if err := Text(&text, r, options(92, s)); err != nil {
		t.Fatal(err)
	}
	told := plain.String() + Summary(&r.Run, options(92, s)) + text.String()
	if strings.Contains(told, "nothing") || !strings.Contains(told, "changes=0") || strings.Count(told, "recover/2  docker  restart of") != 2 {
		t.Error(told)
	}
}
