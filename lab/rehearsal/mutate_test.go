package rehearsal_test

import (
	"testing"

	"runbook/lab/rehearsal"
)

func TestCoverageNamesWhatWasNeverReached(t *testing.T) {
	k := newKit(t)
	report := k.brief(t, k.options(), k.cache(t, leak+"expect: {exit: 0}"))
	c := report.Coverage[0]
	var never []string
	for _, p := range c.Never {
		never = append(never, p.What+" "+p.Where)
	}
	equal(t, never, []string{
		"recover, goal already held cache.yaml:16:5",
		"recover, no remedy helped cache.yaml:16:5",
		"recover/2 cache.yaml:28:9",
		"told cache.yaml:32:5",
		"told, taken cache.yaml:34:11",
	})
	equal(t, []rehearsal.Ratio{c.Steps, c.Branches, c.Remedies}, []rehearsal.Ratio{{Reached: 2, All: 3}, {Reached: 2, All: 5}, {Reached: 1, All: 2}})
}

func TestMutantsAreNoticedOrListed(t *testing.T) {
	k := newKit(t)
	m, err := rehearsal.Mutate(t.Context(), k.cache(t, `
fault: cache-leak
settle: 1m
inputs: {who: alice, max: 50MiB}
expect: {after: [lab.cache.size_bytes < inputs.max], hold: 1s, remedies: {recover: Clear it}, steps: {told: passed}}`), k.options())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, one := range m.Mutants {
		got[one.What+" "+one.Where] = one.KilledBy
	}
	equal(t, got, map[string]string{
		"without step answers cache.yaml:10:5":                                         "", // nothing is expected of it
		"verification 1 of answers is true cache.yaml:14:14":                           "",
		"without step recover cache.yaml:16:5":                                         "one",
		"verification 1 of recover is true cache.yaml:20:9":                            "one",
		"without remedy “Clear it” cache.yaml:24:9":                                    "one",
		"verification 1 of “Clear it” is true cache.yaml:27:18":                        "",
		"without remedy “Clear it once more, with approval” cache.yaml:28:9":           "",
		"without the approval of “Clear it once more, with approval” cache.yaml:29:18": "",
		"without step told cache.yaml:32:5":                                            "one",
		"without the `when` of told cache.yaml:34:11":                                  "",
		"the `when` of told is the opposite cache.yaml:34:11":                          "one",
		"verification 1 of told is true cache.yaml:37:14":                              "",
	})
	if m.Killed != 5 || m.Survived != 7 || m.Invalid != 0 || m.Percent() < 41 || m.Percent() > 42 {
		t.Errorf("%d killed, %d survived, %d invalid, %v %%", m.Killed, m.Survived, m.Invalid, m.Percent())
	}
}
