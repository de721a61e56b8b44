package playbook

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runbook/engine/yaml"
)

// names are those of a file in a hint, or all that a key takes.
var names = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|'.*'|[*&]\\w+|(it takes|it goes with|(?i:it is one of)|a step with|It also takes):? .*")

// kindOf is a hint without the names of the file that it is given for.
func kindOf(hint string) string { return names.ReplaceAllString(hint, "$1…") }

// tried are the hints, each with a mistake for which it is given and with what it says
// to write; what has no steps gets some.
var tried = map[string]struct{ mistake, mended string }{
	"split it into playbooks that call each other": {"# " + strings.Repeat("a", 1<<20), "steps: [{call: other}]"},
	"did you mean …?":                              {"steps: [{action: a.b, verify: &check [a]}, {action: a.b, verify: *chek}]", "steps: [{action: a.b, verify: &check [a]}, {action: a.b, verify: *check}]"}, "did you mean …? It also takes…": {"inputs: {a: {typ: int}}", "inputs: {a: {type: int}}"},
	"did you mean …? It is one of…":                                                 {"category: tuen", "category: tune"},
	"begin the text on the next line, indented; or put it in quotes":                {"steps:\n  - action: a.b\n    title: | text", "steps:\n  - action: a.b\n    title: |\n      text"},
	"remove the spaces at its end":                                                  {"steps:\n  - action: a.b\n    title: |\n          \n      a", "steps:\n  - action: a.b\n    title: |\n\n      a"},
	`write \\ for a backslash, or use single quotes, where it needs no escape`:      {`steps: [{action: a.b, title: "\q"}]`, `steps: [{action: a.b, title: "\\q"}]`},
	"close it with ], or put a text that begins with it in quotes":                  {"steps: [{action: a.b}]\nlock: [a, b", "steps: [{action: a.b}]\nlock: [a, b]"},
	"save the file as UTF-8; in double quotes a character may be written as … or …": {"steps: [{action: a.b, title: \"a\x07b\"}]", `steps: [{action: a.b, title: "a\x07b"}]`},
	"write one playbook in one file":                                                {"steps: [{action: a.b}]\n---\nplaybook: b", "steps: [{action: a.b}]"},
	"remove one of them":                                                            {"lock: [a]\nlock: [b]", "lock: [a]"},
	"it begins with … and has …":                                                    {"", "steps: [{action: a.b}]"},
	"indent it like the other keys, or quote the text":                              {"steps:\n  - title: a\n      action: a.b", "steps:\n  - title: a\n    action: a.b"},
	"indent it like the lines that it belongs to":                                   {"steps:\n  - action: a.b\n   - action: a.b", "steps:\n  - action: a.b\n  - action: a.b"},
	"write … before the value that is meant, or quote a text that begins with *":    {"steps:\n  - <<: *base\n    title: a", "steps:\n  - &base {action: a.b}\n  - <<: *base\n    title: a"},
	"put a space behind the colon":                                                  {"steps:\n  - action:a.b", "steps:\n  - action: a.b"},
	`close it; inside … a quote is written twice, inside … as \"`:                   {"steps:\n  - action: a.b\n    title: \"a", "steps:\n  - action: a.b\n    title: \"a\""},
	"write a number with a unit: 30s, 5m, 1h30m":                                    {"escalation: {after: \"${{ inputs.a }}\", contact: a}", "escalation: {after: 30s, contact: a}"},
	"it takes…": {"escalation: {after: 0s, contact: a}", "escalation: {after: 1s, contact: a}"},
	"put a text that begins with { or [ in quotes":                   {"escalation: {after: 1m, contact: [a]}", `escalation: {after: 1m, contact: "[a]"}`},
	"write steps:, each step with a dash":                            {"tasks: []\nsteps: [{action: a.b}]", "steps:\n  - action: a.b"},
	"remove it; it goes with…":                                       {"inputs: {a: {type: int, enum: [1]}}", "inputs: {a: {type: int}}"},
	"an input without … is required":                                 {"inputs: {a: {type: int, required: true}}", "inputs: {a: {type: int}}"},
	"write doc: sentence":                                            {"inputs: {a: {type: int, description: b}}", "inputs: {a: {type: int, doc: b}}"},
	"write when: condition":                                          {"steps: [{action: a.b, if: a}]", "steps: [{action: a.b, when: a}]"},
	"write id: name; what the step gives is steps.<id>.outputs then": {"steps: [{action: a.b, register: a}]", "steps: [{action: a.b, id: name}]"},
	"put it on a step with…":                                         {"steps: [{undo: {action: a.b}, steps: [{action: a.b}]}]", "steps: [{steps: [{undo: {action: a.b}, action: a.b}]}]"},
	"write a condition, or remove the key":                           {`steps: [{action: a.b, when: " "}]`, "steps: [{action: a.b, when: a}]"},
	"write approve: true, or {message: text, by: role, approvers: 2, expires: 10m}; without the key the policy decides": {"steps: [{action: a.b, approve: false}]", "steps: [{action: a.b, approve: {message: text, by: role, approvers: 2, expires: 10m}}]"},
	"remove it: nothing refers to an undo, and it asks nobody, as the approval of its step covers it":                   {"steps: [{action: a.b, undo: {action: a.b, approve: true}}]", "steps: [{action: a.b, undo: {action: a.b}}]"},
	"remove it: remedies are tried in their order, from mild to strong":                                                 {"steps: [{observe: {action: a.b}, verify: [a], remedies: [{action: a.b, needs: [b]}]}]", "steps: [{observe: {action: a.b}, verify: [a], remedies: [{action: a.b}]}]"},
	"write a list, or ${{ }} that gives one":                                                                            {"steps: [{for_each: {a: 1}, action: a.b}]", `steps: [{for_each: "${{ a }}", action: a.b}]`},
	"if this is an expression, put it in quotes: YAML takes … for the end of a key":                                     {`steps: [{action: a.b, verify: [{"a ? b : c": d}]}]`, `steps: [{action: a.b, verify: ["a ? b : c"]}]`},
	"give it one, or remove the key":                                                                                    {"lock: ", "lock: [a]"},
	"write the condition: that: outputs.status == 200":                                                                  {"steps: [{action: a.b, verify: [{message: a}]}]", "steps: [{action: a.b, verify: [{message: a, that: outputs.status == 200}]}]"},
	"write lower case letters, digits and -, beginning with a letter: …":                                                {"steps: [{call: A B}]", "steps: [{call: a-b}]"},
	"write on_failure: warn here, or on_failure: continue on what holds this step":                                      {"steps: [{action: a.b, on_failure: continue}]", "steps: [{on_failure: continue, steps: [{action: a.b, on_failure: warn}]}]"},
	"write {text: what to do, fields: {name: {type: string}}}":                                                          {"steps: [{manual: a}]", "steps: [{manual: {text: what to do, fields: {name: {type: string}}}}]"},
	"write action: shell.run, with: {argv: [program, argument]}":                                                        {"steps: [{run: ls}]", "steps: [{action: shell.run, with: {argv: [program, argument]}}]"},
	"write symptoms: […]": {"symptoms: one", `symptoms: ["one"]`},
	"write needs: […]":    {"steps: [{id: one, action: a.b}, {needs: one, action: a.b}]", `steps: [{id: one, action: a.b}, {needs: ["one"], action: a.b}]`},
	"say whom to call":    {"escalation: {after: 30m}", "escalation: {after: 30m, contact: a}"},
	"it is one of…":       {"steps: [{action: a.b, on_failure: explode}]", "steps: [{action: a.b, on_failure: stop}]"},
	"write lower case letters, digits and _, beginning with a letter: …": {"inputs: {A-b: {type: int}}", "inputs: {a_b: {type: int}}"},
	"write c: {type: string}": {"inputs: {c: string}", "inputs: {c: {type: string}}"},
	"give the type, one of string, int, number, bool, duration, size, time, secret, list, map": {"inputs: {d: {doc: a}}", "inputs: {d: {type: map, doc: a}}"},
	"write an item, or remove the key":                                                        {"inputs: {e: {type: string, enum: []}}", "inputs: {e: {type: string, enum: [a]}}"},
	"give it one of action, steps, remedies, call, manual":                                    {"steps: [{id: a}]", "steps: [{id: a, action: a.b}]"},
	"make two steps of it, or put them in a block: …":                                         {"steps: [{action: a.b, call: c}]", "steps: [{steps: [{action: a.b}, {call: c}]}]"},
	"write with: {parameter: value}, or remove it":                                            {"steps: [{action: a.b, with: [1]}]", "steps: [{action: a.b, with: {parameter: value}}]"},
	"ids are unique in the file: name one of the steps otherwise":                             {"steps: [{id: a, action: a.b}, {id: a, action: a.b}]", "steps: [{id: a, action: a.b}, {id: b, action: a.b}]"},
	"… asks for it: write observe: {action: ..., with: ...}":                                  {"steps: [{verify: [a], remedies: [{action: a.b}]}]", "steps: [{verify: [a], observe: {action: a.b, with: {}}, remedies: [{action: a.b}]}]"},
	"… asks for it: write verify: [observed.field < limit]":                                   {"steps: [{observe: {action: a.b}, remedies: [{action: a.b}]}]", "steps: [{observe: {action: a.b}, verify: [observed.field < limit], remedies: [{action: a.b}]}]"},
	"write a remedy, or remove the key":                                                       {"steps: [{observe: {action: a.b}, verify: [a], remedies: []}]", "steps: [{observe: {action: a.b}, verify: [a], remedies: [{action: a.b}]}]"},
	"say what the person is to do":                                                            {"steps: [{manual: {fields: {}}}]", "steps: [{manual: {text: a, fields: {}}}]"},
	"write its keys, as …":                                                                    {"steps: [text]", "steps: [{action: family.verb}]"},
	"write its keys, as …; or remove the item":                                                {"steps:\n  - action: a.b\n  -", "steps:\n  - action: a.b\n  - action: family.verb"},
	"write a condition, or {that: condition, message: text, level: warn}; or remove the item": {"steps:\n  - action: a.b\n    verify:\n      - a\n      -", "steps:\n  - action: a.b\n    verify:\n      - a\n      - {that: condition, message: text, level: warn}"},
	"name the action that observes, as docker.inspect":                                        {"steps: [{action: a.b, observe: {with: {}}, verify: [a]}]", "steps: [{action: a.b, observe: {action: docker.inspect, with: {}}, verify: [a]}]"},
	"indent with spaces: YAML takes no tabs there":                                            {"steps:\n\t- action: a.b", "steps:\n  - action: a.b"},
	"quote it: …":                                       {"steps: [{action: a.b, with: {path: ${{ a }}}}]", `steps: [{action: a.b, with: {path: "${{ a }}"}}]`},
	"put the whole text in quotes: …":                   {"steps: [{action: a.b, verify: [any(outputs.list, .a)]}]", `steps: [{action: a.b, verify: ["any(outputs.list, .a)"]}]`},
	"put the whole text in quotes of the other kind: …": {`steps: [{action: a.b, verify: ["q" == x]}]`, `steps: [{action: a.b, verify: ['"q" == x']}]`},
	"for an expression write …":                         {"steps:\n  - action: a.b\n    verify:\n      - !outputs.bad", "steps:\n  - action: a.b\n    verify:\n      - not outputs.bad"},
	"quote a text that begins with !":                   {"steps: [{action: a.b, with: {text: [!tag x]}}]", `steps: [{action: a.b, with: {text: ["!tag x"]}}]`},
	"put the text with the # in quotes":                 {"steps:\n  - action: a.b\n    verify: [a.b == \"x\" # no]", "steps:\n  - action: a.b\n    verify: ['a.b == \"x\" # no']"},
}

// Every hint that is given for the corpus of mistakes has been tried: what it says to
// write is without a finding.
func TestHintsAreTried(t *testing.T) {
	findings := func(text string) (kinds []string) {
		if text != "" {
			text = "playbook: a\ntitle: t\npurpose: p\nexpected: e\n" + text + "\n"
		}
		if text != "" && !strings.Contains(text, "steps:") {
			text += "steps: [{action: a.b}]\n"
		}
		_, list := Parse(&yaml.Source{Name: "a.yaml", Text: []byte(text)})
		for _, d := range list {
			kinds = append(kinds, kindOf(d.Hint))
		}
		return kinds
	}
	for kind, x := range tried {
		if got := findings(x.mistake); !slices.Contains(got, kind) {
			t.Errorf("%q is not given for %q, but %q", kind, x.mistake, got)
		}
		if got := findings(x.mended); len(got) > 0 {
			t.Errorf("%q: what it says to write is wrong, too: %q: %q", kind, x.mended, got)
		}
	}
	given := map[string]string{}
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list := Parse(&yaml.Source{Name: name, Text: text})
		for _, d := range list {
			given[kindOf(d.Hint)] = d.String()
		}
	}
	delete(given, "")
	for _, kind := range slices.Sorted(maps.Keys(given)) {
		if _, ok := tried[kind]; !ok {
			t.Errorf("the hint %q was never tried; it is given for %s", kind, given[kind])
		}
	}
}
