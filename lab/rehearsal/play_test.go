package rehearsal_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
	"runbook/lab/rehearsal"
)

// leak is a rehearsal that passes, but for what it expects.
const leak = `
fault: cache-leak
settle: 1m
inputs: {max: 50MiB}
also: [redis-down]
`

func TestEachExpectationHoldsAndCanFail(t *testing.T) {
	k := newKit(t)
	cases := map[string]struct{ keys, fails string }{
		"before":           {"expect: {before: [lab.cache.size_bytes > inputs.max, run.exit == 0]}", ""},
		"before, not":      {"expect: {before: [lab.app.memory_percent < 30]}", "before: lab.app.memory_percent < 30, seen 40."},
		"after":            {"expect: {after: [lab.cache.size_bytes < inputs.max, run.state == \"done\"], hold: 10s}", ""},
		"after, not":       {"expect: {after: [lab.app.memory_percent > 85], within: 5s}", "after: lab.app.memory_percent > 85, seen 3"},
		"after, not held":  {"expect: {after: [lab.cache.size_bytes < 1048576], hold: 1m}", "after: lab.cache.size_bytes < 1048576, seen "},
		"exit, not":        {"expect: {exit: 1}", "exit: 1, seen 0"},
		"steps":            {"expect: {steps: {recover: passed, recover/1: passed, recover/2: not_run, told: skipped}}", ""},
		"steps, not":       {"expect: {steps: {told: passed}}", "steps: told passed, seen told skipped"},
		"remedies":         {"expect: {remedies: {recover: Clear it}}", ""},
		"remedies, not":    {"expect: {remedies: {recover: 'Clear it once more, with approval'}}", "remedies: recover: Clear it once more, with approval, seen recover: Clear it"},
		"remedies, none":   {"expect: {remedies: {recover: none}}", "remedies: recover: none, seen recover: Clear it"},
		"changes":          {"expect: {changes: {exactly: [http.request], count: 1}}", ""},
		"changes, none":    {"expect: {changes: none}", "changes: none, seen http.request"},
		"changes, only":    {"expect: {changes: {only: []}}", "changes: only none, seen http.request"},
		"changes, exactly": {"expect: {changes: {exactly: [http.request, http.request]}}", "changes: exactly http.request, http.request, seen http.request"},
		"changes, count":   {"expect: {changes: {count: 2}}", "changes: 2 in all, seen http.request"},
		"duration":         {"expect: {within_run: 1m}", ""},
		"duration, not":    {"expect: {within_run: 1ms}", "duration: at most 1ms, seen "},
		"always":           {"always: [lab.http.availability > 0.9]\nexpect: {after: [lab.app.running], hold: 5s}", ""},
		"always, not":      {"always: [lab.app.memory_percent > 85]\nexpect: {after: [lab.app.running], hold: 5s}", "always: lab.app.memory_percent > 85, seen 40.8 at 1m 00s"},
		"message, not":     {"expect: {message: no such thing}", "message: no such thing, seen "},
		"faults":           {"faults: [{at: after recover/1, inject: hanging-target, on: http, for: 1s}]\nexpect: {exit: 0}", ""},
		"faults, not":      {"faults: [{at: before recover/2, inject: hanging-target, on: http}]\nexpect: {exit: 0}", "faults: hanging-target on http before recover/2.1, seen the run never came there"},
		"faults, too late": {"faults: [{at: 1h, inject: redis-down}]\nexpect: {exit: 0}", "faults: redis-down after 1h 00m, seen the run never came there"},
		"approve, not":     {"approve: [{step: recover/2, as: alice}]\nexpect: {exit: 0}", "approve: alice is asked at recover/2, seen nobody was asked"},
	}
	names, file := slices.Sorted(maps.Keys(cases)), "rehearsals:\n"
	for _, name := range names {
		file += strings.Replace(strings.TrimPrefix(one(leak+cases[name].keys), "rehearsals:\n"), "name: one", "name: '"+name+"'", 1)
	}
	report := k.brief(t, k.options(), k.subject(t, "cache", read(t, "cache.yaml"), file))
	for i, name := range names {
		r, fails := report.Results[i], cases[name].fails
		all := failures(r)
		switch {
		case fails == "" && (len(all) > 0 || !r.Passed):
			t.Errorf("%s failed: %q", name, all)
		case fails != "" && (len(all) != 1 || !strings.HasPrefix(all[0], fails) || r.Passed):
			t.Errorf("%s passed %v:\n got  %q\n want %q", name, r.Passed, all, fails)
		}
	}
}

func TestHowARehearsalEnds(t *testing.T) {
	k := newKit(t)
	for name, c := range map[string]struct{ keys, ending string }{
		"red to green": {"fault: cache-leak\nexpect: {before: [lab.cache.size_bytes > inputs.max], after: [lab.cache.size_bytes < inputs.max], hold: 1s}", "red to green"},
		"left alone":   {"fault: none\nexpect: {changes: none}", "left alone"},
		"failed":       {"fault: {name: target-gone, on: http}\nexpect: {exit: 1, steps: {answers: failed}, message: connection refused}", "failed, as expected"},
		"waits":        {"fault: none\ninputs: {max: 0B}\nalso: [redis-down]\nexpect: {exit: 3, steps: {recover: waiting, recover/2: waiting}, changes: {count: 1}}", "waits, as expected"},
		"refused":      {"fault: none\ninputs: {max: 0B}\nalso: [redis-down]\napprove: [{step: recover/2, as: alice, refuse: not now}]\nexpect: {exit: 3, steps: {recover/2: refused}, message: not now}", "refused, as expected"},
		"not":          {"fault: none\nexpect: {exit: 1}", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := k.brief(t, k.options(), k.cache(t, c.keys)).Results[0]
			if r.Ending != c.ending {
				t.Errorf("ended %q, want %q: %q", r.Ending, c.ending, failures(r))
			}
		})
	}
}

func TestApprovalsAreAnsweredInLabTime(t *testing.T) {
	k := newKit(t)
	r := k.brief(t, k.options(), k.cache(t, `
fault: none
inputs: {max: 0B}
also: [redis-down]
approve: [{step: recover/2, as: alice, at: 2m}]
expect: {exit: 1, steps: {recover: failed, recover/2: passed}, changes: {exactly: [http.request, http.request]}}`)).Results[0]
	if !r.Passed {
		t.Fatalf("%q", failures(r))
	}
	var asked, given time.Time
	for _, f := range r.Facts {
		switch f.Type {
		case event.TypeApprovalRequested:
			asked = f.Time
		case event.TypeApprovalGiven:
			given = f.Time
			if by := f.Data.(*event.Approval).By; by != "alice" {
				t.Errorf("given by %q", by)
			}
		}
	}
	if took := given.Sub(asked); took != 2*time.Minute {
		t.Errorf("answered after %v", took)
	}
}

// Of several people who must approve, each answers in their time, and one is not
// enough.
func TestSeveralPeopleApproveInARehearsal(t *testing.T) {
	k := newKit(t)
	text := head + "  - {id: stop, action: docker.stop, with: {container: redis}, approve: {approvers: 2}}\n"
	for answers, want := range map[string]string{
		"{step: stop, as: alice, at: 1m}, {step: stop, as: bob, at: 2m}": "exit: 0, steps: {stop: passed}",
		"{step: stop, as: alice}, {step: stop, as: alice}":               "exit: 3, message: alice approved already, changes: none",
		"{step: stop, as: alice}":                                        "exit: 3, message: 1 of 2 different people have, changes: none",
	} {
		r := k.brief(t, k.options(), k.subject(t, "small", text, one("fault: none\nalso: [cpu-hot]\nagain: changes\napprove: ["+answers+"]\nexpect: {"+want+"}"))).Results[0]
		if !r.Passed {
			t.Errorf("%s: %q", answers, failures(r))
		}
	}
}

// observer notes what it is told.
type observer struct{ began, kinds []string }

func (o *observer) Began(r *rehearsal.Result) { o.began = append(o.began, r.Rehearsal.Name) }
func (o *observer) Moment(_ *rehearsal.Result, m rehearsal.Moment) {
	o.kinds = append(o.kinds, m.Kind)
}
func (o *observer) Fact(*rehearsal.Result, event.Event) {
	if n := len(o.kinds); n == 0 || o.kinds[n-1] != "run" {
		o.kinds = append(o.kinds, "run")
	}
}

func TestTheTimelineRunsFromRedToGreen(t *testing.T) {
	k := newKit(t)
	o, seen := k.options(), &observer{}
	o.Observer = seen
	r := k.brief(t, o, k.cache(t, `
fault: cache-leak
settle: 20m
also: [redis-down]
expect: {before: [lab.app.memory_percent > 85], after: [lab.app.memory_percent < 70, len(lab.alerts) == 0]}`)).Results[0]
	if want := []string{"healthy", "injected", "alert", "red", "run", "resolved", "green", "green", "finished"}; !slices.Equal(seen.kinds, want) {
		t.Errorf("told %q, want %q", seen.kinds, want)
	}
	if !slices.Equal(seen.began, []string{"one"}) || r.Timeline[1].Text != "fault cache-leak is injected; fast-forward 20m 00s" {
		t.Errorf("began %q, injected %q", seen.began, r.Timeline[1].Text)
	}
	if first, last := r.Memory.Percent[0], r.Memory.Percent[len(r.Memory.Percent)-1]; first < 80 || last > 60 || r.Memory.From != 20*time.Minute {
		t.Errorf("memory %v to %v from %v", first, last, r.Memory.From)
	}
	if r.LabTime < 20*time.Minute+30*time.Second || len(r.Facts) == 0 || r.Finished.ExitCode != 0 || r.Changes() != 1 {
		t.Errorf("lab time %v, %d facts, exit %d, %d changes", r.LabTime, len(r.Facts), r.Finished.ExitCode, r.Changes())
	}
}

func TestTwentySeedsTheSameVerdicts(t *testing.T) {
	k := newKit(t)
	subject := k.cache(t, `
settle: 1m
fault: cache-leak
inputs: {max: 50MiB}
also: [redis-down]
expect: {before: [lab.cache.size_bytes > inputs.max], after: [lab.cache.size_bytes < inputs.max], remedies: {recover: Clear it}, changes: {count: 1}}`)
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			o := k.options()
			o.Seed = seed + 1
			if r := k.brief(t, o, subject).Results[0]; !r.Passed || r.Seed != seed+1 {
				t.Errorf("seed %d: %q", r.Seed, failures(r))
			}
		})
	}
}
