package run_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"runbook/engine/event"
)

// shownAt is what is shown of the step at path, a part in a line: its lines, its
// rows, or why there is none.
func (s *scene) shownAt(path event.Path) string {
	var all []string
	for _, fact := range data[event.Shown](s, path) {
		for _, p := range fact.Parts {
			text := strings.Join(p.Lines, "|")
			for _, row := range p.Rows {
				text += fmt.Sprint(row)
			}
			for _, c := range p.Columns {
				text += " " + strings.TrimSuffix(c.Name+":"+string(c.Unit), ":")
			}
			if p.Left > 0 {
				text += fmt.Sprintf(" (%d left)", p.Left)
			}
			if p.Now {
				text = "now " + text
			}
			all = append(all, text+p.Unknown+p.Error)
		}
	}
	return strings.Join(all, "; ")
}

func TestShow(t *testing.T) {
	const hear, get = "action: world.hear, with: {text: \"one\\ttwo\\n\"}", "action: world.get, with: {name: x}"
	for name, test := range map[string]struct {
		text, path, want string
		dry              bool
	}{
		"a text":               {text: "[{id: a, " + hear + ", show: 'outputs.texts[0]'}]", want: "one     two"},
		"a number":             {text: "[{id: a, " + get + ", show: outputs.value}]", want: "3"},
		"a list, and several":  {text: "[{id: a, action: world.list, with: {count: 2}, show: [outputs.items, '${{ len(outputs.items) }} in all']}]", want: "0|1; 2 in all"},
		"a map":                {text: "[{id: a, " + get + ", show: 'fields(\"b: 1\\na: 2\", \":\")'}]", want: "a  2|b  1"},
		"a table":              {text: "[{id: a, action: world.list, with: {count: 2}, show: {table: 'map(outputs.items, {{\"name\": \"n\" + string(#), \"size_bytes\": #, \"of\": nil}})'}}]", want: "[n0 0 <nil>][n1 1 <nil>] name size_bytes:bytes of"},
		"an empty table":       {text: "[{id: a, action: world.list, with: {count: 0}, show: {table: 'map(outputs.items, {{\"name\": #}})'}}]", want: " name"},
		"rows of any members":  {text: "[{id: a, action: world.list, with: {count: 1}, show: {table: 'fromJSON(`[{\"name\": \"a\", \"in\": {}}, {\"n\": 2, \"name\": \"b\"}]`)'}}]", want: "[<nil> a][2 b] n name"},
		"of any, and no rows":  {text: "[{id: a, action: world.list, with: {count: 1}, show: {table: 'fromJSON(`[1, 2]`)'}}]", want: "1|2"},
		"sizes":                {text: "[{id: a, " + get + ", show: ['bytes(\"2GiB\")', {table: '[{\"of\": bytes(\"1KiB\")}]'}]}]", want: "2GiB; [1024] of:bytes"},
		"an item":              {text: "[{id: a, for_each: [1, 2], " + get + ", show: outputs.value + item}]", path: "a[1]", want: "5"},
		"not a loop":           {text: "[{id: a, for_each: [1, 2], " + get + ", show: outputs.value + item}]", want: ""},
		"a block":              {text: "[{id: a, show: steps.in.outputs.value, steps: [{id: in, " + get + "}]}]", want: "3"},
		"a remedy":             {text: "[{id: a, observe: {" + get + "}, verify: [observed.value > 5], show: ['observed.value - before.value', 'outputs.remedy ?? \"\"'], remedies: [{action: world.set, title: Raise it, with: {name: x, value: 6}, show: outputs.value}]}]", want: "3; Raise it"},
		"of a remedy":          {text: "[{id: a, observe: {" + get + "}, verify: [observed.value > 5], remedies: [{action: world.set, with: {name: x, value: 6}, show: outputs.value}]}]", path: "a/1", want: "3"},
		"a person's":           {text: "[{id: a, manual: {text: x, fields: {f: {type: string}}}, show: outputs.f}]", want: "seen"},
		"a call's":             {text: "[{id: a, call: other, show: outputs.y}]", want: "7"},
		"of what failed":       {text: "[{id: a, " + get + ", show: outputs.value, verify: [outputs.value == 4]}]", want: "3"},
		"of what was refused":  {text: "[{id: a, action: world.set, with: {name: x, value: 1, ends: final}, show: [outputs.value, inputs.i]}]", want: "9"},
		"without a value":      {text: "[{id: a, action: world.list, with: {count: 0}, show: 'outputs.items[0]'}]", want: "`outputs.items` has 0 elements, none at [0]"},
		"nothing of a skipped": {text: "[{id: a, when: 1 > 2, " + get + ", show: outputs.value}]", want: ""},
		"of an undo":           {text: "[{id: a, action: world.set, with: {name: x, value: 1}, undo: {action: world.set, with: {name: x, value: 3}, show: outputs.value}}, {action: world.set, on_failure: undo, with: {name: x, value: 1, ends: final}}]", path: "a/undo", want: ""},
		"a dry run":            {dry: true, text: "[{id: a, " + get + ", show: outputs.value}]", want: "3"},
		"a dry run of a change": {
			dry: true, text: "[{id: a, action: world.set, with: {name: x, value: 1}, show: [outputs.value, inputs.i]}]", want: "unknown, known after a; 9",
		},
		"a dry run, behind a change": {
			dry: true, text: "[{id: w, action: world.set, with: {name: x, value: 1}}, {id: a, " + get + ", show: [outputs.value, steps.w.outputs.value]}]", want: "now 3; unknown, known after w",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.values["x"] = 3
			s.person, s.options.DryRun = &person{fields: map[string]any{"f": "seen"}}, test.dry
			s.others = map[string]string{"other": "playbook: other\nsteps: [{id: b, " + get + "}]\noutputs: {y: '${{ steps.b.outputs.value + 4 }}'}"}
			s.play(t, "inputs: {i: {type: int, default: 9}}\nsteps: "+test.text)
			path := event.Path(test.path)
			if path == "" {
				path = "a"
			}
			equal(t, "shown", s.shownAt(path), test.want)
		})
	}
}

// What is shown is bounded, in a step and in the run, and says how much it leaves out.
// A secret is masked before a line is cut.
func TestShowIsBounded(t *testing.T) {
	s := newScene()
	s.options.Mask = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("hunter22"), []byte("(p)")) }
	s.play(t, `steps:
  - {id: long, action: world.hear, with: {text: x}, show: 'repeat("y", 498) + "hunter22"'}
  - {id: many, action: world.list, with: {count: 1200}, show: [outputs.items, {table: 'map(outputs.items, {{"n": #}})'}]}
  - {id: wide, action: world.hear, with: {text: x}, show: 'map(1..500, repeat("y", 499))'}
  - {id: run, for_each: '${{ map(1..80, #) }}', action: world.hear, with: {text: x}, show: 'map(1..200, repeat("y", 499))'}
`)
	equal(t, "a long line", s.shownAt("long"), strings.Repeat("y", 497)+"…")
	many := data[event.Shown](s, "many")[0].Parts
	equal(t, "lines and rows", []int{len(many[0].Lines), many[0].Left, len(many[1].Rows), many[1].Left}, []int{1000, 200, 1000, 200})
	equal(t, "a step", data[event.Shown](s, "wide")[0].Parts[0].Left, 500-(64<<10)/500)
	size := 0
	for i := range 80 {
		p := data[event.Shown](s, event.Path(fmt.Sprintf("run[%d]", i)))[0].Parts[0]
		equal(t, "kept and left", len(p.Lines)+p.Left, 200)
		size += len(p.Lines) * 500
	}
	if size < 3<<20 || size > 4<<20 {
		t.Errorf("a run shows %d bytes", size)
	}
}

// The outputs of the playbook are shown as what they are.
func TestOutputsAreShown(t *testing.T) {
	s := newScene()
	fin := s.play(t, `steps: [{id: a, action: world.list, with: {count: 2}}]
outputs:
  number: ${{ len(steps.a.outputs.items) }}
  word: one
  text: "one\ntwo"
  list: ${{ steps.a.outputs.items }}
  table: '${{ map(steps.a.outputs.items, {{"z": #, "a_bytes": #}}) }}'
  map: '${{ {"b": 1, "a": "x"} }}'
`)
	var got []string
	for _, f := range fin.Found {
		text := f.Name + " " + f.Text
		if p := f.Shown; p != nil {
			text = f.Name + fmt.Sprint(p.Lines) + fmt.Sprint(p.Rows) + fmt.Sprint(p.Columns)
		}
		got = append(got, text)
	}
	equal(t, "found", got, []string{
		"number 2", "word one", "text[one two][][]", "list[0 1][][]",
		"table[][[0 0] [1 1]][{z } {a_bytes bytes}]", "map[a  x b  1][][]",
	})
}

// What an action is for is shown without being asked: its last lines, of the first
// items of a loop, and not where the step says what to show.
func TestActionsShowWhatTheyAreFor(t *testing.T) {
	for text, want := range map[string]string{
		"{id: a, action: world.hear, with: {text: \"one\\ntwo\"}}":                            "one|two",
		"{id: a, action: world.hear, with: {text: x, times: 150}}":                            strings.Repeat("x|", 99) + "x (50 left)",
		"{id: a, action: world.hear, with: {text: x}, show: none}":                            "",
		"{id: a, action: world.hear, with: {text: x}, show: '1 + 1'}":                         "2",
		"{id: a, action: world.hear, with: {text: \"\"}}":                                     "",
		"{id: a, action: world.say, with: {text: x}, verify: ['1 > 2']}":                      "x",
		"{id: a, action: world.get, with: {name: x}}":                                         "",
		"{id: a, for_each: '${{ 0..30 }}', action: world.hear, with: {text: 'x${{ item }}'}}": "",
	} {
		s := newScene()
		s.play(t, "steps: ["+text+"]")
		equal(t, text, s.shownAt("a"), want)
		if strings.Contains(text, "for_each") {
			equal(t, "the items", []string{s.shownAt("a[19]"), s.shownAt("a[20]")}, []string{"x19", ""})
		}
	}
}

// Texts that are kept are put into files without secrets and named by their sums. Where
// one cannot be, the step has a warning and the run goes on; a dry run writes none.
func TestKeep(t *testing.T) {
	const text = "steps: [{id: a, action: world.hear, keep: true, with: {text: it is hunter22, times: 2}}, {id: b, for_each: [1, 2], show: none, keep: true, action: world.hear, with: {text: y}}, {id: c, action: world.get, with: {name: x}}]"
	for name, test := range map[string]struct {
		dry, full bool
		files     []string
		states    string
		warnings  int
	}{
		"a run":       {files: []string{"a.texts: it is (p)\nit is (p)\n", "b-0.texts: y\n", "b-1.texts: y\n"}, states: "a=passed b=passed c=passed"},
		"a full disk": {full: true, states: "a=warned b=warned c=passed", warnings: 3},
		"a dry run":   {dry: true, states: "a=executed b=executed c=executed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.Mask = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("hunter22"), []byte("(p)")) }
			var files []string
			s.options.DryRun = test.dry
			if !test.dry {
				s.options.Keep = func(name string, text []byte) (string, error) {
					if test.full {
						return "", fmt.Errorf("write %s: %w", name, errDisk)
					}
					files = append(files, name+": "+string(text))
					return "/state/runs/r.kept/" + name, nil
				}
			}
			fin := s.play(t, text)
			equal(t, "files", files, test.files)
			equal(t, "states", s.states("a", "b", "c"), test.states)
			equal(t, "exit code and warnings", []int{fin.ExitCode, len(fin.Warnings)}, []int{0, test.warnings})
			for _, k := range data[event.Kept](s, "a") {
				want := event.Kept{Output: "texts", File: "r.kept/a.texts", Bytes: 20, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("it is (p)\nit is (p)\n")))}
				if test.full {
					want = event.Kept{Output: "texts", Bytes: 20, Error: errDisk.Error()}
				}
				equal(t, "the fact", *k, want)
			}
		})
	}
}
