package report

import (
	"cmp"
	"regexp"
	"strconv"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// story feeds hand-made facts: the memory leak of the documentation.
type story struct {
	start  time.Time
	now    time.Time
	events []event.Event
}

func newStory() *story {
	start := time.Date(2026, 11, 24, 2, 12, 7, 0, time.UTC)
	return &story{start: start, now: start}
}

var cet = time.FixedZone("CET", 3600)

// at sets the clock to seconds after the start.
func (s *story) at(seconds float64) *story {
	s.now = s.start.Add(time.Duration(seconds * float64(time.Second)))
	return s
}

func (s *story) add(t event.Type, path event.Path, data any) *story {
	number(data)
	s.events = append(s.events, event.Event{Sequence: uint64(len(s.events) + 1), Time: s.now, Type: t, Path: path, Data: data})
	return s
}

func leakHeader() *event.RunCreated {
	return &event.RunCreated{
		Schema: 1, Run: "20261124-k7qm", Playbook: "memory-leak", Title: "Memory leak in a container",
		Engine: "0.1.0", User: "maria", Host: "ops-1",
		Sources: []event.Source{{Name: "memory-leak", SHA256: "4be19a52000000000000000000000000000000000000000000000000000c0c27", Embedded: true}},
		Environment: event.Environment{Name: "production", File: "runbook.yaml", Protected: true, ByFlag: true, Targets: []event.Target{
			{Name: "docker", Kind: "docker", Address: "tcp://prod-7.example.net:2376", Notes: []string{"project mltb"}},
			{Name: "http", Kind: "http", Address: "https://app.example.net"},
		}},
		Inputs:     []event.Input{{Name: "container", Text: "app", Default: true}, {Name: "window", Text: "60s", Default: true}},
		Effects:    event.Effects{Reads: 3, Writes: 3, Approvals: []string{"recover/3"}},
		Interrupts: []string{"app, if recover/2 is needed"},
		Assumes:    []string{"The container has a memory limit"},
		Escalation: &event.Escalation{After: 15 * time.Minute, Contact: "on-call engineer"},
		Expected:   "Memory below 70 % of the limit, and flat.",
		SeeAlso:    []string{"api-down"},
		Lock:       []string{"container/app"},
		Command:    event.Command{Playbook: "memory-leak", Flags: []string{"--env", "production"}},
	}
}

func leakPlan() *event.Plan {
	return &event.Plan{Steps: []event.Step{
		{Path: "memory", Kind: event.KindAction, Title: "Sample memory over the window", Brief: "docker.sample_stats app for 60s, every 10s", Action: "docker.sample_stats", Phase: "steps"},
		{Path: "recover", Kind: event.KindRemedies, Title: "Bring memory down", Phase: "steps"},
		{Path: "recover/1", Kind: event.KindAction, Title: "Clear the application cache", Action: "http.request", Effect: action.Write, Remedy: 1, Parent: "recover", Phase: "steps"},
		{Path: "recover/2", Kind: event.KindAction, Title: "Restart the container", Action: "docker.restart", Effect: action.Write, Remedy: 2, Parent: "recover", Phase: "steps"},
		{Path: "recover/3", Kind: event.KindAction, Title: "Raise the memory limit to 2 GiB", Action: "docker.update_limits", Effect: action.Write, Remedy: 3, Parent: "recover", Asks: true, Phase: "steps"},
		{Path: "healthy", Kind: event.KindAction, Brief: "http.request GET /health", Action: "http.request", Phase: "steps"},
		{Path: "finally/1", Kind: event.KindAction, Brief: `notify.send "memory-leak failed at ..."`, Action: "notify.send", Effect: action.Write, Phase: "finally"},
	}}
}

func (s *story) begin() *story {
	return s.add(event.TypeRunCreated, "", leakHeader()).
		add(event.TypePlan, "", leakPlan()).
		add(event.TypeLocks, "", &event.Locks{Keys: []string{"production/container/app"}}).
		add(event.TypeOwner, "", &event.Owner{PID: 4181, Host: "ops-1", User: "maria"})
}

func (s *story) sampling() *story {
	return s.add(event.TypeStepStarted, "memory", &event.StepStarted{
		Brief: "docker.sample_stats app for 60s, every 10s", Action: "docker.sample_stats", Target: "docker",
		Params: []event.Input{{Name: "container", Text: "app"}, {Name: "for", Text: "60s"}, {Name: "every", Text: "10s"}},
	}).at(32).add(event.TypeProgress, "memory", &event.Progress{
		Progress: action.Progress{Done: 4, Total: 7, Note: "memory_percent=91.5"}, Total: 60 * time.Second,
	})
}

func (s *story) sampled() *story {
	const summary = "slope 0.20 MiB/s, last 92.1 %, limit 1.00 GiB"
	return s.at(60).add(event.TypeResult, "memory", &event.Result{Summary: summary, Duration: time.Minute}).
		add(event.TypeStepFinished, "memory", &event.StepFinished{State: event.Passed, Summary: summary, Duration: time.Minute})
}

const slopeWhen = "steps.memory.outputs.slope_bytes_per_second > 0"
const leakGoal = "observed.memory_percent < 70"

func when(v event.Verdict, seen string) *event.Check {
	return &event.Check{Kind: "when", That: slopeWhen, Verdict: v, Seen: seen}
}

func goalCheck(v event.Verdict, seen string, looks int) *event.Check {
	c := &event.Check{Kind: "goal", That: leakGoal, Verdict: v, Seen: seen, Place: "memory-leak.yaml:30:9"}
	if looks > 0 {
		c.Within, c.Every, c.Count = "60s", "5s", looks
	}
	return c
}

func (s *story) diagnosed() *story {
	return s.add(event.TypeStepStarted, "recover", &event.StepStarted{When: when(event.True, "209715.2")}).
		add(event.TypeObservation, "recover", &event.Observation{Action: "docker.stats", Before: true, Summary: "memory 92.1 %"}).
		add(event.TypeCheck, "recover", goalCheck(event.CheckFailed, "92.1", 0))
}

func (s *story) cleared() *story {
	s.add(event.TypeStepStarted, "recover/1", &event.StepStarted{Brief: "http.request POST /api/cache/clear", Action: "http.request", Target: "http", Effect: action.Write})
	s.add(event.TypeIntent, "recover/1", &event.Intent{Action: "http.request", Target: "http", Effect: action.Write, Preview: action.Preview{Summary: "POST /api/cache/clear"}})
	s.add(event.TypeOutcome, "recover/1", &event.Outcome{Applied: action.AppliedFully, Summary: "200 in 84ms", Duration: 84 * time.Millisecond})
	return s.add(event.TypeStepFinished, "recover/1", &event.StepFinished{State: event.Passed, Summary: "200 in 84ms", Duration: 84 * time.Millisecond})
}

func (s *story) polling() *story {
	return s.at(100).add(event.TypePoll, "recover", &event.Poll{That: leakGoal, Seen: "89.9", Left: 20 * time.Second, Every: "5s"})
}

func (s *story) ineffective() *story {
	return s.at(120).add(event.TypeCheck, "recover", goalCheck(event.CheckFailed, "90.3", 13)).
		add(event.TypeRemedy, "recover", &event.Remedy{Index: 1, Title: "Clear the application cache", Verdict: "ineffective", Duration: time.Minute, Looks: 13,
			Goal: []event.Goal{{That: leakGoal, Name: "memory_percent", Before: "92.1", After: "90.3"}}})
}

var appObject = action.Object{Kind: "container", Name: "app", ID: "3f9c2b71a0de", Note: "mltb/app:1.42"}

func (s *story) restarting() *story {
	s.add(event.TypeStepStarted, "recover/2", &event.StepStarted{Brief: "docker.restart app", Action: "docker.restart", Target: "docker", Effect: action.Write})
	return s.add(event.TypeIntent, "recover/2", &event.Intent{Action: "docker.restart", Target: "docker", Effect: action.Write,
		Preview: action.Preview{Summary: "restart container app (3f9c2b71a0de)", Touches: []action.Object{appObject}}})
}

func (s *story) restarted() *story {
	const away = "container app restarted, away for 4.2s"
	s.restarting().at(124.2).add(event.TypeOutcome, "recover/2", &event.Outcome{Applied: action.AppliedFully, Summary: away, Duration: 4200 * time.Millisecond})
	s.add(event.TypeStepFinished, "recover/2", &event.StepFinished{State: event.Passed, Summary: away, Duration: 4200 * time.Millisecond})
	s.add(event.TypeCheck, "recover", goalCheck(event.Held, "31.4", 1))
	s.add(event.TypeRemedy, "recover", &event.Remedy{Index: 2, Title: "Restart the container", Verdict: "effective", Duration: 4200 * time.Millisecond, Looks: 1,
		Goal: []event.Goal{{That: leakGoal, Name: "memory_percent", Before: "90.3", After: "31.4", Held: true}}})
	s.add(event.TypeRemedy, "recover", &event.Remedy{Index: 3, Title: "Raise the memory limit to 2 GiB", Verdict: "not_needed"})
	return s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Passed, Duration: 64 * time.Second})
}

func (s *story) slow() *story {
	const message = "Slow after recovery"
	s.at(124.7).add(event.TypeStepStarted, "healthy", &event.StepStarted{Brief: "http.request GET /health", Action: "http.request", Target: "http"})
	s.events = s.events[:len(s.events)]
	s.at(125.3).add(event.TypeResult, "healthy", &event.Result{Summary: "200 in 612ms", Duration: 612 * time.Millisecond})
	s.add(event.TypeCheck, "healthy", &event.Check{Kind: "verify", That: "outputs.status == 200", Verdict: event.Held, Seen: "200"})
	s.add(event.TypeCheck, "healthy", &event.Check{Kind: "verify", That: "outputs.latency_ms < 500", Level: "warn", Message: message, Verdict: event.CheckWarned, Seen: "612"})
	return s.add(event.TypeStepFinished, "healthy", &event.StepFinished{State: event.Warned, Summary: "200 in 612ms", Duration: 613 * time.Millisecond})
}

func clearedChange() event.Change {
	return event.Change{Step: "recover/1", Action: "http.request", Effect: action.Write, Target: "http", State: action.AppliedFully, Summary: "POST /api/cache/clear", Verdict: "ineffective"}
}

func restartedChange() event.Change {
	return event.Change{Step: "recover/2", Action: "docker.restart", Effect: action.Write, Target: "docker", State: action.AppliedFully, Summary: "container app restarted, away for 4.2s", Verdict: "effective"}
}

func (s *story) done() *story {
	s.add(event.TypeStepSkipped, "finally/1", &event.StepSkipped{Reason: "when", When: &event.Check{Kind: "when", That: `failure.reason != ""`, Verdict: event.False}})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{
		Schema: 1, State: event.Done, Found: []event.Found{{Input: event.Input{Name: "memory_percent", Text: "92.1"}}},
		Changes:  []event.Change{clearedChange(), restartedChange()},
		Warnings: []event.Finding{{Step: "healthy", Level: "warn", Message: "Slow after recovery; outputs.latency_ms 612, expected < 500"}},
		Duration: 125 * time.Second,
	})
}

// leak is the whole story.
func leak() *story {
	return newStory().begin().sampling().sampled().diagnosed().cleared().polling().ineffective().restarted().slow().done()
}

var compares = regexp.MustCompile(`^(\S+) (<|<=|>|>=|==|!=) (\S+)$`)

// number gives hand-made facts the numbers that their texts say.
func number(data any) {
	switch d := data.(type) {
	case *event.StepStarted:
		number(d.When)
	case *event.StepSkipped:
		number(d.When)
	case *event.Check:
		if d == nil {
			return
		}
		d.Number, d.Sides = numberIn(d.That, cmp.Or(d.Seen, d.Now))
		for i := range d.Looks {
			d.Looks[i].Number, _ = numberIn(d.That, d.Looks[i].Seen)
		}
		numberParts(d.That, d.Parts)
	case *event.Poll:
		d.Number, d.Sides = numberIn(d.That, d.Seen)
	case *event.Remedy:
		for i := range d.Goal {
			d.Goal[i].Was, _ = numberIn(d.Goal[i].That, d.Goal[i].Before)
			d.Goal[i].Is, _ = numberIn(d.Goal[i].That, d.Goal[i].After)
		}
	case *event.RunFinished:
		for i, f := range d.Found {
			if n, err := strconv.ParseFloat(f.Text, 64); err == nil {
				d.Found[i].Number = event.NumberOf(f.Name, n)
			}
		}
	}
}

func numberParts(that string, parts []event.Part) {
	for i, p := range parts {
		parts[i].Number, _ = numberIn(that, p.Value)
		numberParts(p.Source, p.Parts)
	}
}

// numberIn is the number that was seen in a condition, if it says one.
func numberIn(that, seen string) (*event.Number, *event.Comparison) {
	name, other := that, ""
	var sides *event.Comparison
	if m := compares.FindStringSubmatch(that); m != nil {
		name, other, sides = m[1], m[3], &event.Comparison{Left: m[1], Operator: m[2], Right: m[3]}
	}
	v, err := strconv.ParseFloat(seen, 64)
	if err != nil {
		return nil, sides
	}
	n := event.NumberOf(name, v)
	if against, err := strconv.ParseFloat(other, 64); err == nil {
		n.Against = &against
	}
	return n, sides
}
