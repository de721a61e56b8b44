package main

import (
	"strings"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
)

// faultsPage lists faults: what is wrong, and what helps.
func faultsPage(all []model.Fault, k page.Look) *page.Page {
	p := page.New(k)
	wide := 0
	for _, f := range all {
		wide = max(wide, len(f.Name))
	}
	for _, f := range all {
		p.Flow(p.Line(page.Bold, "  "+f.Name).Pad(wide+4, 2), page.Plain, f.Summary)
		p.Flow(p.Indent(wide+4).Add(page.Dim, "helps").Add(page.Plain, "  "), page.Plain, f.Cure)
	}
	p.Blank()
	p.Flow(p.Indent(0), page.Plain, page.Counted(len(all), "fault")+". All of one: runbook lab faults NAME")
	return p
}

// aboutColumn is where the text of a label stands.
const aboutColumn = 13

// faultPage is all that the lab knows of a fault.
func faultPage(f model.Fault, k page.Look) *page.Page {
	p := page.New(k)
	about := func(label, text string) {
		if text != "" {
			p.Flow(p.Label(0, label, aboutColumn), page.Plain, text)
		}
	}
	p.Flow(p.Line(page.Bold, f.Name).Add(page.Plain, "  "), page.Plain, f.Summary)
	about("Seen", f.Symptoms)
	if f.Settles > 0 {
		about("Plain after", schema.HumanDuration(f.Settles)+" of the lab's time")
	}
	about("Helps", f.Cure)
	about("In vain", f.Vain)
	about("Options", strings.Join(f.Options, ", "))
	try := "runbook lab inject " + f.Name
	if f.AtConnection() {
		about("On", strings.Join(lab.Targets(), ", "))
		try += " --on docker --for 30s"
	}
	p.Whole(p.Label(0, "Try", aboutColumn), page.Plain, try, p.Indent(0))
	return p
}
