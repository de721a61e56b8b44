package plan_test

import (
	"strings"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/diag/diagtest"
	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/yaml"
)

// tried are mistakes for which the compiler gives a hint, each with what it says to write.
// GET reads, SET changes, DROP destroys.
var tried = []diagtest.Tried{
	{Mistake: "steps: [{action: world.gett, with: {name: a}}]", Mended: "steps: [{action: world.get, with: {name: a}}]"},
	{Mistake: "steps: [{action: no.thing}]", Mended: "steps: [{GET}]"},
	{Mistake: "steps: [{action: world.get, with: {nam: a}}]", Mended: "steps: [{action: world.get, with: {name: a}}]"},
	{Mistake: "steps: [{action: world.set, with: {name: a, valeu: 1}}]", Mended: "steps: [{SET}]"},
	{Mistake: "steps: [{action: world.set, with: {}}]", Mended: "steps: [{SET}]"},
	{Mistake: "steps: [{action: world.list, with: {zzz: 1}}]", Mended: "steps: [{action: world.list}]"},
	{Mistake: "steps: [{action: world.get, with: {name: a, zzz: 1}}]", Mended: "steps: [{GET}]"},
	{Mistake: "steps: [{action: world.set, with: {name: a, value: 101}}]", Mended: "steps: [{action: world.set, with: {name: a, value: 100}}]"},
	{Mistake: "steps: [{action: world.set, with: {name: a, value: }}]", Mended: "steps: [{SET}]"},
	{Mistake: "steps: [{GET, verify: [steps.x.outputs.value == 1]}]", Mended: "steps: [{id: x, GET}, {GET, verify: [steps.x.outputs.value == 1]}]"},
	{Mistake: "steps: [{id: abc, GET}, {GET, verify: [steps.abd.outputs.value == 1]}]", Mended: "steps: [{id: abc, GET}, {GET, verify: [steps.abc.outputs.value == 1]}]"},
	{Mistake: "steps: [{id: abc, GET}, {GET, verify: [steps.zzz.outputs.value == 1]}]", Mended: "steps: [{id: abc, GET}, {GET, verify: [steps.abc.outputs.value == 1]}]"},
	{
		Mistake: "steps: [{id: a, GET}, {id: b, GET}, {id: c, GET}, {id: d, GET}, {id: e, GET}, {id: f, GET}, {id: g, GET}, {id: h, GET}, {id: i, GET}, {id: j, GET}, {id: k, GET}, {id: l, GET}, {id: m, GET}, {GET, verify: [steps.zzz.outputs.value == 1]}]",
		Mended:  "steps: [{id: meant, GET}, {GET, verify: [steps.meant.outputs.value == 1]}]",
	},
	{Mistake: "steps: [{id: x, GET, verify: [steps.x.outputs.value == 1]}]", Mended: "steps: [{id: x, GET, verify: [outputs.value == 1]}]"},
	{Mistake: "steps: [{id: a, GET}, {id: r, needs: [], GET, verify: [steps.a.outputs.value == 1]}]", Mended: "steps: [{id: a, GET}, {id: r, needs: [a], GET, verify: [steps.a.outputs.value == 1]}]"},
	{Mistake: "steps: [{id: a, GET}, {needs: [], steps: [{GET, verify: [steps.a.outputs.value == 1]}]}]", Mended: "steps: [{id: a, GET}, {needs: [a], steps: [{GET, verify: [steps.a.outputs.value == 1]}]}]"},
	{Mistake: "steps: [{id: r, GET, verify: [steps.a.outputs.value == 1]}, {steps: [{id: a, GET}]}]", Mended: "steps: [{steps: [{id: a, GET}]}, {id: r, GET, verify: [steps.a.outputs.value == 1]}]"},
	{Mistake: "steps: [{id: b, steps: [{GET, when: steps.b.state == 'passed'}]}]", Mended: "steps: [{id: b, steps: [{GET}]}, {GET, when: steps.b.state == 'passed'}]"},
	{Mistake: "steps: [{id: b, when: steps.a.outputs.value == 1, steps: [{id: a, GET}]}]", Mended: "steps: [{id: b, steps: [{id: a, GET}], verify: [steps.a.outputs.value == 1]}]"},
	{Mistake: "steps: [{id: b, steps: [{GET, when: steps.a.outputs.value == 1}], finally: [{id: a, GET}]}]", Mended: "steps: [{id: b, steps: [{GET}], finally: [{id: a, GET}, {GET, when: (steps.a.outputs?.value ?? 0) == 1}]}]"},
	{Mistake: "steps: [{GET, when: steps.a.outputs.value == 1}]\nfinally: [{id: a, GET}]", Mended: "steps: [{GET}]\nfinally: [{id: a, GET}, {GET, when: (steps.a.outputs?.value ?? 0) == 1}]\noutputs: {v: '${{ steps.a.outputs?.value ?? 0 }}'}"},
	{Mistake: "steps: [{for_each: [1], steps: [{id: a, GET}]}, {GET, when: steps.a.outputs.value == 1}]", Mended: "steps: [{for_each: [1], steps: [{id: a, GET}, {GET, when: steps.a.outputs.value == 1}]}]"},
	{
		Mistake: "steps: [{id: l, for_each: [1], steps: [{id: a, GET}]}, {GET, when: steps.a.outputs.value == 1}]",
		Mended:  "steps: [{id: l, for_each: [1], steps: [{id: a, GET}], outputs: {name: '${{ steps.a.outputs }}'}}, {GET, when: 'steps.l.outputs[0].name.value == 1'}]",
	},
	{Mistake: "steps: [{id: a, needs: [c], GET}]", Mended: "steps: [{id: a, GET}]"},
	{Mistake: "steps: [{id: a, needs: [a], GET}]", Mended: "steps: [{id: a, GET}]"},
	{Mistake: "steps: [{id: a, needs: [b], GET}, {id: b, needs: [a], GET}]", Mended: "steps: [{id: a, needs: [b], GET}, {id: b, needs: [], GET}]"},
	{Mistake: "inputs: {r: {type: list, of: {}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]", Mended: "inputs: {r: {type: list, of: {target: string, port: int}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]"},
	{Mistake: "inputs: {r: {type: list, of: {Target: string}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]", Mended: "inputs: {r: {type: list, of: {target: string}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]"},
	{Mistake: "inputs: {r: {type: list, of: {target: strin}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]", Mended: "inputs: {r: {type: list, of: {target: string}}}\nsteps: [{for_each: '${{ inputs.r }}', GET}]"},
	{Mistake: "inputs: {n: {type: string}}\nsteps: [{GET}]", Mended: "inputs: {n: {type: string}}\nsteps: [{action: world.get, with: {name: '${{ inputs.n }}'}}]"},
	{Mistake: "lock: 'a/${{ run.id }}'\nsteps: [{GET}]", Mended: "inputs: {n: {type: string}}\nlock: 'a/${{ inputs.n }}/${{ vars.x }}/${{ environment.name }}'\nsteps: [{GET}]"},
	{Mistake: "steps: [{for_each: [1], max_failures: 2, GET}]", Mended: "steps: [{for_each: [1], max_failures: 2, on_failure: continue, GET}]"},
	{Mistake: "steps: [{for_each: [a], as: inputs, GET}]", Mended: "steps: [{for_each: [a], as: server, GET}]"},
	{Mistake: "steps: [{GET, keep: true}]", Mended: "steps: [{GET}]"},
	{Mistake: "inputs: {s: {type: secret}}\nsteps: [{GET, show: inputs.s}]", Mended: "inputs: {s: {type: string}}\nsteps: [{GET, show: inputs.s}]"},
	{Mistake: "inputs: {s: {type: list, of: {a: string, b: int}}}\nsteps: [{GET, show: inputs.s}]", Mended: "inputs: {s: {type: list, of: {a: string, b: int}}}\nsteps: [{GET, show: {table: inputs.s, columns: [a]}}]"},
	{Mistake: "inputs: {s: {type: list, of: {a: string, b: int}}}\nsteps: [{GET, show: 'first(inputs.s)'}]", Mended: "inputs: {s: {type: list, of: {a: string, b: int}}}\nsteps: [{GET, show: 'map(inputs.s, .a)'}]"},
	{Mistake: "inputs: {s: {type: list}}\nsteps: [{GET, show: {table: 'map([1, 2], # + 1)'}}]", Mended: "steps: [{GET, show: 'map([1, 2], # + 1)'}]"},
	{Mistake: "steps: [{GET, observe: {SET}}]", Mended: "steps: [{SET, observe: {GET}}]"},
	{Mistake: "steps: [{SET, idempotent: true}]", Mended: "steps: [{action: world.run, idempotent: true}]"},
	{Mistake: "steps: [{action: world.run, retry: {attempts: 3}}]", Mended: "steps: [{action: world.run, retry: {attempts: 3}, idempotent: true}]"},
	{Mistake: "steps: [{DROP}]", Mended: "steps: [{DROP, approve: {message: May it?}}]"},
	{Mistake: "steps: [{action: world.perhaps, with: {name: a, value: 1}}]", Mended: "steps: [{action: world.perhaps, with: {name: a, value: 1}, approve: {message: May it?}}]"},
	{Mistake: "steps: [{SET, undo: {DROP}, on_failure: undo}]", Mended: "steps: [{SET, undo: {SET}, on_failure: undo}]"},
	{Mistake: "steps: [{SET, undo: {SET}}]", Mended: "steps: [{SET, undo: {SET}, on_failure: undo}]"},
	{Mistake: "prerequisites: [{SET}]\nsteps: [{GET}]", Mended: "prerequisites: [{GET}]\nsteps: [{SET}]"},
	{Mistake: "steps: [{SET, effect: read}]", Mended: "steps: [{SET}]"},
	{Mistake: "steps: [{action: world.watch, with: {for: 10m}, timeout: 5m}]", Mended: "steps: [{action: world.watch, with: {for: 10m}, timeout: 11m}]"},
	{Mistake: "steps: [{SET, within: 5s}]", Mended: "steps: [{SET, within: 5s, observe: {GET}, verify: [observed.value == 1]}]"},
	{Mistake: "steps: [{id: a, GET}, {GET, retry: {attempts: '${{ steps.a.outputs.value }}'}}]", Mended: "inputs: {n: {type: int}}\nsteps: [{id: a, GET}, {GET, retry: {attempts: '${{ inputs.n }}'}}]"},
	{Mistake: "steps: [{GET, within: 5s, every: 10s, verify: [outputs.value == 1]}]", Mended: "steps: [{GET, within: 15s, every: 10s, verify: [outputs.value == 1]}]"},
	{Mistake: "steps: [{GET, approve: {by: db}}]", Mended: "steps: [{GET, approve: {by: dba}}]"},
	{Mistake: "steps: [{GET, approve: {by: nobody-of-them}}]", Mended: "steps: [{GET, approve: {by: dba}}]"},
	{Mistake: "steps: [{GET, when: 1}]", Mended: "steps: [{GET, when: 1 == 1}]"},
	{Mistake: "steps: [{call: nobody}]", Mended: "steps: [{call: right}]"},
	{Mistake: "steps: [{call: circle}]", Mended: "steps: [{call: right}]"},
	{Mistake: "steps: [{call: wrong}]", Mended: "steps: [{call: right}]"},
	{Mistake: "steps: [{action: world.any, with: {any: 1.10}}]", Mended: "steps: [{action: world.any, with: {any: '1.10'}}, {action: world.any, with: {any: 1.1}}]"},
	{Mistake: "steps: [{action: world.any, with: {token: {secret: a}}}]", Mended: "steps: [{action: world.any, with: {token: '${{ vars.a }}'}}]"},
	{Mistake: "steps: [{GET, show: 'The disk is full'}]", Mended: "steps: [{GET, show: 'The disk has ${{ outputs.value }}'}]"},
	{Mistake: "-\nsteps: [{GET}]", Mended: "steps: [{GET}]"},
}

func TestHintsAreTried(t *testing.T) {
	const head = "playbook: test\ntitle: t\npurpose: p\nexpected: e\n"
	words := strings.NewReplacer("GET", "action: world.get, with: {name: a}", "SET", "action: world.set, with: {name: a, value: 1}", "DROP", "action: world.drop_value, with: {name: a, value: 1}")
	all := others{}
	for name, text := range map[string]string{"right": "steps: [{GET}]", "wrong": "steps: [{action: no.thing}]", "circle": "steps: [{call: test}]"} {
		all[name] = &yaml.Source{Name: name + ".yaml", Text: []byte(words.Replace("playbook: " + name + "\ntitle: t\npurpose: p\nexpected: e\n" + text))}
	}
	const of = "roles: {dba: [alice]}\nenvironments: {e: {targets: {service: {}}, vars: {x: a, a: {secret: a}}, secrets: {a: {env: A}}}}"
	env, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(of)}, "e", registry(t))
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	diagtest.Hints(t, ".", tried, func(text string) diag.List {
		whole, noTitle := strings.CutPrefix(text, "-\n")
		whole = head + whole
		if noTitle {
			whole = strings.Replace(whole, "purpose: p\n", "", 1)
		}
		all["test"] = &yaml.Source{Name: "test.yaml", Text: []byte(words.Replace(whole))}
		return launch.NewPlans(registry(t)).Compile(all["test"], all, env).List
	})
}
