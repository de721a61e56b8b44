package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
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

// validation is the document of `validate --format json`.
type validation struct {
	Schema    int       `json:"schema"`
	Files     int       `json:"files"`
	Playbooks int       `json:"playbooks"`
	Errors    int       `json:"errors"`
	Warnings  int       `json:"warnings"`
	Findings  diag.List `json:"findings"`
}

func (i *inspection) document() validation {
	errs := i.list.Errors()
	return validation{
		Schema: 1, Files: len(i.files) + i.missing, Playbooks: i.playbooks + i.missing,
		Errors: errs, Warnings: len(i.list) - errs, Findings: append(diag.List{}, i.list...),
	}
}

// refused is why nothing was validated, as the document of a validation.
func refused(w io.Writer, r *launch.Refusal) error {
	i := &inspection{list: r.List}
	if r.List == nil {
		hint := slices.Clone(r.Failure.Do)
		for _, f := range r.Failure.Facts {
			hint = append(hint, f.Label+" "+f.Value)
		}
		i.list.Add(diag.Diagnostic{Code: diag.CodeUsage, Message: r.Failure.What, Hint: strings.Join(hint, "; ")})
	}
	return printJSON(w, i.document())
}

// asksJSON reports whether a command line asks for --format json, also one that cannot
// be parsed.
func asksJSON(line []string) bool {
	for i, word := range line {
		if word == "--format="+outputJSON || word == outputJSON && i > 0 && line[i-1] == "--format" {
			return true
		}
	}
	return false
}
