package rehearsal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
	"runbook/lab/stub"
)

// steps is a playbook of these steps, given as items of a list.
func steps(list string) string {
	return "playbook: steps\ntitle: t\npurpose: p\nexpected: e\nsteps:\n" + strings.Trim(list, "\n") + "\n"
}

// steps plays the first rehearsal of a file with a playbook of these steps.
func (k *kit) steps(t *testing.T, list, file string) *rehearsal.Result {
	t.Helper()
	return k.play(t, k.options(), k.subject(t, "steps", steps(list), file)).Results[0]
}

// TestStubsAnswerForPrograms holds what a stub of a program answers, on this machine
// and in a container, and that nothing is started: there are no such programs.
func TestStubsAnswerForPrograms(t *testing.T) {
	r := newKit(t).steps(t, `
  - id: list
    action: shell.run
    with: {argv: [no-such, get, deployments]}
    verify: ['fromJSON(outputs.stdout).items == []', outputs.duration_ms == 4000]
  - id: first
    action: shell.run
    with: {argv: [no-such, check], allow_codes: [1]}
    verify: [outputs.stderr == "lock", outputs.exit_code == 1]
    needs: [list]
  - id: second
    action: shell.run
    with: {argv: [no-such, check, "--all"]}
    verify: [outputs.stdout == "fine"]
    needs: [first]
  - id: inside
    action: docker.exec
    with: {container: app, argv: [no-such, dump]}
    verify: [outputs.stdout == "dumped", outputs.exit_code == 3]
    needs: [second]
  - id: own
    action: docker.exec
    with: {container: redis, argv: [echo, hi]}
    verify: [outputs.stdout == "hi\n"]
    needs: [inside]
`, `
programs:
  - {argv: [no-such, get], stdout: '{"items": []}', takes: 4s}
  - {argv: [no-such, check], stdout: fine}
rehearsals:
  - name: one
    fault: none
    programs:
      - {argv: [no-such, check], exit: 1, stderr: lock, times: 1}
      - {argv: [no-such, "*"], on: docker, stdout: dumped, exit: 3}
    again: changes
    expect: {exit: 0, steps: {own: passed}}
`)
	if !r.Passed {
		t.Errorf("%q %+v", failures(r), r.Finished.Failure)
	}
}

// TestStubsChangeTheModel holds that what a stub does to the lab is seen there, and that
// a dry run does nothing.
func TestStubsChangeTheModel(t *testing.T) {
	const restart = `
  - id: restart
    action: shell.run
    with: {argv: [systemctl, restart, app]}
`
	k := newKit(t)
	for _, r := range k.play(t, k.options(), k.subject(t, "steps", steps(restart), `
rehearsals:
  - name: it heals
    fault: api-down
    programs: [{argv: [systemctl, restart], takes: 20s, heals: api-down}]
    again: changes
    expect: {before: [lab.http.availability < 0.5], after: [lab.app.healthy], steps: {restart: passed}}
  - name: it injects
    fault: none
    programs: [{argv: [systemctl], injects: {name: target-gone, on: redis}}]
    again: changes
    expect: {after: ['"target-gone on redis" in lab.faults'], steps: {restart: passed}}
`)).Results {
		if !r.Passed {
			t.Errorf("%s: %q %+v", r.Rehearsal.Name, failures(r), r.Finished.Failure)
		}
	}
}

// TestStubsRememberWhatWasDone holds that a stub answers only while what it needs was set
// last, that what sets something is a change, and that a run begins without any.
func TestStubsRememberWhatWasDone(t *testing.T) {
	const file = `
environment: {targets: {shell: {reads: [[no-such, state]%s]}}}
programs:
  - {argv: [no-such, state], while: {web: drained, lb: off}, stdout: both}
  - {argv: [no-such, state], while: {web: drained}, stdout: drained}
  - {argv: [no-such, state], stdout: ready}
  - {argv: [no-such, drain], sets: {web: drained}}
  - {argv: [no-such, ready], sets: {web: ready}}
rehearsals:
  - {name: one, fault: none, again: changes, programs: [{argv: [no-such, "off"], sets: {lb: off}}], expect: {exit: 0}}
`
	var list strings.Builder
	for _, s := range []struct{ do, now string }{{"drain", "ready"}, {"off", "drained"}, {"ready", "both"}, {"drain", "ready"}, {"ready", "both"}} {
		fmt.Fprintf(&list, `
  - {action: shell.run, with: {argv: [no-such, state]}, verify: [outputs.stdout == "%s"]}
  - {action: shell.run, with: {argv: [no-such, "%s"]}}`, s.now, s.do)
	}
	k := newKit(t)
	if r := k.steps(t, list.String(), fmt.Sprintf(file, "")); !r.Passed {
		t.Errorf("%q %+v", failures(r), r.Finished.Failure)
	}
	r := k.steps(t, list.String(), fmt.Sprintf(file, ", [no-such, drain]"))
	equal(t, failures(r), []string{"also: a dry run before it changed nothing in the lab, the stub of no-such drain changed the lab"})
}

// TestAStubThatNothingCallsIsFound holds it for one of a rehearsal, and for one of all
// of a file.
func TestAStubThatNothingCallsIsFound(t *testing.T) {
	k := newKit(t)
	s := k.subject(t, "steps", steps(`
  - id: list
    action: shell.run
    with: {argv: [no-such, list]}
`), `
programs:
  - {argv: [no-such, list]}
  - {argv: [no-such, never]}
rehearsals:
  - name: one
    fault: none
    again: changes
    expect: {exit: 0}
  - name: two
    fault: none
    programs: [{argv: [no-such]}, {argv: [no-such, list]}]
    again: changes
    expect: {exit: 0}
`)
	report := k.play(t, k.options(), s)
	equal(t, failures(report.Results[0]), []string(nil))
	equal(t, failures(report.Results[1]), []string{"stubs: a call of no-such list, seen nothing called it"})
	equal(t, report.Coverage[0].Idle, []rehearsal.Place{{What: "no-such never", Where: "steps.rehearsal.yaml:4:5"}})
	shown := k.subject(t, "shown", steps(`
  - {id: look, action: shell.run, with: {argv: [no-such, look]}}
  - {id: clean, when: "steps.look.outputs.stdout != ''", action: shell.run, with: {argv: [no-such, clean]}}
  - {id: again, when: steps.clean.state == "failed", action: shell.run, with: {argv: [no-such, again]}}
`), `
environment: {targets: {shell: {reads: [[no-such, look], [no-such, again]]}}}
programs: [{argv: [no-such, look], stdout: x}, {argv: [no-such, clean]}, {argv: [no-such, again]}]
rehearsals: [{name: one, fault: none, again: changes, expect: {exit: 0, steps: {again: skipped}}}]
`)
	if idle := k.play(t, k.options(), shown).Coverage[0].Idle; len(idle) > 0 {
		t.Errorf("what only the dry run reads: %v", idle)
	}
	s.Skip = func(h *rehearsal.Rehearsal) bool { return h.Number != 1 }
	if idle := k.play(t, k.options(), s).Coverage[0].Idle; len(idle) > 0 {
		t.Errorf("with one left out, which may call it: %v", idle)
	}
}

// TestTheLineOfAStubIsValid holds that a failure says the line that answers it, for
// words of every kind: with it the same rehearsal passes.
func TestTheLineOfAStubIsValid(t *testing.T) {
	k := newKit(t)
	for text, file := range map[string]string{
		"{action: host.port, with: {host: db.example, port: 5432}}":    "ports:\n  %s\n",
		"{action: docker.restart, with: {container: \"${{ 'db' }}\"}}": "environment:\n  services:\n    %s\n",
		"{action: docker.inspect, with: {container: '1.0'}}":           "environment:\n  services:\n    %s\n",
	} {
		text = "  - " + text + "\n"
		do := k.steps(t, text, one("fault: none\nagain: changes\nexpect: {exit: 1}")).Finished.Failure.Do
		file = fmt.Sprintf(file, strings.Replace(do[1], "IMAGE:TAG", "some:1", 1))
		if r := k.steps(t, text, file+one("fault: none\nagain: changes\nexpect: {exit: 0}")); !r.Passed {
			t.Errorf("%s%q %q", file, do, failures(r))
		}
	}
	gone := k.steps(t, "  - {action: docker.inspect, with: {container: app}}\n", one("fault: {name: target-gone, on: container/app}\nexpect: {exit: 1}"))
	if !gone.Passed || len(gone.Lacking) > 0 {
		t.Errorf("a container of the lab that is gone lacks %q, %q", gone.Lacking, failures(gone))
	}
	const keys = "fault: none\nagain: changes\nexpect: {exit: 0}"
	for _, argv := range []string{
		`[kubectl, get, deployments]`, `[sh, -c, "echo $RANDOM >> it; env | grep -c \"a b\" '#'"]`, `["no", "on", "1e3", "~", "*", "a: b", "{x}", "tab\tend"]`,
		`["[", -f, /etc/passwd, "", ü, "${{ 'x' + 'y' }}"]`, `[python3, -c, "` + strings.Repeat("long", 50) + `", then]`,
	} {
		text := "  - id: it\n    action: shell.run\n    with: {argv: " + argv + "}\n"
		refused := k.steps(t, text, one(keys))
		do := refused.Finished.Failure.Do
		if len(do) < 2 || do[0] != "add below programs: in steps.rehearsal.yaml" {
			t.Fatalf("do %q", do)
		}
		if r := k.steps(t, text, "programs:\n  "+do[1]+"\n"+one(keys)); !r.Passed {
			t.Errorf("%s: %q %q", argv, do[1], failures(r))
		}
	}
}

// TestServicesAndFaultsOfOnesOwn holds that containers which the lab does not have run in
// it like the others, with no program but those of stubs, that a fault of a file's own
// lasts until a stub heals it or a process starts anew, and that a stub looks whether it
// does.
func TestServicesAndFaultsOfOnesOwn(t *testing.T) {
	k := newKit(t)
	const count = `{action: docker.exec, with: {container: db, argv: [psql, -c, count]}}`
	s := k.subject(t, "steps", steps(`
  - id: both
    action: docker.list
    with: {name: web}
    verify: ['map(outputs.containers, .name) == ["mltb-web-1", "mltb-web-2"]', 'all(outputs.containers, .healthy)', 'outputs.containers[0].image == "nginx:latest"']
  - id: own
    action: docker.exec
    with: {container: db, argv: [redis-cli, ping]}
    on_failure: warn
  - id: recover
    observe: `+count+`
    verify: [observed.stdout == "12"]
    remedies:
      - {action: docker.exec, with: {container: db, argv: [psql, -c, end]}}
      - {action: docker.restart, with: {container: db}}
`), `
environment:
  services: {web: {image: nginx, replicas: 2}, db: "postgres:16"}
  faults: {full: {what: Every connection is taken., restart: db}}
  targets: {docker: {exec_reads: [[psql, -c, count]]}}
programs:
  - {argv: [psql, -c, count], on: web, stdout: "never"}
  - {argv: [psql, -c, count], on: db, while: full, stdout: "97"}
  - {argv: [psql, -c, count], stdout: "12"}
rehearsals:
  - name: a stub heals it
    fault: full
    programs: [{argv: [psql, -c, end], heals: full}]
    expect: {before: ['lab.faults == ["full"]'], after: ["lab.faults == []"], steps: {own: warned}, changes: {exactly: [docker.exec]}}
  - name: a new process heals it
    fault: full
    programs: [{argv: [psql, -c, end]}]
    expect: {after: ['lab.ended == ["full"]', 'any(lab.containers, .service == "db" and .restarts == 0)'], changes: {exactly: [docker.exec, docker.restart]}}
  - name: it is made in time, and healed
    fault: none
    faults: [{at: before recover, inject: full}, {at: after recover/1, heal: full}]
    programs: [{argv: [psql, -c, end]}]
    expect: {steps: {recover: passed}, changes: {exactly: [docker.exec]}}
  - {name: nothing is wrong, fault: none, expect: {changes: none}}
`)
	report := k.play(t, k.options(), s)
	for _, r := range report.Results {
		if !r.Passed {
			t.Errorf("%s: %q %+v", r.Rehearsal.Name, failures(r), r.Finished.Failure)
		}
		if len(r.Lacking) != 1 || r.Lacking[0].Text != "- {argv: [redis-cli, ping], stdout: \"\"}" {
			t.Errorf("%s: lacking %q", r.Rehearsal.Name, r.Lacking)
		}
	}
	if idle := report.Coverage[0].Idle; len(idle) != 1 || idle[0].Where != "steps.rehearsal.yaml:7:5" {
		t.Errorf("idle %v", idle)
	}
}

// TestWhatMayNotBeginSaysWhy holds it for a read that the environment of the rehearsals
// does not list.
func TestWhatMayNotBeginSaysWhy(t *testing.T) {
	r := newKit(t).steps(t, "  - id: it\n    action: flow.wait\n    with: {for: 1s}\n    observe: {action: docker.exec, with: {container: redis, argv: [psql]}}\n    verify: [observed.stdout != \"\"]\n",
		one("fault: none\nexpect: {exit: 0}"))
	equal(t, r.Notes, []rehearsal.Note{{Label: "Ended", Text: "invalid: steps is invalid: 1 error"}, {Label: "Mistake", Text: "steps.yaml:6:5: `observe` only reads, and this docker.exec does not: its effect is write; " +
		"if it only reads, list the beginning of its argv under `exec_reads` of the target docker below environment: in steps.rehearsal.yaml"}})
}

// TestWhoHasARoleMayApprove holds that several people of a role answer where the file says
// who has it, that without it the role's own name does, and that another is no answer.
func TestWhoHasARoleMayApprove(t *testing.T) {
	k := newKit(t)
	playbook := func(approvers int) string {
		return steps(fmt.Sprintf(`
  - id: drop
    approve: {by: dba, approvers: %d}
    action: docker.restart
    with: {container: redis}
`, approvers))
	}
	file := func(environment, answers string) string {
		return environment + one("fault: none\nagain: changes\napprove: ["+answers+"]\nexpect: {steps: {drop: passed}}")
	}
	const roles = "environment: {roles: {dba: [ann, bob]}}\n"
	for _, r := range k.play(t, k.options(),
		k.subject(t, "one", playbook(1), file("", "{step: drop, as: dba}")),
		k.subject(t, "two", playbook(2), file(roles, "{step: drop, as: ann}, {step: drop, as: bob, at: 5m}")),
	).Results {
		if !r.Passed {
			t.Errorf("%s: %q %q", r.Subject.Name, failures(r), r.Notes)
		}
	}
	p := k.plan(t, &yaml.Source{Name: "steps.yaml", Text: []byte(playbook(1))})
	for text, want := range map[string]string{
		file("", "{step: drop, as: ann}"):                  "ann does not have the role dba, which the step asks for",
		file(roles, "{step: drop, as: cem}"):               "cem does not have the role dba, which the step asks for",
		file("", "{step: drop, as: ann, refuse: not now}"): "",
	} {
		_, list := rehearsal.Parse(&yaml.Source{Name: "a.rehearsal.yaml", Text: []byte(text)}, p, k.Registry)
		if got := fmt.Sprint(list); (want == "") != (len(list) == 0) || !strings.Contains(got, want) {
			t.Errorf("%s%s", text, got)
		}
	}
}

// TestStubsAnswerForPorts holds that a stub answers host.port, open or closed and with
// the lab's time, and that nothing is dialled.
func TestStubsAnswerForPorts(t *testing.T) {
	r := newKit(t).steps(t, `
  - {id: open, action: host.port, with: {host: db.example, port: 5432}, verify: [outputs.open, outputs.latency_ms == 40], needs: []}
  - {id: closed, action: host.port, with: {host: db.example, port: 5433}, verify: [not outputs.open, 'outputs.error == "connection refused"'], needs: []}
  - {id: slow, action: host.port, with: {host: db.example, port: 5434, timeout: 2s}, verify: [not outputs.open, outputs.latency_ms == 2000, 'outputs.error != ""'], needs: []}
  - {id: in_time, action: host.port, with: {host: db.example, port: 5435}, verify: [outputs.open], within: 5s, needs: []}
`, `
ports:
  - {address: "db.example:5434", takes: 9s}
  - {address: "db.example:5435", closed: connection refused, times: 2}
  - {address: "*:5433", closed: connection refused}
  - {address: "db.example:*", takes: 40ms}
rehearsals:
  - {name: one, fault: none, expect: {exit: 0, changes: none}}
`)
	if !r.Passed {
		t.Errorf("%q %+v", failures(r), r.Finished.Failure)
	}
}

// TestAnotherServiceIsRehearsed holds that a file's own environment has targets of any
// name: those of a kind that the lab plays are the lab's, the programs of others are
// answered by stubs, and what is listed is a read. Nothing of it is reached.
func TestAnotherServiceIsRehearsed(t *testing.T) {
	o := newOutside(t)
	k := newKit(t)
	r := k.steps(t, `
  - id: orders
    action: http.request
    target: shop
    with: {path: /api/orders}
    verify: [outputs.json.open == 3]
  - id: alive
    action: http.request
    target: shop
    with: {path: /health}
    verify: [outputs.status == 200]
  - id: ready
    for_each: ${{ environment.groups.web }}
    action: shell.run
    target: ${{ item }}
    with: {argv: [systemctl, is-active, "${{ vars.unit }}"]}
    verify: [outputs.stdout == item]
`, strings.NewReplacer("SERVER", o.URL, "PLACE", strings.TrimPrefix(o.URL, "http://")).Replace(`
environment:
  targets:
    shop: {kind: http, base_url: "SERVER"}
    web1: {kind: shell, host: "ssh://nobody@PLACE", reads: [[systemctl, is-active]]}
    web2: {kind: shell, host: "ssh://nobody@PLACE", reads: [[systemctl, is-active]]}
  groups: {web: [web1, web2]}
  vars: {unit: shop}
requests: [{url: "*/api/orders", json: {open: 3}}]
programs:
  - {argv: [systemctl, is-active, shop], on: web1, stdout: web1}
  - {argv: [systemctl, is-active], on: web2, stdout: web2}
rehearsals:
  - name: one
    fault: none
    expect: {exit: 0, changes: none, steps: {alive: passed, ready: passed}}
`))
	o.touched(t)
	if !r.Passed {
		t.Errorf("%q %+v", failures(r), r.Finished.Failure)
	}
}

// TestAStubMayCutARun holds that a program that takes longer than its step is lost, as a
// real one.
func TestAStubMayCutARun(t *testing.T) {
	k := newKit(t)
	r := k.brief(t, k.options(), k.subject(t, "steps", steps(`
  - id: slow
    action: shell.run
    with: {argv: [no-such]}
    timeout: 10s
`), `
rehearsals:
  - name: one
    fault: api-down
    programs: [{argv: [no-such], takes: 1m, heals: api-down}]
    expect: {exit: 6, after: ["lab.http.availability < 0.5"], hold: 0s, steps: {slow: in_doubt}}
`)).Results[0]
	if !r.Passed {
		t.Errorf("%q %+v", failures(r), r.Finished.Failure)
	}
	if !slices.ContainsFunc(r.Facts, func(e event.Event) bool { o, ok := e.Data.(*event.Outcome); return ok && o.Applied == "lost" }) {
		t.Error("no effect was lost")
	}
}

// TestWhatStands holds that only a stub that always answers stands for a program that is
// not asked for: one that is used up would let it be started unasked.
func TestWhatStands(t *testing.T) {
	f := newKit(t).subject(t, "steps", steps("\n  - {id: it, action: shell.run, with: {argv: [df]}}\n"), `
programs:
  - {argv: [df], times: 9}
  - {argv: [du], on: web}
rehearsals: [{name: one, fault: none, expect: {exit: 0}}]
`).File
	s := stub.New(nil, "", f.Stubs...)
	for _, c := range []struct {
		target, program string
		stands          bool
	}{{"shell", "df", false}, {"web", "du", true}, {"shell", "du", false}} {
		if got := s.Stands(action.Asked{Target: c.target, Argv: []string{c.program}}); got != c.stands {
			t.Errorf("%s on %s: %v", c.program, c.target, got)
		}
	}
}

// TestAReadThatChangesIsFound holds that a program that is listed as a read, and whose
// stub changes the lab, fails the rehearsal: a dry run calls it, too.
func TestAReadThatChangesIsFound(t *testing.T) {
	r := newKit(t).steps(t, `
  - id: restart
    action: shell.run
    with: {argv: [systemctl, restart, app]}
`, `
environment: {targets: {shell: {reads: [[systemctl]]}}}
rehearsals:
  - name: one
    fault: api-down
    programs: [{argv: [systemctl, restart], heals: api-down}]
    expect: {exit: 0}
`)
	equal(t, failures(r), []string{"also: a dry run before it changed nothing in the lab, the stub of systemctl restart changed the lab"})
}
