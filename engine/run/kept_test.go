package run_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/schema"
)

// What a step sees of another is what the journal has of it, so that a resumed run
// cannot go on with other values: with a mask in place of a secret.
func TestStepsReadWhatTheJournalHolds(t *testing.T) {
	const hear = "{id: a, action: world.hear, with: {text: it is hunter22}, verify: ['outputs.texts[0] == \"it is (p)\"']}"
	for name, text := range map[string]string{
		"a read":         "steps:\n  - " + hear + "\n  - {action: world.say, with: {text: \"${{ steps.a.outputs.texts[0] }}\"}}",
		"a change":       "steps:\n  - " + strings.Replace(hear, "hear", "say", 1) + "\n  - {action: world.say, with: {text: \"${{ steps.a.outputs.texts[0] }}\"}}",
		"a look":         "steps:\n  - {id: a, action: world.say, with: {text: x}, observe: {action: world.hear, with: {text: it is hunter22}}, verify: ['observed.texts[0] == \"it is (p)\"', 'before.texts[0] == \"it is (p)\"']}\n  - {action: world.say, with: {text: \"${{ steps.a.observed.texts[0] }}\"}}",
		"a polled look":  "steps:\n  - {id: a, action: world.hear, with: {text: it is hunter22}, verify: ['outputs.texts[0] == \"it is (p)\"'], within: 5s}\n  - {action: world.say, with: {text: \"${{ steps.a.outputs.texts[0] }}\"}}",
		"a person":       "steps:\n  - {id: a, manual: {text: x, fields: {f: {type: string}}}}\n  - {action: world.say, with: {text: \"${{ steps.a.outputs.f }}\"}}",
		"a loop":         "steps:\n  - {id: a, for_each: [it is hunter22], action: world.hear, with: {text: \"${{ item }}\"}}\n  - {action: world.say, with: {text: \"${{ steps.a.outputs[0].texts[0] }}\"}}",
		"a call's value": "steps:\n  - {id: a, call: other}\n  - {action: world.say, with: {text: \"${{ steps.a.outputs.x }}\"}}",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.Mask = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("hunter22"), []byte("(p)")) }
			s.person = &person{fields: map[string]any{"f": "it is hunter22"}}
			s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\nsteps: [" + hear + "]\noutputs: {x: \"${{ steps.a.outputs.texts[0] }}\"}"}
			fin := s.play(t, text)
			equal(t, "code", fin.ExitCode, 0)
			sent := s.world.order()
			equal(t, "sent at last", sent[len(sent)-1], "it is (p)")
			for _, d := range data[event.Result](s, "a") {
				equal(t, "its result", strings.Contains(string(d.Outputs), "hunter22"), false)
			}
		})
	}
}

// A text beside what was read from it is in the journal where an expression reads it,
// and nowhere else: of outputs, of what is observed, and of each item of a loop.
func TestTextsThatNothingReadsAreNotJournalled(t *testing.T) {
	const hear, look = "action: world.hear, with: {text: x}", "observe: {action: world.hear, with: {text: x}}"
	for text, want := range map[string]string{
		"{id: a, " + hear + "}": "",
		"{id: a, " + hear + ", verify: [\"outputs.source != ''\"]}":                                                                                                                                                 "1 result",
		"{id: a, " + hear + "}, {" + hear + ", when: steps.a.outputs.source != ''}":                                                                                                                                 "1 result",
		"{id: a, for_each: [1, 2], " + hear + "}, {" + hear + ", when: 'all(map(steps.a.outputs, .texts[0]), # != \"y\")'}":                                                                                         "",
		"{id: a, for_each: [1, 2], " + hear + "}, {" + hear + ", when: 'all(map(steps.a.outputs, .source), # != \"y\")'}":                                                                                           "2 result",
		"{id: a, for_each: [1, 2], " + hear + "}, {" + hear + ", when: 'steps.a.outputs[0].source != \"y\"'}":                                                                                                       "2 result",
		"{id: a, action: world.say, with: {text: x}, " + look + ", verify: [\"observed.texts[0] == before.texts[0]\"]}":                                                                                             "",
		"{id: a, action: world.say, with: {text: x}, " + look + ", verify: [\"observed.source != ''\"]}":                                                                                                            "2 observation, 1 intent",
		"{id: a, action: world.say, with: {text: x}, " + look + ", undo: {action: world.say, with: {text: '${{ before.source }}'}}}, {action: world.set, on_failure: undo, with: {name: x, value: 1, ends: final}}": "1 observation, 2 intent, 2 outcome",
		"{id: a, action: world.say, with: {text: x}}":                                                                                                                                                               "",
		"{id: a, action: world.say, with: {text: x}, verify: [\"outputs.source != ''\"]}":                                                                                                                           "1 outcome",
		"{id: a, " + look + ", verify: [\"observed.texts[0] != 'x'\"], on_failure: warn, remedies: [{action: world.hear, with: {text: '${{ goal.observed.texts[0] }}'}}]}":                                          "",
		"{id: a, " + look + ", verify: [\"observed.texts[0] != 'x'\"], on_failure: warn, remedies: [{action: world.hear, with: {text: '${{ goal.observed.source }}'}}]}":                                            "1 result, 2 observation",
	} {
		s := newScene()
		s.play(t, "on_failure: undo\nsteps: ["+text+"]")
		counts := map[event.Type]int{}
		for _, f := range s.journal.facts {
			if raw, err := json.Marshal(f.Data); err != nil || f.Type != event.TypeSource && strings.Contains(string(raw), "the source") {
				counts[f.Type]++
			}
		}
		var got []string
		for _, kind := range []event.Type{event.TypeResult, event.TypeObservation, event.TypeIntent, event.TypeOutcome} {
			if counts[kind] > 0 {
				got = append(got, fmt.Sprintf("%d %s", counts[kind], kind))
			}
		}
		equal(t, text, strings.Join(got, ", "), want)
	}
}

// A value that is too long fails the step that gave it, with the truth about what was
// changed, and the run ends properly.
func TestValuesThatAreTooLong(t *testing.T) {
	const large = "with: {text: \"${{ repeat('x', 1000000) }}\", times: 17}"
	for name, test := range map[string]struct {
		text    string
		long    event.Type
		why     string
		changes string
	}{
		"outputs of a read":          {text: "steps: [{id: a, retry: {attempts: 3}, action: world.hear, " + large + "}]", why: "its outputs cannot be kept: they are 16.2 MiB, and at most 16.0 MiB are kept"},
		"outputs that are polled":    {text: "steps: [{id: a, action: world.hear, " + large + ", verify: [len(outputs.texts) > 99], within: 1h}]", why: "its outputs cannot be kept"},
		"outputs of a change":        {text: "steps: [{id: a, retry: {attempts: 3}, action: world.say, " + large + "}]", why: "its outputs cannot be kept", changes: "a applied"},
		"outputs of a playbook":      {text: "steps: [{id: a, for_each: [1, 2, 3], action: world.hear, with: {text: \"${{ repeat('x', 1000000) }}\", times: 6}}]\noutputs: {x: \"${{ steps.a.outputs }}\"}", why: "the playbook's outputs: they are"},
		"parameters of a read":       {text: "steps: [{id: a, action: world.hear, with: {text: x}}]", long: event.TypeStepStarted, why: "its values are longer than the journal takes"},
		"parameters of a change":     {text: "steps: [{id: a, action: world.say, with: {text: x}}]", long: event.TypeIntent, why: "its values are longer"},
		"items of a loop":            {text: "steps: [{id: a, for_each: [1], action: world.say, with: {text: x}}]", long: event.TypeExpanded, why: "its values are longer"},
		"what a person is to decide": {text: "steps: [{id: a, approve: true, action: world.say, with: {text: x}}]", long: event.TypeApprovalRequested, why: "its values are longer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.person = &person{}
			s.journal.long = func(e *event.Event) bool { return e.Type == test.long && e.Path == "a" }
			fin := s.play(t, strings.Replace(test.text, "[", "[{action: world.hear, with: {text: x}}, ", 1)+"\nfinally: [{id: end, action: world.hear, with: {text: x}}]")
			equal(t, "code", fin.ExitCode, 1)
			if fin.Failure == nil || !strings.HasPrefix(fin.Failure.What, test.why) {
				t.Errorf("why: %+v", fin.Failure)
			}
			var changes []string
			for _, c := range fin.Changes {
				changes = append(changes, fmt.Sprintf("%s %s", c.Step, c.State))
			}
			equal(t, "changes", strings.Join(changes, ", "), test.changes)
			equal(t, "finally", s.state("end"), event.Passed)
			equal(t, "last fact", s.order()[len(s.order())-1], "run_finished ")
		})
	}
}

// What a resume will need is in the journal: texts, parameters, inputs of calls, the
// targets that expressions chose.
func TestTheJournalHoldsWhatAResumeNeeds(t *testing.T) {
	s := newScene()
	long := strings.Repeat("long ", 100)
	s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\ninputs: {n: {type: int}, d: {type: duration, default: 5s}}\nsteps: [{action: world.get, with: {name: \"${{ string(inputs.n) }}\"}}]"}
	s.play(t, "steps:\n  - {id: a, action: world.hear, with: {text: \""+long+"\"}}\n  - {id: b, call: other, with: {n: 7}}\n  - {id: c, for_each: [{x: 1}], action: world.hear, with: {text: \"${{ item.x }}\"}}")
	var texts []string
	for _, f := range s.journal.facts {
		if d, ok := f.Data.(*event.SourceText); ok {
			texts = append(texts, d.Name+" "+fmt.Sprint(strings.Contains(d.Text, "playbook: ")))
		}
	}
	equal(t, "sources", texts, "[test.yaml true other.yaml true]")
	equal(t, "a read", string(data[event.StepStarted](s, "a")[0].Values), `{"text":"`+long+`","times":1}`)
	equal(t, "a call", string(data[event.StepStarted](s, "b")[0].Values), `{"d":"5s","n":7}`)
	equal(t, "items", string(data[event.Expanded](s, "c")[0].Value), `[{"x":1}]`)
}

// A digest binds the secrets by their values, under a key.
func TestDigestsBindSecrets(t *testing.T) {
	digest := func(key, secret, text string) string {
		s := newScene()
		s.options.Key, s.person = []byte(key), &person{}
		s.inputs = map[string]any{"p": schema.NewSecret("p", secret)}
		s.play(t, "inputs: {p: {type: secret}}\nsteps: [{id: a, approve: true, action: world.say, with: {text: "+text+", token: \"${{ inputs.p }}\"}}]")
		in := data[event.Intent](s, "a")[0]
		equal(t, "that of the approval", data[event.Approval](s, "a")[0].Digest, in.Digest)
		whole, err := json.Marshal(in)
		equal(t, "it shows the secret", err != nil || strings.Contains(string(whole), secret), false)
		return in.Digest
	}
	one := digest("key", "hunter22", "x")
	equal(t, "the same again", digest("key", "hunter22", "x"), one)
	for name, other := range map[string]string{
		"another secret": digest("key", "hunter23", "x"), "another key": digest("kex", "hunter22", "x"), "another text": digest("key", "hunter22", "y"),
	} {
		if other == one {
			t.Errorf("%s has the same digest", name)
		}
	}
}

// Of an approved loop each item has its digest: it is that of what is sent.
func TestAnApprovedLoopHasTheDigestOfEachItem(t *testing.T) {
	s := newScene()
	s.person = &person{}
	s.play(t, "steps: [{id: a, approve: true, for_each: [1, 2], action: world.set, with: {name: x, value: \"${{ item }}\"}}]")
	items := data[event.Approval](s, "a")[0].Items
	for i, path := range []event.Path{"a[0]", "a[1]"} {
		equal(t, string(path), items[i].Digest, data[event.Intent](s, path)[0].Digest)
	}
	equal(t, "the effect", data[event.Intent](s, "a[0]")[0].Effect, action.Write)
}

// An effect that was applied, and whose outputs were lost with the reply, stays in doubt
// while something reads them as if they were there.
func TestLostOutputsThatAreReadStayInDoubt(t *testing.T) {
	const change = "{id: a, action: world.set, with: {name: x, value: 1, ends: lost_applied, fails: 1}, observe: {action: world.get, with: {name: x}}, verify: [observed.value == 1"
	for text, code := range map[string]int{
		change + "]}": 0,
		change + "]}, {action: world.say, with: {text: \"${{ string(steps.a.outputs?.value ?? 7) }}\"}}":                                               0,
		change + "]}, {action: world.say, with: {text: \"${{ string(steps.a.outputs.value) }}\"}}":                                                     6,
		strings.Replace(change, "world.set", "world.set_again", 1) + "]}, {action: world.say, with: {text: \"${{ string(steps.a.outputs.value) }}\"}}": 0, // sent again
		strings.Replace(change, "{", "{for_each: [1], ", 1) + "]}, {action: world.say, with: {text: \"${{ string(steps.a.outputs[0].value) }}\"}}":     6,
		strings.Replace(change, "{", "{for_each: [1], ", 1) + "]}, {action: world.say, with: {text: \"${{ string(sum(steps.a.outputs, .value)) }}\"}}": 6,
		strings.Replace(change, "{", "{for_each: [1], ", 1) + "]}, {action: world.say, with: {text: \"${{ string(len(steps.a.outputs)) }}\"}}":         0,
		change + ", outputs.value == 0]}": 6,
		change + "], undo: {action: world.say, with: {text: \"${{ string(outputs.value) }}\"}}}": 6,
	} {
		s := newScene()
		fin := s.play(t, "on_failure: undo\nsteps: ["+text+"]")
		equal(t, text, fin.ExitCode, code)
		if code == 6 && (fin.Failure == nil || !strings.Contains(strings.Join(fin.Failure.Seen, "|"), "was applied; its outputs are lost, and something reads them")) {
			t.Errorf("%s: %+v", text, fin.Failure)
		}
	}
}
