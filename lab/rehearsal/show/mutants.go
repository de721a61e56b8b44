package show

import (
	"fmt"
	"io"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// Mutated is what became of the mutants of a playbook.
type Mutated struct {
	Name string
	*rehearsal.Mutation
}

// Mutants prints the score of each playbook and what survived, at its place.
func Mutants(w io.Writer, k page.Look, all []Mutated) error {
	p := newSheet(k)
	for i, m := range all {
		if i > 0 {
			p.Blank()
		}
		p.Flow(p.Line(page.Plain, m.Name+"  "), page.Plain, fmt.Sprintf("%s: %d noticed, %d not, %d refused by the validator",
			page.Counted(len(m.Mutants), "mutant"), m.Killed, m.Survived, m.Invalid))
		t := page.Table{Indent: 2, Columns: []page.Column{{}, {}, {}}}
		for _, one := range m.Mutants {
			if one.KilledBy == "" && !one.Invalid {
				t.Rows = append(t.Rows, append([]*page.Line{p.sign(0, false).Add(page.Plain, one.What)}, p.Cells(page.Plain, one.Where, "survived")...))
			}
		}
		p.Table(t)
		p.labelled("Score", schema.HumanPercent(m.Percent())+" of the mutants that can be played were noticed by a rehearsal")
	}
	return p.Print(w)
}
