package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/diag/excerpt"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/record"
	"runbook/engine/report"
	"runbook/engine/yaml"
	"runbook/internal/console"
)

// page says how text is printed on f.
func (a *app) page(f *console.Output) report.Options {
	o := report.Options{Look: page.Of(f), Location: time.UTC}
	if f.Terminal() {
		o.Location = time.Local
	}
	return o
}

// The views of a run.
const (
	outputAuto  = "auto"
	outputPlain = "plain"
	outputJSON  = "json"
)

// output is the view that is meant: that of the flag, of RUNBOOK_OUTPUT, else
// live on a terminal that can, else plain lines.
func (a *app) output(flag string) (string, error) {
	if flag == outputAuto {
		if v := os.Getenv("RUNBOOK_OUTPUT"); v != "" {
			flag = v
		}
	}
	switch flag {
	case outputPlain, outputJSON:
		return flag, nil
	case outputAuto:
	default:
		return "", usage(fmt.Sprintf("there is no output %q", flag), "--output auto, plain or json")
	}
	if !a.Out.Terminal() || os.Getenv("TERM") == "dumb" || os.Getenv("CI") != "" {
		return outputPlain, nil
	}
	if w, _ := a.Out.Size(); w < page.LeastLive {
		a.note("the terminal has %d columns, the live tree needs %d: plain lines follow", w, page.LeastLive)
		return outputPlain, nil
	}
	return outputAuto, nil
}

// formatFlag adds --format to a verb that lists; json reports whether it is that.
func formatFlag(cmd *cobra.Command) (json func() (bool, error)) {
	format := cmd.Flags().String("format", "text", "text or json")
	return func() (bool, error) {
		if *format != "text" && *format != outputJSON {
			return false, usage(fmt.Sprintf("there is no format %q", *format), "--format text or json")
		}
		return *format == outputJSON, nil
	}
}

// note tells something about the tool itself.
func (a *app) note(format string, values ...any) {
	a.log.Info(fmt.Sprintf(format, values...))
}

// say prints a failure in the shape of all errors, on stderr.
func (a *app) say(f *action.Failure, e event.Ending) {
	_ = report.Error(a.Err, f, e.Code(), a.page(a.Err))
}

// tell prints why something was refused, with the mistakes of a file.
func (a *app) tell(r *launch.Refusal) {
	if r.List != nil {
		a.diagnose(a.Err, r.List, r.File)
		fmt.Fprintln(a.Err)
	}
	_ = report.Error(a.Err, r.Failure, r.Code(), a.page(a.Err))
}

// put writes text to w, as what was asked for.
func put(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// printJSON writes a document as JSON, as what was asked for.
func printJSON(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// diagnose prints diagnostics with the lines that they point to.
func (a *app) diagnose(f *console.Output, list diag.List, files ...*yaml.Source) {
	texts := map[string][]byte{}
	for _, s := range files {
		if s != nil {
			texts[s.Name] = s.Text
		}
	}
	if err := excerpt.Print(f, list, func(name string) []byte { return texts[name] }, page.Of(f)); err != nil {
		a.say(action.AsFailure(err), event.EndFailed)
	}
}

// refused is why nothing was validated, as the document of a validation.
func refused(w io.Writer, r *launch.Refusal) error {
	list := r.List
	if list == nil {
		hint := slices.Clone(r.Failure.Do)
		for _, f := range r.Failure.Facts {
			hint = append(hint, f.Label+" "+f.Value)
		}
		list.Add(diag.Diagnostic{Code: diag.CodeUsage, Message: r.Failure.What, Hint: strings.Join(hint, "; ")})
	}
	return printJSON(w, record.ValidationOf(list, 0, 0))
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
