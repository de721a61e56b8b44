package rehearsal_test

import (
	"context"
	nethttp "net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"runbook/actions/http"
	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/rehearsal"
)

type nothing struct{}

type counted struct {
	Value int `yaml:"value" doc:"How often it was asked for before."`
}

// liar is an action that says that it reads, and changes something.
func liar() *action.Action {
	return action.New(action.Spec[nothing, nothing]{
		Name: "test.peek", Summary: "Says that it reads.", Example: "action: test.peek", Target: http.Target, Effect: action.Read,
		Run: func(ctx context.Context, call action.Call, _ nothing) (nothing, error) {
			base, _ := call.Target.Config["base_url"].(string)
			request, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodPost, base+"/api/cache/clear", nil)
			if err != nil {
				return nothing{}, err
			}
			client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
			answer, err := client.Do(request)
			if err != nil {
				return nothing{}, err
			}
			return nothing{}, answer.Body.Close()
		},
	})
}

// counter is an action whose value is another in each run.
func counter() *action.Action {
	var value atomic.Int64
	return action.New(action.Spec[nothing, counted]{
		Name: "test.count", Summary: "Counts.", Example: "action: test.count", Effect: action.Read,
		Run: func(context.Context, action.Call, nothing) (counted, error) {
			return counted{int(value.Add(1)) - 1}, nil
		},
	})
}

const head = "playbook: small\ntitle: t\npurpose: p\nexpected: e\nsteps:\n"

const clears = head + `  - {id: clear, action: http.request, with: {method: POST, path: /api/cache/clear}, verify: [outputs.status == 200]}
`

func TestEachPropertyCanBeViolated(t *testing.T) {
	k := newKit(t, liar(), counter())
	for name, c := range map[string]struct{ playbook, rehearsals, fails string }{
		"a read that changes": {
			head + "  - {id: peek, action: test.peek}\n", one("fault: none\nexpect: {exit: 0}"),
			"also: a dry run before it changed nothing in the lab, http was asked for POST /api/cache/clear",
		},
		"what no dry run announced": {
			head + "  - {id: count, action: test.count}\n  - {id: clear, when: steps.count.outputs.value == 0, action: http.request, with: {method: POST, path: /api/cache/clear}}\n",
			one("fault: none\nagain: changes\nexpect: {changes: {count: 1}}"),
			"also: what changed was in the plan, http.request at clear was not: the dry run showed it as skipped",
		},
		"what an undo changes was announced with its step": {
			head + "  - id: move\n    on_failure: undo\n    steps:\n" +
				"      - {id: hold, for_each: [app], action: docker.pause, with: {container: '${{ item }}'}, undo: {steps: [{id: release, action: docker.unpause, with: {container: '${{ item }}'}}]}}\n" +
				"      - {action: flow.fail, with: {message: no}}\n",
			one("fault: none\nexpect: {exit: 1, changes: {exactly: [docker.pause]}, steps: {'hold[0]': undone, release: passed}, after: [lab.app.healthy]}"), "",
		},
		"a second run that changes": {
			clears, one("fault: none\nexpect: {changes: {count: 1}}"),
			"also: a second run changed nothing, http.request at clear",
		},
		"a second run that may": {clears, one("fault: none\nagain: changes\nexpect: {changes: {count: 1}}"), ""},
		"a healthy service that is changed": {
			clears, one("fault: cache-leak\nagain: changes\nexpect: {changes: {count: 1}}"),
			"also: a healthy service was left alone, http.request at clear",
		},
		"harm": {
			head + "  - {id: stop, action: docker.stop, with: {container: redis}, approve: true}\n",
			one("fault: none\nalso: [cpu-hot]\nagain: changes\napprove: [{step: stop, as: alice}]\nexpect: {changes: {count: 1}}"), "",
		},
		"harm, without an approval": {
			head + "  - {id: stop, action: docker.stop, with: {container: redis}}\n",
			one("fault: none\nalso: [cpu-hot]\nagain: changes\nexpect: {changes: {count: 1}}"),
			"also: against the wrong faults cpu-hot: no harm, cpu-hot: container mltb-redis-1 does not run",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := k.play(t, k.options(), k.subject(t, "small", c.playbook, c.rehearsals)).Results[0]
			all := failures(r)
			switch {
			case c.fails == "" && (len(all) > 0 || !r.Passed):
				t.Errorf("failed: %q", all)
			case c.fails != "" && (!slices.Equal(all, []string{c.fails}) || r.Passed):
				t.Errorf("passed %v:\n got  %q\n want %q", r.Passed, all, c.fails)
			}
		})
	}
}

func TestASecretInAnOutputIsFound(t *testing.T) {
	l, err := lab.Start(lab.Options{Seed: 1, Clock: clock.Step(time.Unix(0, 0), 0)})
	if err != nil {
		t.Fatal(err)
	}
	secrets := l.Secrets()
	l.Close()
	k := newKit(t)
	for _, secret := range secrets {
		o := k.options()
		o.Render = func(facts []event.Event) []byte { return []byte("told: " + secret) }
		r := k.play(t, o, k.cache(t, "fault: none\nalso: [redis-down]\nexpect: {changes: none}")).Results[0]
		if all := failures(r); r.Passed || len(all) != 1 || !strings.HasPrefix(all[0], "also: no secret in ") || strings.Contains(all[0], secret) {
			t.Errorf("passed %v: %q", r.Passed, all)
		}
	}
}

func TestAJournalThatFailedIsKept(t *testing.T) {
	k := newKit(t)
	o := k.options()
	var kept []event.Event
	o.Keep = func(facts []event.Event) (string, error) { kept = facts; return "9zq4", nil }
	r := k.brief(t, o, k.cache(t, "fault: none\nexpect: {exit: 1}")).Results[0]
	if r.Run != "9zq4" || len(kept) == 0 || kept[0].Type != event.TypeRunCreated {
		t.Errorf("run %q, %d facts", r.Run, len(kept))
	}
	kept = nil
	if r := k.brief(t, o, k.cache(t, "fault: none\nexpect: {exit: 0}")).Results[0]; r.Run != "" || kept != nil {
		t.Errorf("passed %v, and kept %q", r.Passed, r.Run)
	}
}

func TestACancelledContextEnds(t *testing.T) {
	k := newKit(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := k.options()
	o.Observer = &canceller{observer{}, cancel}
	if _, err := rehearsal.Play(ctx, []*rehearsal.Subject{k.cache(t, "fault: {name: hanging-target, on: http}\nexpect: {exit: 0}")}, o); err == nil {
		t.Error("no error")
	}
}

// canceller cancels at the first fact of a run.
type canceller struct {
	observer
	cancel context.CancelFunc
}

func (c *canceller) Fact(*rehearsal.Result, event.Event) { c.cancel() }

// What undoes a step is in the plan where the step is: an action, or each of a block.
func TestWhatUndoesIsInThePlan(t *testing.T) {
	r := newKit(t).steps(t, `
  - on_failure: undo
    steps:
      - action: docker.pause
        with: {container: aria2}
        undo: {action: docker.unpause, with: {container: aria2}}
      - action: docker.stop
        with: {container: qbittorrent}
        undo:
          steps:
            - {action: http.request, with: {method: POST, path: /api/cache/clear}}
            - {action: docker.start, with: {container: qbittorrent}}
      - {action: flow.fail, with: {message: it is enough}}
`, `
rehearsals:
  - {name: one, fault: none, also: [redis-down, disk-full], expect: {exit: 1, message: it is enough}}
`)
	undone := 0
	for _, c := range r.Finished.Changes {
		if c.Phase == event.Undo {
			undone++
		}
	}
	if !r.Passed || undone != 3 {
		t.Errorf("%d undone, %q %+v", undone, failures(r), r.Finished.Failure)
	}
}
