package run_test

import (
	"strings"
	"testing"

	"runbook/engine/event"
)

// All failures are found, and the first of the file is that of the run, whichever came
// first: here the one that waits longest.
func TestFailuresAreToldInTheOrderOfTheFile(t *testing.T) {
	s := newScene()
	s.world.values["a"] = 1
	fin := s.play(t, `
on_failure: continue
steps:
  - id: blk
    on_failure: continue
    steps:
      - {id: late, action: world.get, with: {name: a}, verify: ["observed.value == 9", "outputs.value == 8"], observe: {action: world.get, with: {name: a}}, within: 5s}
      - {id: early, needs: [], action: world.get, with: {name: a}, verify: ["outputs.value == 7"]}
`)
	equal(t, "step", fin.Step, "late")
	equal(t, "what", fin.Failure.What, "expected observed.value == 9, seen 1\nexpected outputs.value == 8, seen 1")
	equal(t, "early", s.state("early"), event.Failed)
}

// Of a condition that failed each part is told: comparisons by the units of their sides,
// and of all, any and none the element that decided.
func TestPartsOfAConditionAreTold(t *testing.T) {
	for that, test := range map[string]struct{ seen, parts, lines string }{
		"inputs.a < 5 and inputs.rate_bytes_per_second * 3600 < inputs.free_bytes": {
			"14400000000", "inputs.a < 5 [1 < 5] inputs.a | inputs.rate_bytes_per_second * 3600 < inputs.free_bytes [13.4 GiB < 1.00 MiB] " +
				"inputs.rate_bytes_per_second * 3600 inputs.rate_bytes_per_second inputs.free_bytes | ",
			"inputs.a < 5: true, 1 < 5\ninputs.rate_bytes_per_second * 3600 < inputs.free_bytes: false, 13.4 GiB < 1.00 MiB"},
		"inputs.a > 5 and (inputs.a < 3 or inputs.a == 7)": {"1", "inputs.a > 5 [1 > 5] inputs.a | inputs.a < 3 or inputs.a == 7 inputs.a < 3 inputs.a inputs.a == 7 inputs.a | ",
			"inputs.a > 5: false, 1 > 5\ninputs.a < 3 or inputs.a == 7: not evaluated"},
		"inputs.used_percent > 70":           {"69.98", "inputs.used_percent | ", ""},
		"inputs.used_percent < inputs.a":     {"69.98", "inputs.used_percent | inputs.a | ", "inputs.used_percent: 70.0 %\ninputs.a: 1.0 %"},
		"inputs.free_bytes > bytes('2GiB')":  {"1048576", "inputs.free_bytes | ", ""},
		"max(inputs.sizes_bytes) / 2 < 10":   {"1000000", "max(inputs.sizes_bytes) / 2 max(inputs.sizes_bytes) | ", ""},
		"all(inputs.sizes_bytes, # < 3000)":  {"2000000: 1.91 MiB", "<2000000> # < 3000 [1.91 MiB < 2.93 KiB] # | ", "2000000  # < 3000: false, 1.91 MiB < 2.93 KiB"},
		"all(inputs.sizes, # > 0)":           {"0: 0", "<0> # > 0 [0 > 0] # | ", "0  # > 0: false, 0 > 0"},
		"none(inputs.names, # == 'b')":       {"b: b", "<b> # == 'b' # | ", "b  # == 'b': true, seen b"},
		"not any(inputs.names, len(#) == 1)": {"a: 1", "any(inputs.names, len(#) == 1) <a> len(#) == 1 [1 == 1] len(#) | ", "a  len(#) == 1: true, 1 == 1"},
	} {
		s := newScene()
		fin := s.play(t, `
inputs:
  sizes_bytes: {type: list, of: int, default: [1000, 2000000]}
  a: {type: int, default: 1}
  rate_bytes_per_second: {type: int, default: 4000000}
  free_bytes: {type: int, default: 1048576}
  used_percent: {type: number, default: 69.98}
  sizes: {type: list, of: int, default: [3, 0, 5]}
  names: {type: list, of: string, default: [a, b]}
steps: [{id: x, action: world.list, with: {count: 1}, verify: [{that: "`+that+`"}]}]
`)
		c := data[event.Check](s, "x")[0]
		got := ""
		for _, p := range c.Parts {
			got += told(p) + "| "
		}
		if c.Seen != test.seen || got != test.parts {
			t.Errorf("%s: seen %s of %s\n%s", that, c.Seen, got, test.parts)
		}
		equal(t, that, strings.Join(fin.Failure.Seen, "\n"), test.lines)
	}
}

func told(p event.Part) (text string) {
	if p.Element != "" {
		text = "<" + p.Element + "> "
	}
	text += p.Source + " "
	if p.Compared != "" {
		text += "[" + p.Compared + "] "
	}
	for _, x := range p.Parts {
		text += told(x)
	}
	return text
}

// In doubt the present state is told as it was just read, and while it is asked for, who
// is asked and how long there is time.
func TestDoubtTellsWhatIsThereNow(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - id: a
    action: world.set
    with: {name: a, value: 1, ends: lost}
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value == 1]
    within: 3s
`)
	equal(t, "state", fin.State, event.InDoubt)
	equal(t, "seen", strings.Join(fin.Failure.Seen, "\n"), `it is not known whether world.set name=a  value=1  ends=lost was applied; it was not repeated
before it, value a was at 0
now, world.get: expected observed.value == 1, seen 0
now, value a is at 0, as before it`)
	equal(t, "check", strings.Join(fin.Check, "\n"), "look at world at 127.0.0.1:7: world.set name=a  value=1  ends=lost")
	equal(t, "asked", strings.Join(s.journal.asked, ", "), "this host 3s, this host 2s, this host 1s, this host 0s")
}

// What a look saw before the change is not what is there now: where it proves nothing
// the state is read once more.
func TestDoubtDoesNotTellWhatWasThereBefore(t *testing.T) {
	s := newScene()
	s.world.values["a"], s.world.fails["a"] = 5, 1
	fin := s.play(t, `
steps:
  - id: a
    action: world.set
    with: {name: b, value: 1, ends: lost}
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value == 1]
`)
	if got := strings.Join(fin.Failure.Seen, "\n"); !strings.Contains(got, `now, world.get: {"value":5}`) {
		t.Error(got)
	}
}
