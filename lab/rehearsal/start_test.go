package rehearsal_test

import (
	"context"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/lab/rehearsal"
)

// faraway is an action on a target that the lab does not have.
func faraway() *action.Action {
	return action.New(action.Spec[nothing, nothing]{
		Name: "test.call", Summary: "Calls.", Example: "action: test.call", Effect: action.Read,
		Target: &action.TargetKind{Name: "faraway", Summary: "Not in the lab."},
		Run:    func(context.Context, action.Call, nothing) (nothing, error) { return nothing{}, nil },
	})
}

const locks = "playbook: small\ntitle: t\npurpose: p\nexpected: e\nlock: [cache, '${{ inputs.who }}']\ninputs: {who: {type: string, default: nobody}}\nsteps:\n"

// TestTheStartIsPlayed holds that a rehearsal sees what refuses a run before its
// first step, that nothing was done then, and that it fails where it expects
// another end.
func TestTheStartIsPlayed(t *testing.T) {
	k := newKit(t, faraway())
	clear := locks + "  - {id: clear, action: http.request, with: {method: POST, path: /api/cache/clear}}\n"
	for name, c := range map[string]struct{ playbook, keys, ending, fails string }{
		"locked":            {clear, "held: cache\nexpect: {exit: 4, changes: none, steps: {clear: not_run}, message: cache is held by another run}", "locked, as expected", ""},
		"locked, by input":  {clear, "held: [alice]\ninputs: {who: alice}\nexpect: {exit: 4, changes: none}", "locked, as expected", ""},
		"locked, expected":  {clear, "held: [elsewhere]\nagain: changes\nexpect: {exit: 4}", "failed", "exit: 4, seen 0"},
		"locked, and asked": {clear, "held: [cache]\nexpect: {exit: 0}", "failed", "exit: 0, seen 4"},
		"refused":           {clear, "policy: {deny: [http.request]}\nexpect: {exit: 3, changes: none, steps: {clear: not_run}, message: 'small.rehearsal.yaml:5:21  deny: http.request'}", "refused, as expected", ""},
		"refused, of reads": {clear, "policy: {deny: [docker.restart]}\nagain: changes\nexpect: {exit: 0}", "done, as expected", ""},
		"asked":             {clear, "policy: {allow: [read]}\nexpect: {exit: 3, steps: {clear: waiting}}", "waits, as expected", ""},
		"asked, --yes":      {clear, "policy: {allow: [read]}\nyes: true\nagain: changes\nexpect: {exit: 0}", "done, as expected", ""},
		"no target":         {locks + "  - {id: call, action: test.call}\n", "expect: {exit: 2, message: environment lab has no target faraway}", "failed, as expected", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := one("fault: none\nalso: [redis-down]\n" + c.keys)
			r := k.brief(t, k.options(), k.subject(t, "small", c.playbook, file)).Results[0]
			checkStart(t, r, c.ending, c.fails)
		})
	}
}

func checkStart(t *testing.T, r *rehearsal.Result, ending, fails string) {
	t.Helper()
	all := strings.Join(failures(r), "; ")
	if r.Ending != ending || all != fails {
		t.Errorf("it ended %q, want %q: %s; the run: %+v", r.Ending, ending, all, r.Finished.Failure)
	}
	if refused := r.Finished.ExitCode == 2 || r.Finished.ExitCode == 4; refused && len(r.Facts) > 0 {
		t.Errorf("a run that did not begin has %d facts", len(r.Facts))
	}
}
