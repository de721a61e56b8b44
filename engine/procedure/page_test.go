package procedure_test

import (
	"context"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/engine/procedure"
	"runbook/engine/yaml"
)

type params struct {
	Name string `yaml:"name,omitempty" doc:"Name."`
}

type outputs struct {
	Text string   `yaml:"text" show:"last" doc:"A text."`
	Rows []params `yaml:"rows" doc:"Rows."`
}

func registry(t *testing.T) *action.Registry {
	t.Helper()
	made := func(name string, e action.Effect, child bool) *action.Action {
		return action.New(action.Spec[params, outputs]{
			Name: name, Summary: "Nothing.", Example: "action: " + name, Effect: e, Child: child,
			Target:  &action.TargetKind{Name: strings.Split(name, ".")[0], Summary: "One."},
			Run:     func(context.Context, action.Call, params) (outputs, error) { return outputs{}, nil },
			Preview: func(context.Context, action.Call, params) (action.Preview, error) { return action.Preview{}, nil },
		})
	}
	r, err := action.NewRegistry([]*action.Action{made("a.get", action.Read, false), made("b.set", action.Write, false), made("c.run", action.Write, true)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told are the keys of the language with a playbook that has them, and what its page
// says then; of a key that it says nothing of, "" and why.
var told = map[string]struct{ text, says string }{
	"playbook.playbook":      {"steps: [GET]", "main"},
	"playbook.title":         {"title: To do it\nsteps: [GET]", "To do it"},
	"playbook.category":      {"category: tune\nsteps: [GET]", "tune, main.yaml"},
	"playbook.purpose":       {"purpose: To do it\nsteps: [GET]", "Purpose To do it"},
	"playbook.symptoms":      {"symptoms: [it is slow]\nsteps: [GET]", "- it is slow"},
	"playbook.expected":      {"expected: It is done\nsteps: [GET]", "Expected It is done"},
	"playbook.escalation":    {"escalation: {after: 7m, contact: the team}\nsteps: [GET]", "to the team after 7m"},
	"playbook.alerts":        {"alerts: [Slow]\nsteps: [GET]", "Alerts Slow"},
	"playbook.see_also":      {"see_also: [other]\nsteps: [GET]", "See also other"},
	"playbook.lock":          {"lock: a/b\nsteps: [GET]", "Lock a/b"},
	"playbook.timeout":       {"timeout: 7m\nsteps: [GET]", "Takes at most 7m"},
	"playbook.max_parallel":  {"max_parallel: 3\nsteps: [GET]", "At once at most 3 actions"},
	"playbook.on_failure":    {"on_failure: undo\nsteps: [GET]", "If it fails what it changed is undone"},
	"playbook.inputs":        {"inputs: {n: {type: int, default: 7, min: 1}}\nsteps: [GET]", "n int from 1, default 7"},
	"playbook.prerequisites": {"prerequisites: [It is night]\nsteps: [GET]", "- It is night not checked"},
	"playbook.steps":         {"steps: [GET]", "a.get name=x"},
	"playbook.finally":       {"steps: [GET]\nfinally: [{title: Clean up, action: a.get}]", "Finally 1 Clean up"},
	"playbook.outputs":       {"steps: [GET]\noutputs: {n: '${{ 1 + 6 }}'}", "Gives n = ${{ 1 + 6 }}"},

	"step.id":           {"steps: [{id: the_one, action: a.get}]", "the_one"},
	"step.title":        {"steps: [{title: Do it, action: a.get}]", "Do it"},
	"step.needs":        {"steps: [{id: one, action: a.get}, {id: two, action: a.get}, {needs: [one], action: a.get}]", "After one"},
	"step.when":         {"steps: [{when: 1 == 2, action: a.get}]", "Only when 1 == 2"},
	"step.for_each":     {"steps: [{for_each: [1, 2], action: a.get}]", "For each [1, 2]"},
	"step.as":           {"steps: [{for_each: [1, 2], as: host, action: a.get}]", "For each [1, 2] as host"},
	"step.max_parallel": {"steps: [{for_each: [1, 2], max_parallel: 2, action: a.get}]", "2 at once"},
	"step.max_failures": {"steps: [{for_each: [1, 2], on_failure: warn, max_failures: 2, action: a.get}]", "until 2 failed"},
	"step.action":       {"steps: [{title: T, action: a.get}]", "T read a.get"},
	"step.with":         {"steps: [{action: a.get, with: {name: seven}}]", "name=seven"},
	"step.target":       {"steps: [{action: a.get, target: other}]", "a.get on other"},
	"step.effect":       {"steps: [{action: b.set, effect: destructive, approve: true}]", "destructive, asks"},
	"step.steps":        {"steps: [{steps: [{title: Within, action: a.get}]}]", "Within"},
	"step.outputs":      {"steps: [{id: b, steps: [GET], outputs: {n: '${{ 7 }}'}}]", "Gives n = ${{ 7 }}"},
	"step.finally":      {"steps: [{steps: [GET], finally: [{title: Last, action: a.get}]}]", "Finally, however these ended 1 Last"},
	"step.remedies":     {"steps: [{observe: {action: a.get}, verify: ['observed.text == \"\"'], remedies: [{title: Mend it, action: b.set}]}]", "1 Mend it"},
	"step.call":         {"steps: [{call: other, with: {n: 7}}]", "calls other With n=7"},
	"step.manual":       {"steps: [{manual: {text: Look there}}]", "Look there"},
	"step.observe":      {"steps: [{action: b.set, observe: {action: a.get, with: {name: seven}, target: far}}]", "Observe a.get on far name=seven"},
	"step.verify":       {"steps: [{action: a.get, verify: [1 == 1]}]", "Verify 1 == 1"},
	"step.within":       {"steps: [{action: a.get, verify: [1 == 1], within: 7m}]", "within 7m"},
	"step.every":        {"steps: [{action: a.get, verify: [1 == 1], within: 7m, every: 9s}]", "observed every 9s"},
	"step.skip_if_met":  {"steps: [{action: b.set, observe: {action: a.get}, verify: [1 == 1], skip_if_met: true}]", "does nothing where that holds before"},
	"step.show":         {"steps: [{action: a.get, show: [outputs.text, {table: outputs.rows, columns: [name]}]}]", "Shows outputs.text a table of outputs.rows: name"},
	"step.keep":         {"steps: [{action: a.get, keep: true}]", "Keeps its texts"},
	"step.approve":      {"steps: [{action: b.set, approve: {message: May it?}}]", "Asks May it?"},
	"step.retry":        {"steps: [{action: a.get, retry: {attempts: 3}}]", "Tried at most 3 times, 1s apart"},
	"step.idempotent":   {"steps: [{action: c.run, idempotent: true}]", "Repeatable"},
	"step.timeout":      {"steps: [{action: a.get, timeout: 7m}]", "Takes at most 7m"},
	"step.on_failure":   {"steps: [{action: a.get, on_failure: warn}]", "If it fails it is a warning"},
	"step.undo":         {"on_failure: undo\nsteps: [{action: b.set, undo: {title: Take back, action: b.set, with: {name: old}, timeout: 7m}}]", "Undo Take back b.set name=old Takes at most 7m"},

	"observation.action": {"steps: [{action: b.set, observe: {action: a.get}}]", "Observe a.get"},
	"observation.with":   {"steps: [{action: b.set, observe: {action: a.get, with: {name: seven}}}]", "Observe a.get name=seven"},
	"observation.target": {"steps: [{action: b.set, observe: {action: a.get, target: far}}]", "Observe a.get on far"},
	"check.that":         {"steps: [{action: a.get, verify: [{that: 1 == 1}]}]", "Verify 1 == 1"},
	"check.message":      {"steps: [{action: a.get, verify: [{that: 1 == 1, message: Not so}]}]", "else: Not so"},
	"check.level":        {"steps: [{action: a.get, verify: [{that: 1 == 1, level: warn}]}]", "Warn if not 1 == 1"},
	"shown.table":        {"steps: [{action: a.get, show: {table: outputs.rows}}]", "a table of outputs.rows: name"},
	"shown.columns":      {"steps: [{action: a.get, show: {table: 'fromJSON(outputs.text)'}}]", "a table of fromJSON(outputs.text)"},
	"approve.message":    {"steps: [{action: b.set, approve: {message: May it?}}]", "Asks May it?"},
	"approve.by":         {"steps: [{action: b.set, approve: {by: dba}}]", "by dba"},
	"approve.approvers":  {"steps: [{action: b.set, approve: {approvers: 2}}]", "2 people"},
	"approve.expires":    {"steps: [{action: b.set, approve: {expires: 7m}}]", "within 7m"},
	"approve.unattended": {"steps: [{action: b.set, approve: {unattended: refuse}}]", "refused where nobody can be asked"},
	"retry.attempts":     {"steps: [{action: a.get, retry: {attempts: 3}}]", "at most 3 times"},
	"retry.delay":        {"steps: [{action: a.get, retry: {attempts: 3, delay: 7s}}]", "7s apart"},
	"retry.max_delay":    {"steps: [{action: a.get, retry: {attempts: 3, max_delay: 7s}}]", "apart, at most 7s"},
	"retry.backoff":      {"steps: [{action: a.get, retry: {attempts: 3, backoff: exponential}}]", "twice as long each time"},
	"retry.jitter":       {"steps: [{action: a.get, retry: {attempts: 3, jitter: 0.5}}]", "0.5 of it by chance"},
	"retry.if":           {"steps: [{action: a.get, retry: {attempts: 3, if: 'error == \"x\"'}}]", `if error == "x"`},
	"manual.text":        {"steps: [{manual: {text: Look there}}]", "Look there"},
	"manual.fields":      {"steps: [{manual: {text: Look, fields: {who: {type: string, doc: Whom}}}}]", "Reports who string. Whom"},
}

// Each key of the language that changes what a playbook does is told by its page: a key
// that is declared and not told fails here.
func TestThePageTellsOfEachKey(t *testing.T) {
	for name, d := range map[string]*yaml.Declaration{
		"playbook": yaml.DeclarationOf[playbook.Playbook](), "step": yaml.DeclarationOf[playbook.Step](), "observation": yaml.DeclarationOf[playbook.Operation](),
		"check": yaml.DeclarationOf[playbook.Check](), "shown": yaml.DeclarationOf[playbook.Shown](), "approve": yaml.DeclarationOf[playbook.Approve](),
		"retry": yaml.DeclarationOf[playbook.Retry](), "manual": yaml.DeclarationOf[playbook.Manual](),
	} {
		for _, key := range d.Names() {
			if _, ok := told[name+"."+key]; !ok {
				t.Errorf("nothing says what the page tells of %s of a %s", key, name)
			}
		}
	}
	for key, x := range told {
		got := pageOf(t, x.text)
		if !strings.Contains(got, x.says) {
			t.Errorf("%s: %q stands nowhere in\n%s", key, x.says, got)
		}
		if plain := pageOf(t, "steps: [{action: a.get, with: {name: y}}]"); !strings.HasSuffix(key, ".playbook") && strings.Contains(plain, x.says) {
			t.Errorf("%s: %q stands there without it, too", key, x.says)
		}
	}
}

// pageOf is the page of a playbook in words, one space between them.
func pageOf(t *testing.T, text string) string {
	t.Helper()
	var other *plan.Plan
	compiled := func(name, text string) *plan.Plan {
		text = "playbook: " + name + "\n" + strings.ReplaceAll(text, "GET", "{action: a.get, with: {name: x}}") + "\n"
		tree, list := playbook.Parse(&yaml.Source{Name: name + ".yaml", Text: []byte(text)})
		if list.Errors() > 0 {
			t.Fatalf("%s: %v", text, list)
		}
		p, list := plan.Compile(tree, plan.Options{Registry: registry(t), Callee: func(string, *yaml.Source) (*plan.Plan, error) { return other, nil }})
		if p == nil {
			t.Fatalf("%s: %v", text, list)
		}
		return p
	}
	other = compiled("other", "inputs: {n: {type: int, default: 1}}\nsteps: [{action: a.get, with: {name: '${{ inputs.n }}'}}]")
	p := compiled("main", text)
	return strings.Join(strings.Fields(procedure.Page(p, "main", event.Effects{}, page.Look{Width: 300, Unicode: true}).String()), " ")
}
