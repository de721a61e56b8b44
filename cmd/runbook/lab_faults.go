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
			return put(a.Out, pageOfRehearsals(a.page(a.Out)).fault(f))
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
	return put(a.Out, pageOfRehearsals(a.page(a.Out)).faults(lab.Faults()))
}

// faults is a table of faults: what is wrong, and what helps.
func (p rehearsalPage) faults(all []model.Fault) string {
	wide := 0
	for _, f := range all {
		wide = max(wide, len(f.Name))
	}
	var b strings.Builder
	for _, f := range all {
		b.WriteString(p.fit("  "+pad(f.Name, wide)+"  ", f.Summary))
		b.WriteString(p.fit(strings.Repeat(" ", wide+4)+"helps  ", f.Cure))
	}
	fmt.Fprintf(&b, "\n%s. All of one: runbook lab faults NAME\n", page.Counted(len(all), "fault"))
	return b.String()
}

// fault is all that the lab knows of a fault.
func (p rehearsalPage) fault(f model.Fault) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			b.WriteString(p.fit(pad(label, 13), text))
		}
	}
	b.WriteString(p.fit(f.Name+"  ", f.Summary))
	line("Seen", f.Symptoms)
	if f.Settles > 0 {
		line("Plain after", schema.HumanDuration(f.Settles)+" of the lab's time")
	}
	line("Helps", f.Cure)
	line("In vain", f.Vain)
	line("Options", strings.Join(f.Options, ", "))
	if f.AtConnection() {
		line("On", strings.Join(lab.Targets(), ", "))
		line("Try", "runbook lab inject "+f.Name+" --on docker --for 30s")
	} else {
		line("Try", "runbook lab inject "+f.Name)
	}
	return b.String()
}
