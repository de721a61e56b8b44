package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/record"
	"runbook/engine/schema"
)

func (a *app) validateCommand() *cobra.Command {
	format, env := "text", ""
	cmd := &cobra.Command{
		Use: "validate PATH|NAME...", Short: "Find mistakes without running anything",
		Long: `Checks playbooks, files of rehearsals and files of environments, and each playbook in
every environment of the nearest runbook.yaml, or in the one of --env.`,
		Example: "  runbook validate playbooks\n  runbook validate runbook.yaml\n  runbook validate memory-leak.yaml --format json",
		RunE: func(_ *cobra.Command, words []string) error {
			if len(words) == 0 && a.config != "" {
				words = []string{a.config}
			}
			if len(words) == 0 {
				return usage("validate takes paths of playbooks or directories, or names", "runbook validate playbooks")
			}
			if format != "text" && format != outputJSON {
				return usage(fmt.Sprintf("there is no format %q", format), "--format text or json")
			}
			return a.validate(words, env, format)
		},
		ValidArgsFunction: a.completePlaybooks,
	}
	cmd.Flags().StringVar(&env, "env", "", "the environment that the playbooks are for; without it all of runbook.yaml")
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

// validate checks what the words name and prints what is wrong.
func (a *app) validate(words []string, env, format string) error {
	began := time.Now()
	i, err := a.inspect(words, env)
	if err != nil {
		return err
	}
	if format == outputJSON {
		err = printJSON(a.Out, i.document())
	} else {
		a.diagnose(a.Out, i.list, i.files...)
		err = put(a.Out, i.verdict(time.Since(began)))
	}
	if err == nil && i.list.Errors() > 0 {
		return told(event.EndFailed)
	}
	return err
}

// verdict is the last line of a validation.
func (i *inspection) verdict(took time.Duration) string {
	time := schema.HumanDuration(took.Round(time.Millisecond))
	noun, all := "playbook", len(i.files)+i.missing
	if i.playbooks < len(i.files) {
		noun = "file"
	}
	if len(i.list) == 0 {
		return fmt.Sprintf("%s, no findings, %s\n", page.Counted(all, noun), time)
	}
	faulty := map[string]bool{}
	for _, d := range i.list {
		faulty[d.Source] = true
	}
	in := page.Counted(all, noun)
	if all > 1 {
		in = fmt.Sprintf("%d of %d %ss", len(faulty), all, noun)
	}
	return fmt.Sprintf("\n%s in %s, %s\n", i.list.Summary(), in, time)
}

func (i *inspection) document() record.Validation {
	return record.ValidationOf(i.list, len(i.files)+i.missing, i.playbooks+i.missing)
}
