package plan_test

import (
	"slices"
	"strings"
	"testing"

	"runbook/engine/plan"
)

// The target of a step is also that of its observation, and of what undoes it, where these
// are of its family and name none themselves.
func TestTheTargetOfAStepCoversItsObserveAndItsUndo(t *testing.T) {
	const send = "action: http.send, with: {path: /}"
	targetOf := func(op *plan.Operation) string {
		if op.Target == nil {
			return "default"
		}
		return op.Target.String()
	}
	for text, want := range map[string]string{
		"{" + send + ", target: web, observe: {action: http.see}, undo: {" + send + "}}":                                   "web web web",
		"{" + send + ", target: web, observe: {action: http.see, target: own}, undo: {" + send + ", target: other}}":       "web own other",
		"{" + send + ", observe: {action: http.see}, undo: {" + send + "}}":                                                "default default default",
		"{" + send + ", target: web, observe: {action: world.list}, undo: {action: world.set, with: {name: a, value: 1}}}": "web default default",
		"{" + send + ", target: web, undo: {steps: [{" + send + "}, {" + send + ", target: own}]}}":                        "web web own",
		"{" + send + ", target: web, undo: {observe: {action: http.see}, " + send + "}}":                                   "web web web",
		"{" + send + ", target: web, undo: {observe: {action: http.see}, target: own, " + send + "}}":                      "web own own",
		"{observe: {action: http.see}, target: web, verify: [observed.value == 1], remedies: [{" + send + "}]}":            "default web",
		"{for_each: [a, b], " + send + ", target: '${{ item }}', observe: {action: http.see}, undo: {" + send + "}}":       "${{ item }} ${{ item }} ${{ item }}",
	} {
		p, list := compile(t, "on_failure: undo\nsteps: ["+text+"]", nil)
		if p == nil {
			t.Errorf("%s: %v", text, list)
			continue
		}
		var got []string
		for _, s := range p.All() {
			for _, one := range s.WithUndo() {
				for _, op := range []*plan.Operation{one.Op, one.Observe} {
					if op != nil {
						got = append(got, targetOf(op))
					}
				}
			}
		}
		if len(got) == 0 || sorted(got) != sorted(strings.Fields(strings.ReplaceAll(want, "${{ item }}", "${{item}}"))) {
			t.Errorf("%s:\n got %q\nwant %q", text, got, want)
		}
	}
}

// sorted are the words in their order, in which templates have no spaces.
func sorted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ReplaceAll(w, " ", "")
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
