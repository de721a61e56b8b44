package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
)

// A block's finally runs when its parts are over, however they ended, once one began,
// and before the block is final; what it does is a part of the block.
func TestFinallyOfABlock(t *testing.T) {
	set := func(name, more string) string {
		return "{id: " + name + ", action: world.set, with: {name: " + name + ", value: 1" + more + "}}"
	}
	tell := "{id: told, action: world.hear, with: {text: \"${{ failure.reason }} ${{ failure.step }} ${{ failure.title }}: ${{ failure.message }}\"}}"
	end := "finally: [" + set("f", "") + ", " + tell + "]"
	not := ", ends: not_applied"
	for name, test := range map[string]struct {
		text, states, sent, told string
		signals                  []time.Duration
		dry                      bool
		fail                     string // the journal, at this step
		code                     int
	}{
		"passed":          {text: "steps: [{id: x, steps: [" + set("a", "") + "], " + end + "}, " + set("z", "") + "]", sent: "[a=1 f=1 z=1]", told: `"  : "`, states: "x=passed f=passed"},
		"failed":          {text: "steps: [{id: x, steps: [" + set("a", not) + ", " + set("b", "") + "], " + end + "}, " + set("z", "") + "]", sent: "[a=1 f=1]", told: "failed a world.set name=a  value=1  ends=not_applied: ends not_applied", states: "x=failed f=passed", code: 1},
		"none began":      {text: "steps: [{id: x, steps: [{id: a, when: 2 < 1, action: world.set, with: {name: a, value: 1}}], " + end + "}, " + set("z", "") + "]", sent: "[z=1]", states: "x=passed f="},
		"of all":          {text: "steps: [{id: x, steps: [" + set("a", "") + "], finally: [" + set("f", not) + ", " + set("g", "") + "]}, " + set("z", "") + "]", sent: "[a=1 f=1 g=1]", states: "x=failed g=passed", code: 1},
		"the first tells": {text: "steps: [{id: x, steps: [" + set("a", not) + "], finally: [" + set("f", not) + "]}]\nfinally: [" + tell + "]", sent: "[a=1 f=1]", told: "failed a world.set name=a  value=1  ends=not_applied: ends not_applied", states: "x=failed", code: 1},
		"under warn":      {text: "steps: [{id: x, on_failure: warn, steps: [" + set("a", "") + "], finally: [" + set("f", not) + "]}, " + set("z", "") + "]", sent: "[a=1 f=1 z=1]", states: "x=warned"},
		"of an item": {
			text: "steps: [{id: x, for_each: [1, 2], on_failure: continue, steps: [{action: world.set, with: {name: a, value: \"${{ item }}\"}}, {when: item == 1, action: world.set, with: {name: b, value: 1, ends: not_applied}}], finally: [{action: world.set, with: {name: f, value: \"${{ item }}\"}}]}]",
			sent: "[a=1 b=1 f=1 a=2 f=2]", states: "x[0]=failed x[1]=passed x=failed x[0]/finally/1=passed", code: 1,
		},
		"before its verify":   {text: "steps: [{id: x, steps: [" + set("a", "") + "], " + end + ", verify: ['steps.f.outputs?.value == 7']}]", sent: "[a=1 f=1]", told: `"  : "`, states: "x=failed f=passed", code: 1},
		"undone first":        {text: "steps: [{id: x, on_failure: undo, steps: [{action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 2}}}, " + set("b", not) + "], finally: [{action: world.set, with: {name: f, value: 1}, undo: {action: world.set, with: {name: f, value: 2}}}]}]", sent: "[a=1 b=1 f=1 f=2 a=2]", states: "x=failed", code: 1},
		"outside its time":    {text: "steps: [{id: x, timeout: 5s, steps: [{id: a, action: world.wait, with: {takes: 9s}}], finally: [" + set("f", ", takes: 8s") + ", " + tell + "]}]", sent: "[f=1]", told: "timed_out x", states: "x=failed f=passed", code: 1},
		"no later time":       {text: "steps: [{id: x, timeout: 5s, steps: [" + set("a", "") + "], finally: [" + set("f", ", takes: 8s") + "]}]", sent: "[a=1 f=1]", states: "x=passed f=passed"},
		"a failure beside it": {text: "steps: [{id: x, needs: [], steps: [{id: a, action: world.set, with: {name: a, value: 1, takes: 4s}}, " + set("b", "") + "], " + end + "}, {id: w, needs: [], action: world.wait, with: {takes: 1s}}, {needs: [w], id: y, action: world.set, with: {name: y, value: 1, takes: 1s, ends: not_applied}}]", sent: "[a=1 y=1 f=1]", told: "cancelled x", states: "x=cancelled f=passed", code: 1},
		"a signal":            {signals: []time.Duration{time.Second}, text: "steps: [{id: x, steps: [" + set("a", ", takes: 4s") + ", " + set("b", "") + "], " + end + "}]\nfinally: [" + set("z", "") + "]", sent: "[a=1 f=1 z=1]", told: "cancelled x 2 steps: stopped by SIGINT", states: "x=cancelled f=passed", code: 130},
		"a second signal":     {signals: []time.Duration{time.Second, 4 * time.Second}, text: "steps: [{id: x, steps: [" + set("a", ", takes: 4s") + ", " + set("b", "") + "], finally: [" + set("f", ", takes: 9s") + ", " + set("g", "") + "]}]\nfinally: [" + set("z", "") + "]", sent: "[a=1 f=1]", states: "x=cancelled f=", code: 6},
		"in doubt":            {text: "steps: [{id: x, steps: [" + set("a", ", ends: lost") + "], " + end + "}]", sent: "[a=1]", states: "x= f=", code: 6},
		"in doubt itself":     {text: "steps: [{id: x, steps: [" + set("a", "") + "], finally: [" + set("f", ", ends: lost") + ", " + set("g", "") + "]}]\nfinally: [" + set("z", "") + "]", sent: "[a=1 f=1]", states: "x= f=", code: 6},
		"the journal fails":   {fail: "b", text: "steps: [{id: x, steps: [" + set("a", "") + ", " + set("b", "") + "], " + end + "}]", sent: "[a=1]", states: "x= f=", code: 5},
		"in a dry run":        {dry: true, text: "steps: [{id: l, action: world.get, with: {name: f}}, {id: x, steps: [{id: a, action: world.get, with: {name: a}}], finally: [" + set("f", "") + "]}, {id: y, action: world.get, with: {name: f}, verify: [outputs.value == 99]}]", sent: "[]", states: "x=previewed f=previewed y=executed"},
		"as an undo":          {text: "steps: [{id: x, on_failure: undo, steps: [{action: world.set, with: {name: a, value: 1}, undo: {steps: [{action: world.set, with: {name: a, value: 2}}], finally: [{action: world.set, with: {name: f, value: 2}}]}}, " + set("b", not) + "]}]", sent: "[a=1 b=1 a=2 f=2]", states: "x=failed", code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.signals, s.options.DryRun = test.signals, test.dry
			if test.fail != "" {
				s.journal.fail = func(e *event.Event) bool { return string(e.Path) == test.fail }
			}
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, test.code)
			sent := slices.DeleteFunc(s.world.order(), func(x string) bool { return !strings.Contains(x, "=") || strings.Contains(x, " ") })
			equal(t, "sent", sent, test.sent)
			var paths []string
			for _, part := range strings.Fields(test.states) {
				paths = append(paths, part[:strings.LastIndex(part, "=")])
			}
			equal(t, "states", s.states(paths...), test.states)
			told := ""
			if all := data[event.Result](s, "told"); len(all) > 0 {
				told = string(all[0].Outputs)
			}
			if !strings.Contains(told, test.told) || test.told == "" && told != "" {
				t.Errorf("it was told %s, want %s", told, test.told)
			}
			for _, c := range fin.Changes {
				if late := c.Step == "f" || strings.HasSuffix(string(c.Step), "finally/1") && c.Action == "world.set" && !strings.Contains(string(c.Step), "undo"); late && c.Phase != event.Finally {
					t.Errorf("the change of %s is of phase %q", c.Step, c.Phase)
				}
			}
		})
	}
}
