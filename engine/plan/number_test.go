package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// places are steps in which a number stands as N, by the keys that take one.
var places = map[string]string{
	"timeout": "steps: [{timeout: N, action: world.get, with: {name: a}}]", "max_parallel": "steps: [{for_each: [1], max_parallel: N, action: world.get, with: {name: a}}]",
	"max_failures": "steps: [{for_each: [1], on_failure: warn, max_failures: N, action: world.get, with: {name: a}}]",
	"within":       "steps: [{within: N, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]",
	"every":        "steps: [{within: 1h, every: N, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]",
	"attempts":     "steps: [{retry: {attempts: N}, action: world.get, with: {name: a}}]", "delay": "steps: [{retry: {attempts: 2, delay: N}, action: world.get, with: {name: a}}]",
	"max_delay": "steps: [{retry: {attempts: 2, max_delay: N}, action: world.get, with: {name: a}}]", "jitter": "steps: [{retry: {attempts: 2, jitter: N}, action: world.get, with: {name: a}}]",
	"playbook's timeout": "timeout: N\nsteps: [{action: world.list}]", "playbook's max_parallel": "max_parallel: N\nsteps: [{action: world.list}]",
	"undo": "on_failure: undo\nsteps: [{action: world.set, with: {name: a, value: 1}, undo: {timeout: N, action: world.list}}]",
	"item": "steps: [{for_each: [1], steps: [{timeout: N, action: world.list}]}]",
}

// What a number is made of is checked where it stands: its type, its names, and that it
// is known when the run begins.
func TestWhatANumberIsMadeOf(t *testing.T) {
	declared := "inputs: {d: {type: duration, default: 5s}, i: {type: int, default: 3}, l: {type: list, default: []}, s: {type: secret}}\nprerequisites: [{id: first, action: world.list}]\n"
	for key, place := range places {
		right := "${{ inputs.d }}"
		if strings.HasSuffix(key, "max_parallel") || key == "max_failures" || key == "attempts" || key == "jitter" {
			right = "${{ inputs.i }}"
		}
		for expression, want := range map[string]string{
			right: "", "${{ vars.any }}": "", "${{ inputs.l }}": " is taken", "${{ inputs.s }}": "secret", "${{ inputs.wrong }}": "`wrong`",
			"${{ steps.first.outputs.items[0] }}": "steps.first", "${{ item }}": "item", "${{ run.id }}": "write it of inputs and vars", "${{ environment.name }}": "write it of inputs and vars",
		} {
			_, list := compile(t, declared+strings.Replace(place, "N", fmt.Sprintf("%q", expression), 1), nil)
			var found []string
			for _, d := range list {
				if d.Severity.String() == "error" {
					found = append(found, d.Message+" | "+d.Hint)
				}
			}
			ok := expression == right || expression == "${{ vars.any }}"
			switch {
			case ok && len(found) > 0, !ok && len(found) == 0, !strings.Contains(fmt.Sprint(found), want) && want != " is taken":
				t.Errorf("%s: %s: %q", key, expression, found)
			}
		}
	}
}

// names are those that are known when a run begins.
type names map[string]any

func (n names) Name(name string) (any, bool) { v, ok := n[name]; return v, ok }

func (n names) Step(string) (any, bool) { return schema.Unknown{}, true }

func (n names) known(v *plan.Value) (any, error) { return plan.Unread(v) }

// The bounds of a number that stands in no file are those of one that does, and all that
// are wrong are told, each with its place and the inputs that it is made of.
func TestBoundsOfNumbers(t *testing.T) {
	for key, place := range places {
		values := map[string]any{"timeout": []any{time.Duration(0), "-1s", "1"}, "max_parallel": []any{0, 1001, "2"}, "max_failures": []any{0, 10001}, "attempts": []any{0, 1001, 1.5}, "jitter": []any{-0.1, 1.1}}[strings.TrimPrefix(key, "playbook's ")]
		if values == nil {
			values = []any{time.Duration(0), 7}
		}
		p, list := compile(t, strings.Replace(place, "N", `"${{ vars.n }}"`, 1), nil)
		if p == nil {
			t.Fatal(list)
		}
		for _, v := range values.([]any) {
			_, err := p.Decide(t.Context(), names{"vars": map[string]any{"n": v}})
			wrong := plan.Wrongs(err)
			if len(wrong) != 1 || wrong[0].Takes == "" || !strings.HasPrefix(wrong[0].Place, "test.yaml:") {
				t.Errorf("%s: %v is taken: %v", key, v, err)
			}
		}
	}
	p, _ := compile(t, "inputs: {a: {type: int, default: 1}, b: {type: duration, default: 1s}}\ntimeout: '${{ inputs.b }}'\nsteps: [{for_each: [1], max_parallel: '${{ inputs.a * inputs.a }}', action: world.list}]", nil)
	_, err := p.Decide(t.Context(), names{"inputs": map[string]any{"a": 0, "b": time.Duration(0)}})
	var got []string
	for _, w := range plan.Wrongs(err) {
		got = append(got, fmt.Sprint(w.Number, " ", w.Place, " ", w.Inputs))
	}
	if want := "[`timeout` of the playbook test.yaml:6:10 [b] `max_parallel` of step steps/1 test.yaml:7:39 [a]]"; fmt.Sprint(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What validate warns of, a run warns of where it depends on its inputs, and not again
// where it does not.
func TestALimitThatEndsBeforeWhatItBounds(t *testing.T) {
	for text, want := range map[string]string{
		"steps: [{timeout: '${{ vars.d }}', action: world.watch, with: {for: 1m}}]":                                                       "step steps/1: world.watch may take 1m by its parameters, and ends after 5s",
		"steps: [{timeout: 10s, action: world.watch, with: {for: '${{ vars.long }}'}}]":                                                   "step steps/1: world.watch may take 1m by its parameters, and ends after 10s",
		"steps: [{timeout: '${{ vars.d }}', within: 1m, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]":               "step steps/1: `within` may take 1m, and the step ends after 5s",
		"steps: [{within: '${{ vars.d }}', every: '${{ vars.long }}', action: world.get, with: {name: a}, verify: [outputs.value == 1]}]": "step steps/1: it looks once: `within` ends before the pause between looks, which is 1m",
		"steps: [{timeout: '${{ vars.d }}', retry: {attempts: 3, delay: '${{ vars.long }}'}, action: world.get, with: {name: a}}]":        "step steps/1: the pauses of `retry` may take 1m, and the step ends after 5s",
		"timeout: '${{ vars.d }}'\nsteps: [{action: world.watch, with: {for: 4s}}, {action: world.watch, with: {for: 4s}}]":               "the playbook: what stands in this playbook may take 8s by its parameters, and ends after 5s",
		"steps: [{timeout: 5s, for_each: [1, 2, 3], max_parallel: '${{ vars.n }}', action: world.watch, with: {for: 4s}}]":                "step steps/1: what stands in this step may take 12s by its parameters, and ends after 5s",
		"steps: [{timeout: '${{ vars.long }}', action: world.watch, with: {for: 10s}}]":                                                   "",
		"steps: [{timeout: 5s, action: world.watch, with: {for: 10s}}]":                                                                   "",
	} {
		p, list := compile(t, text, nil)
		if p == nil {
			t.Fatal(list)
		}
		values := names{"vars": map[string]any{"d": "5s", "long": "1m", "n": 1}}
		d, err := p.Decide(t.Context(), values)
		if err != nil {
			t.Fatal(err)
		}
		got := d.Tight(p, func(v *plan.Value) (any, error) { return v.Template.Eval(t.Context(), values, expression.Limits{}) })
		if strings.Join(got, "; ") != want {
			t.Errorf("%s:\n got %q\nwant %q", text, got, want)
		}
		if static := d.Tight(p, values.known); strings.Contains(text, "'${{ vars.long }}'}}") && len(static) > 0 {
			t.Errorf("%s: what is not known is told: %q", text, static)
		}
	}
}
