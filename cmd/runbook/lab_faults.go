package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/control"
	"runbook/lab/model"
)

func (a *app) labFaultsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "faults [NAME]", Short: "What can be broken in the lab, and what helps", Args: cobra.MaximumNArgs(1),
		Example: "  runbook lab faults\n  runbook lab faults memory-leak",
		RunE: func(_ *cobra.Command, words []string) error {
			if len(words) == 0 {
				return a.faults()
			}
			if err := control.Known(words[0]); err != nil {
				return labProblem(err)
			}
			f, _ := model.Lookup(words[0])
			return faultPage(f, page.Of(a.Out)).Print(a.Out)
		},
		ValidArgsFunction: completeFaults,
	}
}

func (a *app) faults() error {
	if !a.Out.Terminal() {
		var b strings.Builder
		for _, f := range lab.Faults() {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", f.Name, f.Summary, f.Cure)
		}
		return put(a.Out, b.String())
	}
	return faultsPage(lab.Faults(), page.Of(a.Out)).Print(a.Out)
}

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

// faultPage is all that the lab knows of a fault.
func faultPage(f model.Fault, k page.Look) *page.Page {
	p := page.New(k)
	line := func(label, text string) {
		if text != "" {
			p.Flow(p.Label(0, label, aboutColumn), page.Plain, text)
		}
	}
	p.Flow(p.Line(page.Bold, f.Name).Add(page.Plain, "  "), page.Plain, f.Summary)
	line("Seen", f.Symptoms)
	if f.Settles > 0 {
		line("Plain after", schema.HumanDuration(f.Settles)+" of the lab's time")
	}
	line("Helps", f.Cure)
	line("In vain", f.Vain)
	line("Options", strings.Join(f.Options, ", "))
	try := "runbook lab inject " + f.Name
	if f.AtConnection() {
		line("On", strings.Join(lab.Targets(), ", "))
		try += " --on docker --for 30s"
	}
	p.Whole(p.Label(0, "Try", aboutColumn), page.Plain, try, p.Indent(0))
	return p
}
