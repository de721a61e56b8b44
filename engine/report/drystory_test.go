package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

func dryLeak() *story {
	s := newStory()
	h := leakHeader()
	h.DryRun = true
	s.add(event.TypeRunCreated, "", h).add(event.TypePlan, "", leakPlan())
	s.sampling().sampled()
	last := s.events[len(s.events)-1].Data.(*event.StepFinished)
	last.State = event.Executed
	s.diagnosed()
	s.dryRemedy("recover/1", "would run", action.Preview{Summary: "POST https://app.example.net/api/cache/clear, no body"})
	s.dryRemedy("recover/2", "if 1 misses the goal", action.Preview{
		Summary: "container app (3f9c2b71a0de, mltb/app:1.42): stop within 10s, start", Interrupts: []string{"app"},
	})
	s.dryRemedy("recover/3", "if 2 misses the goal; asks", action.Preview{Summary: "container app: memory limit 1.00 GiB → 2.00 GiB",
		Touches: []action.Object{{Kind: "container", Name: "app", ID: "3f9c2b71a0de", Note: "mltb/app:1.42, unhealthy"}}})
	s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Previewed})
	s.at(62).add(event.TypeStepStarted, "healthy", &event.StepStarted{Brief: "http.request GET /health", Action: "http.request"})
	s.add(event.TypeCheck, "healthy", &event.Check{Kind: "verify", That: "outputs.status == 200", Verdict: event.UnknownCheck, After: "recover", Now: "200"})
	s.add(event.TypeCheck, "healthy", &event.Check{Kind: "verify", That: "outputs.latency_ms < 500", Verdict: event.UnknownCheck, After: "recover", Now: "1904"})
	s.add(event.TypeStepFinished, "healthy", &event.StepFinished{State: event.Executed, Why: "before any change"})
	s.add(event.TypeStepStarted, "finally/1", &event.StepStarted{Brief: `notify.send "memory-leak failed at ..."`, Action: "notify.send", Effect: action.Write,
		When: &event.Check{Kind: "when", That: `failure.reason != ""`, Verdict: event.UnknownCheck}})
	s.add(event.TypeStepFinished, "finally/1", &event.StepFinished{State: event.Previewed, Why: "if the run fails"})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.DryRun, Duration: 62 * time.Second,
		Dry: &event.DryCounts{Executed: 3, Previewed: 4, Evaluated: 2, Unknowns: 6}})
}

func (s *story) dryRemedy(path event.Path, why string, p action.Preview) {
	s.add(event.TypeStepStarted, path, &event.StepStarted{Action: "docker.restart", Effect: action.Write})
	s.add(event.TypeStepFinished, path, &event.StepFinished{State: event.Previewed, Why: why, Preview: &p})
	s.add(event.TypeCheck, path, &event.Check{Kind: "goal", That: leakGoal, Verdict: event.UnknownCheck, After: string(path)})
}

// A read below a previewed change that did not come about says so in plain lines, too;
// of one that did its figures are enough.
func TestWhatAReadMetBeforeAnyChangeIsTold(t *testing.T) {
	s := dryLeak()
	s.events = s.events[:len(s.events)-1]
	s.add(event.TypeStepFinished, "healthy", &event.StepFinished{State: event.Executed, Why: "before any change: connection refused"})
	var b bytes.Buffer
	v := NewPlain(&b, options(92, s))
	for _, e := range s.events {
		v.Event(e)
	}
	if got := b.String(); strings.Count(got, "before any change") != 1 || !strings.Contains(got, "before any change: connection refused\n") {
		t.Error(got)
	}
}
