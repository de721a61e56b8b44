package report

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/schema"
)

// toRestart is the story up to the restart, before anything is known of it.
func toRestart() *story {
	return newStory().begin().sampling().sampled().diagnosed().cleared().polling().ineffective().restarting()
}

func failedLeak() *story {
	s := toRestart()
	f := &event.Failure{
		What:  "docker.restart app: the container was stopped and did not start again\nDocker answered 500: Bind for 0.0.0.0:8060 failed: port is already allocated",
		Where: "container app (3f9c2b71a0de) on docker, tcp://prod-7.example.net:2376", Place: "memory-leak.yaml:40:9",
		Tried: []string{"once, 03:14:07 to 03:14:10, 3.4s: stop done in 2.9s; start refused"},
		Seen:  []string{"container app            running → exited (137)"},
	}
	s.at(123.4).add(event.TypeOutcome, "recover/2", &event.Outcome{Applied: action.AppliedPart, Failure: f, Duration: 3400 * time.Millisecond})
	s.add(event.TypeStepFinished, "recover/2", &event.StepFinished{State: event.Failed, Failure: f, Duration: 3400 * time.Millisecond})
	s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Failed, Failure: f, Duration: 63 * time.Second})
	s.add(event.TypePhase, "", &event.PhaseBegan{Name: "finally"})
	s.add(event.TypeStepStarted, "finally/1", &event.StepStarted{Brief: `notify.send "memory-leak failed at recover/2"`, Action: "notify.send", Effect: action.Write})
	s.add(event.TypeStepFinished, "finally/1", &event.StepFinished{State: event.Passed, Duration: 200 * time.Millisecond})
	partial := restartedChange()
	partial.State, partial.Summary, partial.Verdict = action.AppliedPart, "container app: running → exited", ""
	return s.at(124).add(event.TypeRunFinished, "", &event.RunFinished{
		Schema: 1, State: event.Failed, ExitCode: 1, Step: "recover/2", Reason: "failed", Failure: f,
		Changes: []event.Change{clearedChange(), partial}, Duration: 124 * time.Second,
		Reached: event.Reached{NotChanged: []event.Path{"recover/3"}, NotReached: []event.Path{"healthy"}},
	})
}

func inDoubtLeak() *story {
	s := toRestart()
	f := &event.Failure{
		What:  "docker.restart app: the request was sent, its reply was lost\nIt is not known whether app was restarted. It was not repeated.",
		Where: "container app (3f9c2b71a0de) on docker, tcp://prod-7.example.net:2376",
		Tried: []string{
			"03:14:07  POST /containers/3f9c2b71a0de/restart, sent in full",
			"03:14:09  connection reset by peer, after 2.1s",
			"03:14:09  observed 13 times in 60s: connection refused",
		},
		Seen: []string{"before it, app had started at 2026-11-20T08:11:02Z"},
	}
	s.at(122).add(event.TypeOutcome, "recover/2", &event.Outcome{Applied: action.AppliedLost, Failure: f, Duration: 2100 * time.Millisecond})
	lost := restartedChange()
	lost.State, lost.Summary, lost.Verdict = action.AppliedLost, "restart of container app", ""
	return s.at(182).add(event.TypeRunSuspended, "", &event.RunSuspended{RunFinished: event.RunFinished{
		Schema: 1, State: event.InDoubt, ExitCode: 6, Step: "recover/2", Failure: f, Changes: []event.Change{clearedChange(), lost},
		Duration: 182 * time.Second, Reached: event.Reached{NotChanged: []event.Path{"recover/3"}, NotReached: []event.Path{"healthy"}},
		Check: []string{"docker -H tcp://prod-7.example.net:2376 inspect -f '{{.State.StartedAt}}' app", "later than 2026-11-24T02:14:07Z: it happened"},
	}})
}

func limitApproval(s *story) *event.Approval {
	return &event.Approval{
		Action: "docker.update_limits", Target: "docker", Effect: action.Write, Digest: "9f31c07e55aa",
		Preview: action.Preview{
			Summary: "container app: memory limit 1.00 GiB → 2.00 GiB", Touches: []action.Object{appObject},
			Changes: []action.Change{{Name: "memory limit", Before: "1.00 GiB", After: "2.00 GiB"}},
		},
		Because: "goal observed.memory_percent < 70 was not reached by 1 and 2; now 88.9",
		SoFar:   []string{"POST /api/cache/clear", "container app restarted"},
		Expires: s.now.Add(9*time.Minute + 58*time.Second),
	}
}

func deleteApproval(s *story) *event.Approval {
	return &event.Approval{
		Action: "mongo.delete", Target: "mongo", Effect: action.Destructive, Digest: "9f31c07e55aa",
		Preview: action.Preview{
			Summary: "214 of 48,211 documents in mltb.tasks; refuses above 500",
			Touches: []action.Object{{Kind: "documents", Name: "mltb.tasks", Count: 214}},
			Changes: []action.Change{
				{Name: "filter", After: "{\"status\": \"processing\",\n \"updated_at\": {\"$lt\": \"2026-11-24T01:44:00Z\"}}"},
				{Name: "oldest", After: "gid 2089b05ecca3d829   2026-11-19T21:04:55Z"},
				{Name: "newest", After: "gid 51d0f7c2aa90e113   2026-11-24T01:41:31Z"},
			},
		},
		Message: "Backup 20261124-0214 was verified 1m ago; it holds all 214.",
		Because: "goal observed.stuck_count == 0 was not reached by 1 and 2; now 214",
		SoFar:   []string{"214 documents reset", "aria2 restarted", "qbittorrent restarted"},
		Expires: s.now.Add(9*time.Minute + 58*time.Second),
	}
}

func waitingLeak() *story {
	s := newStory().begin().sampling().sampled().diagnosed().cleared().polling().ineffective()
	s.at(248).add(event.TypeStepStarted, "recover/3", &event.StepStarted{Brief: "docker.update_limits app", Action: "docker.update_limits", Target: "docker", Effect: action.Write})
	s.add(event.TypeApprovalRequested, "recover/3", limitApproval(s))
	return s.add(event.TypeRunSuspended, "", &event.RunSuspended{RunFinished: event.RunFinished{
		Schema: 1, State: event.Waiting, ExitCode: 3, Step: "recover/3", Reason: "waiting", Duration: 248 * time.Second,
		Failure: &event.Failure{What: "approval is needed and there is no terminal"},
		Changes: []event.Change{clearedChange(), restartedChange()},
	}})
}

func refusedLeak() *story {
	s := waitingLeak()
	s.events = s.events[:len(s.events)-1]
	refused := limitApproval(s)
	refused.By, refused.Reason = "maria", "maria declined"
	f := &event.Failure{What: "maria declined"}
	s.at(260).add(event.TypeApprovalRefused, "recover/3", refused)
	s.add(event.TypeStepFinished, "recover/3", &event.StepFinished{State: event.Refused, Failure: f})
	s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Refused, Failure: f, Duration: 200 * time.Second})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{
		Schema: 1, State: event.Refused, ExitCode: 3, Step: "recover/3", Reason: "refused", Failure: f,
		Changes: []event.Change{clearedChange()}, Duration: 260 * time.Second, Reached: event.Reached{NotReached: []event.Path{"healthy"}},
	})
}

func cancelledLeak() *story {
	s := newStory().begin().sampling().sampled().diagnosed().cleared().polling()
	f := &event.Failure{What: "cancelled: another part of the run failed"}
	s.at(101).add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Cancelled, Failure: f, Duration: 41 * time.Second})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{
		Schema: 1, State: event.Cancelled, ExitCode: 130, Step: "recover/1", Reason: "SIGINT",
		Changes: []event.Change{clearedChange()}, Duration: 101 * time.Second, Reached: event.Reached{NotReached: []event.Path{"healthy"}},
	})
}

// brokenLeak is a run whose journal failed while an effect was under way.
func brokenLeak() *story {
	s := newStory().begin().sampling().sampled().diagnosed().cleared().polling()
	return s.at(101).add(event.TypeRunFinished, "", &event.RunFinished{
		Schema: 1, State: event.Failed, ExitCode: 5, Reason: "journal", Duration: 101 * time.Second, Changes: []event.Change{clearedChange()},
		Failure: &event.Failure{
			What: "the journal cannot be written: no space left on device", Where: "~/.local/state/runbook/runs/20261124-k7qm.journal",
			Facts: []action.Fact{{Label: "Lock", Value: "container/app, guarded until a run names this one, or it is closed"}},
			Do:    []string{"make room on the disk of ~/.local/state/runbook/runs, before anything is run again: df -h ~/.local/state/runbook/runs", "runbook run memory-leak --despite 20261124-k7qm", "runbook runs close 20261124-k7qm --because TEXT"},
		},
	})
}

func metLeak() *story {
	s := newStory().begin().sampling().sampled()
	s.add(event.TypeStepStarted, "recover", &event.StepStarted{})
	s.add(event.TypeCheck, "recover", goalCheck(event.Held, "38.2", 0))
	s.add(event.TypeStepFinished, "recover", &event.StepFinished{State: event.Passed, Met: true, Duration: 41 * time.Millisecond})
	return s.at(61).add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Done, Duration: 61 * time.Second})
}

func skippedLeak() *story {
	s := newStory().begin().sampling().sampled()
	s.add(event.TypeStepSkipped, "recover", &event.StepSkipped{Reason: "when", When: when(event.False, "-412")})
	return s.at(61).add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Done, Duration: 61 * time.Second})
}

func failedCheck() *story {
	s := newStory().begin()
	const that = "outputs.status == 200 && (outputs.json.pool.active < 80 || inputs.force)"
	c := &event.Check{Kind: "verify", That: that, Verdict: event.CheckFailed, Seen: "503", Place: "api-down.yaml:44:9", Parts: []event.Part{
		{Source: "outputs.status == 200", Value: "false", Evaluated: true, Parts: []event.Part{{Source: "outputs.status", Value: "503", Evaluated: true}}},
		{Source: "outputs.json.pool.active < 80 || inputs.force"},
	}}
	brief := "http.request GET https://app.example.net/api/status on http"
	s.add(event.TypeStepStarted, "healthy", &event.StepStarted{Brief: brief, Action: "http.request", Target: "http"})
	s.add(event.TypeCheck, "healthy", c)
	w := *c
	w.That, w.Parts, w.Within, w.Count = "outputs.status == 204", nil, "60s", 13
	w.Looks = []event.Look{{Seen: "503", Count: 11}, {Seen: "no answer", Count: 2}}
	s.add(event.TypeCheck, "healthy", &w)
	f := &event.Failure{What: "expected outputs.status == 200, seen 503", Place: c.Place}
	s.add(event.TypeStepFinished, "healthy", &event.StepFinished{State: event.Failed, Failure: f, Check: c, Duration: 71 * time.Millisecond})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Failed, ExitCode: 1, Step: "healthy", Failure: f, Duration: 71 * time.Millisecond})
}

// severalFailures is a check of two items that failed in one step, and two more steps.
func severalFailures() *story {
	s := newStory().begin()
	const full = "observed.last_percent < 70 and observed.slope_bytes_per_second * 3600 < observed.free_bytes"
	c := &event.Check{Kind: "verify", That: full, Message: "Full in less than 8 hours at this rate", Verdict: event.CheckFailed, Seen: "14400000000",
		Number: &event.Number{Value: 14400000000, Unit: schema.UnitBytes}, Place: "leak.yaml:44:9", Parts: []event.Part{
			{Source: "observed.last_percent < 70", Value: "true", Evaluated: true, Compared: "11.8 % < 70.0 %", Parts: []event.Part{{Source: "observed.last_percent", Value: "11.8", Evaluated: true}}},
			{Source: "observed.slope_bytes_per_second * 3600 < observed.free_bytes", Value: "false", Evaluated: true, Compared: "13.4 GiB < 4.00 MiB", Parts: []event.Part{
				{Source: "observed.slope_bytes_per_second * 3600", Value: "14400000000", Evaluated: true, Parts: []event.Part{
					{Source: "observed.slope_bytes_per_second", Value: "4000000", Number: &event.Number{Value: 4000000, Unit: schema.UnitBytesPerSecond}, Evaluated: true}}},
				{Source: "observed.free_bytes", Value: "4194304", Evaluated: true},
			}},
		}}
	all := &event.Check{Kind: "verify", That: "all(outputs.containers, .running)", Verdict: event.CheckFailed, Seen: "app-2: false", Place: "leak.yaml:45:9", Parts: []event.Part{
		{Element: "app-2", Source: ".running", Value: "false", Evaluated: true},
	}}
	s.add(event.TypeStepStarted, "memory", &event.StepStarted{Brief: "docker.sample_stats app", Action: "docker.sample_stats", Target: "docker"})
	s.add(event.TypeCheck, "memory", c).add(event.TypeCheck, "memory", all)
	f := &event.Failure{What: "Full in less than 8 hours at this rate; expected " + full + ", seen 13.4 GiB\nexpected all(outputs.containers, .running), seen app-2: false", Place: c.Place}
	other := &event.Failure{What: "expected outputs.status == 200, seen 503", Place: "leak.yaml:60:9"}
	s.add(event.TypeStepFinished, "healthy", &event.StepFinished{State: event.Failed, Failure: other, Duration: 71 * time.Millisecond})
	s.add(event.TypeStepFinished, "memory", &event.StepFinished{State: event.Failed, Failure: f, Check: c, Duration: 71 * time.Millisecond})
	return s.add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Failed, ExitCode: 1, Step: "memory", Failure: f, Duration: 71 * time.Millisecond})
}
