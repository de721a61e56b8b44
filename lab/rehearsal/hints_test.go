package rehearsal_test

import (
	"strings"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/diag/diagtest"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
)

// tried are mistakes in a rehearsal, or in the file if they begin with =, for which a hint
// is given, each with what it says to write.
var tried = []diagtest.Tried{
	{Mistake: "=# " + strings.Repeat("a", 1<<20), Mended: "=rehearsals: [{name: a, fault: none, expect: {exit: 0}}]"},
	{Mistake: "=x: 1", Mended: "=rehearsals: [{name: a, fault: none, expect: {exit: 0}}]"},
	{Mistake: "=rehearsals: [{fault: none, expect: {exit: 0}}]", Mended: "=rehearsals: [{name: a leak is found and stopped, fault: none, expect: {exit: 0}}]"},
	{Mistake: "FAULT, EXPECT, inputs: {mxa: 1MiB}", Mended: "FAULT, EXPECT, inputs: {max: 1MiB}"},
	{Mistake: "FAULT, EXPECT, inputs: {zzzzz: 1}", Mended: "FAULT, EXPECT, inputs: {max: 1MiB}"},
	{Mistake: "FAULT, EXPECT, inputs: {max: many}", Mended: "FAULT, EXPECT, inputs: {max: 1MiB}"},
	{Mistake: "FAULT, EXPECT, inputs: a", Mended: "FAULT, EXPECT, inputs: {max: 1MiB}"},
	{Mistake: "FAULT, EXPECT, faults: [{at: -3s, inject: redis-down}]", Mended: "FAULT, EXPECT, faults: [{at: 30s, inject: redis-down}]"},
	{Mistake: "FAULT, EXPECT, seed: 1 # all inputs\n", Mended: "FAULT, EXPECT, inputs: {who: alice}, seed: 1 # all inputs\n"},
	{Mistake: "FAULT, EXPECT, faults: [{at: 3s, heal: zzzzz}]", Mended: "FAULT, EXPECT, faults: [{at: 3s, heal: redis-down}]"},
	{Mistake: "FAULT, EXPECT, programs: [{argv: [df], injects: {name: zzzzz}}]", Mended: "FAULT, EXPECT, programs: [{argv: [df], injects: {name: redis-down}}]"},
	{Mistake: "FAULT, EXPECT, programs: [{argv: [df], heals: zzzzz}]", Mended: "FAULT, EXPECT, programs: [{argv: [df], heals: redis-down}]"},
	{Mistake: "FAULT, EXPECT, also: [zzzzz]", Mended: "FAULT, EXPECT, also: [redis-down]"},
	{Mistake: "FAULT, EXPECT, settle: -3s", Mended: "FAULT, EXPECT, settle: 30s"},
	{Mistake: "fault: memory-leek, EXPECT", Mended: "fault: memory-leak, EXPECT"},
	{Mistake: "fault: zzzzz, EXPECT", Mended: "fault: none, EXPECT"},
	{Mistake: "EXPECT", Mended: "fault: none, EXPECT"},
	{Mistake: "fault: target-gone, EXPECT", Mended: "fault: {name: target-gone, on: docker}, EXPECT"},
	{Mistake: "fault: {name: memory-leak, twice: true}, EXPECT", Mended: "fault: {name: memory-leak, returns: true}, EXPECT"},
	{Mistake: "FAULT", Mended: "FAULT, expect: {exit: 0}"},
	{Mistake: "FAULT, EXPECT, again: always", Mended: "FAULT, EXPECT, again: changes"},
	{Mistake: "FAULT, EXPECT, faults: [{inject: redis-down}]", Mended: "FAULT, EXPECT, faults: [{at: 40s, inject: redis-down}, {at: before recover/2.1, heal: redis-down}]"},
	{Mistake: "FAULT, EXPECT, faults: [{at: 1s, inject: hanging-target}]", Mended: "FAULT, EXPECT, faults: [{at: 1s, inject: hanging-target, on: docker}]"},
	{Mistake: "FAULT, EXPECT, faults: [{at: 1s, inject: hanging-target, on: zzzzz}]", Mended: "FAULT, EXPECT, faults: [{at: 1s, inject: hanging-target, on: docker}]"},
	{Mistake: "FAULT, EXPECT, faults: [{at: after recover/1.x, inject: redis-down}]", Mended: "FAULT, EXPECT, faults: [{at: before recover/2.1, inject: redis-down}]"},
	{Mistake: "FAULT, EXPECT, faults: [{at: after zzzzz/1.1, inject: redis-down}]", Mended: "FAULT, EXPECT, faults: [{at: after answers, inject: redis-down}]"},
	{Mistake: "FAULT, EXPECT, approve: [{as: alice}]", Mended: "FAULT, EXPECT, approve: [{step: recover/2, as: alice}]"},
	{Mistake: "FAULT, EXPECT, approve: [{step: recover/2}]", Mended: "FAULT, EXPECT, approve: [{step: recover/2, as: alice}]"},
	{Mistake: "FAULT, EXPECT, report: [{as: alice}]", Mended: "FAULT, EXPECT"},
	{Mistake: "FAULT, EXPECT, report: [{step: answers, as: alice, fields: [a]}]", Mended: "FAULT, EXPECT"},
	{Mistake: "FAULT, expect: {exit: 0, changes: some}", Mended: "FAULT, expect: {exit: 0, changes: none}"},
	{Mistake: "FAULT, expect: {exit: 0, changes: {only: [docker.stop]}}", Mended: "FAULT, expect: {exit: 0, changes: {only: [http.request]}}"},
	{Mistake: "FAULT, expect: {exit: 0, remedies: {recover: Nothing of these}}", Mended: "FAULT, expect: {exit: 0, remedies: {recover: Clear it}}"},
	{Mistake: "FAULT, expect: {exit: 0, steps: {zzzzz: passed}}", Mended: "FAULT, expect: {exit: 0, steps: {recover: passed}}"},
	{Mistake: "FAULT, expect: {exit: 0, after: [steps.recover.met]}", Mended: "FAULT, expect: {exit: 0, steps: {recover: passed}, after: [lab.app.memory_percent < 90]}"},
	{Mistake: "=ENV {services: {app: 'mine:1'}}", Mended: "=ENV {services: {my-app: 'mine:1'}}"},
	{Mistake: "=ENV {services: {My App: 'mine:1'}}", Mended: "=ENV {services: {my-app: 'mine:1'}}"},
	{Mistake: "=ENV {services: {db: {replicas: 2}}}", Mended: "=ENV {services: {db: postgres:16}}"},
	{Mistake: "=ENV {faults: {api-down: It is down.}}", Mended: "=ENV {faults: {site-down: It is down.}}"},
	{Mistake: "=ENV {faults: {full: {}}}", Mended: "=ENV {faults: {full: Every connection is taken.}}"},
	{Mistake: "=ENV {faults: {full: {what: It is full., restart: db}}}", Mended: "=ENV {services: {db: postgres:16}, faults: {full: {what: It is full., restart: db}}}"},
	{Mistake: "FAULT, EXPECT, approve: [{step: recover/2, as: ann}] # a role\n", Mended: "FAULT, EXPECT, approve: [{step: recover/2, as: dba}] # a role\n"},
}

func TestHintsAreTried(t *testing.T) {
	words := strings.NewReplacer("FAULT", "fault: none", "EXPECT", "expect: {exit: 0}", "ENV", "rehearsals: [{name: a, fault: none, expect: {exit: 0}}]\nenvironment:")
	k := newKit(t)
	cache := read(t, "cache.yaml")
	optional := k.plan(t, &yaml.Source{Name: "cache.yaml", Text: []byte(cache)})
	required := k.plan(t, &yaml.Source{Name: "cache.yaml", Text: []byte(strings.Replace(cache, "default: nobody, ", "", 1))})
	role := k.plan(t, &yaml.Source{Name: "cache.yaml", Text: []byte(strings.Replace(cache, "approve: {message", "approve: {by: dba, message", 1))})
	diagtest.Hints(t, ".", tried, func(text string) diag.List {
		whole, is := strings.CutPrefix(words.Replace(text), "=")
		if !is {
			whole = "rehearsals: [{name: a, " + whole + "}]"
		}
		p := optional
		switch {
		case strings.Contains(text, "all inputs"):
			p = required
		case strings.Contains(text, "a role"):
			p = role
		}
		_, list := rehearsal.Parse(&yaml.Source{Name: "a.rehearsal.yaml", Text: []byte(whole)}, p, k.Registry)
		return list
	})
}
