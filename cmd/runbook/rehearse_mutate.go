package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// mutated is what became of the mutants of a playbook.
type mutated struct {
	name string
	*rehearsal.Mutation
}

// mutate breaks each playbook at one place at a time and prints what no
// rehearsal noticed. Survivors alone are no failure: --fail-under is.
func (a *app) mutate(ctx context.Context, subjects []*rehearsal.Subject, options rehearsal.Options, o rehearsed) error {
	whole, err := rehearsal.Play(ctx, subjects, options)
	if err != nil {
		return told(event.EndSignal)
	}
	if passed := passedOf(whole); passed < len(whole.Results) {
		for _, r := range whole.Results {
			if !r.Passed {
				a.note("%s fails already: %s", nameOfResult(r), strings.Join(complaints(r), "; "))
			}
		}
		return usage("what fails already cannot notice a mutant", "runbook rehearse "+launch.Quote(subjects[0].Name))
	}
	var all []mutated
	for _, s := range subjects {
		m, err := rehearsal.Mutate(ctx, s, options)
		if ctx.Err() != nil {
			return told(event.EndSignal)
		}
		if err != nil {
			return err
		}
		all = append(all, mutated{s.Name, m})
	}
	if err := a.printMutants(all, o); err != nil {
		return err
	}
	killed, survived := 0, 0
	for _, m := range all {
		killed, survived = killed+m.Killed, survived+m.Survived
	}
	score := rehearsal.Ratio{Reached: killed, All: killed + survived}.Percent()
	if score < o.failUnder {
		a.note("the score is %s, below --fail-under %g", schema.HumanPercent(score), o.failUnder)
		return told(event.EndFailed)
	}
	return nil
}

func (a *app) printMutants(all []mutated, o rehearsed) error {
	switch o.output {
	case outputJSON:
		return mutantsJSON(a.Out, all)
	case "junit":
		return mutantsJUnit(a.Out, all)
	}
	text := pageOfRehearsals(a.page(a.Out)).mutants(all)
	if a.Out.Colored() {
		text = paint(text, rehearsalBrushes())
	}
	return put(a.Out, text)
}

// mutants are the score of each playbook and what survived, at its place.
func (p rehearsalPage) mutants(all []mutated) string {
	var b strings.Builder
	for i, m := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s  %s: %d noticed, %d not, %d refused by the validator\n", m.name, page.Counted(len(m.Mutants), "mutant"), m.Killed, m.Survived, m.Invalid)
		wide := 0
		for _, one := range m.Mutants {
			wide = max(wide, len([]rune(one.What)))
		}
		for _, one := range m.Mutants {
			switch {
			case one.KilledBy != "":
				continue
			case one.Invalid:
				continue
			}
			fmt.Fprintf(&b, "  %s %s  %s  survived\n", p.sign(false), pad(one.What, wide), one.Where)
		}
		fmt.Fprintf(&b, "  Score        %s of the mutants that can be played were noticed by a rehearsal\n", schema.HumanPercent(m.Percent()))
	}
	return b.String()
}

func mutantsJSON(w io.Writer, all []mutated) error {
	type line struct {
		Type     string  `json:"type"`
		Playbook string  `json:"playbook"`
		What     string  `json:"what"`
		Where    string  `json:"where"`
		State    string  `json:"state"`
		KilledBy *string `json:"killed_by"`
	}
	type last struct {
		Type     string  `json:"type"`
		Schema   int     `json:"schema"`
		Playbook string  `json:"playbook"`
		Killed   int     `json:"killed"`
		Survived int     `json:"survived"`
		Invalid  int     `json:"invalid"`
		Score    float64 `json:"score_percent"`
	}
	encoder := json.NewEncoder(w)
	for _, m := range all {
		for _, one := range m.Mutants {
			l := line{Type: "mutant", Playbook: m.name, What: one.What, Where: one.Where, State: "survived"}
			switch {
			case one.Invalid:
				l.State = "invalid"
			case one.KilledBy != "":
				l.State, l.KilledBy = "killed", &one.KilledBy
			}
			if err := encoder.Encode(l); err != nil {
				return err
			}
		}
		if err := encoder.Encode(last{"mutation_finished", 1, m.name, m.Killed, m.Survived, m.Invalid, m.Percent()}); err != nil {
			return err
		}
	}
	return nil
}

func mutantsJUnit(w io.Writer, all []mutated) error {
	out := junitSuites{}
	for _, m := range all {
		s := &junitSuite{Name: m.name + " mutants"}
		for _, one := range m.Mutants {
			if one.Invalid {
				continue
			}
			c := junitCase{Class: m.name, Name: one.What + " at " + one.Where}
			if one.KilledBy == "" {
				c.Failure = &junitFailure{Message: "no rehearsal noticed", Text: one.Where}
				s.Failures++
			}
			s.Tests++
			s.Cases = append(s.Cases, c)
		}
		out.Tests, out.Failures = out.Tests+s.Tests, out.Failures+s.Failures
		out.Suites = append(out.Suites, s)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return put(w, xml.Header+string(text)+"\n")
}
