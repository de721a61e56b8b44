package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"runbook/engine/action"
	"runbook/engine/report"
)

// leastWidth is the least width in columns at which the live tree is drawn.
const leastWidth = 60

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// size returns columns and lines of the terminal f, zeros for others.
func size(f *os.File) (width, height int) {
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// colored reports whether text on f has colour.
func (a *app) colored(f *os.File) bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// unicode reports whether signs beyond ASCII can be shown.
func unicode() bool {
	if os.Getenv("RUNBOOK_ASCII") == "1" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return runtime.GOOS == "windows" && os.Getenv("WT_SESSION") != "" || runtime.GOOS == "darwin"
}

// page says how text is printed on f.
func (a *app) page(f *os.File) report.Options {
	o := report.Options{Color: a.colored(f), Unicode: unicode(), Location: time.UTC}
	if isTerminal(f) {
		o.Width, _ = size(f)
		o.Location = time.Local
		o.Motion = os.Getenv("RUNBOOK_MOTION") != "off"
		o.Size = func() (int, int) { return size(f) }
	}
	return o
}

// columns is the width of text on f.
func columns(f *os.File) int {
	if w, _ := size(f); w > 0 {
		return min(w, 100)
	}
	return 80
}

// The views of a run.
const (
	outputAuto  = "auto"
	outputPlain = "plain"
	outputJSON  = "json"
)

// output is the view that is meant: that of the flag, of RUNBOOK_OUTPUT, else
// live on a terminal that can, else plain lines.
func output(flag string) (string, error) {
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
	if !isTerminal(os.Stdout) || os.Getenv("TERM") == "dumb" || os.Getenv("CI") != "" {
		return outputPlain, nil
	}
	if w, _ := size(os.Stdout); w < leastWidth {
		note("the terminal has %d columns, the live tree needs %d: plain lines follow", w, leastWidth)
		return outputPlain, nil
	}
	return outputAuto, nil
}

// note tells something about the tool itself.
func note(format string, values ...any) {
	w, _ := size(os.Stderr)
	_ = report.Note(os.Stderr, fmt.Sprintf(format, values...), report.Options{Width: w})
}

// say prints a failure in the shape of all errors, on stderr.
func (a *app) say(f *action.Failure, code int) {
	_ = report.Error(os.Stderr, report.ErrOf(f, code), a.page(os.Stderr))
}

// tell prints a problem.
func (a *app) tell(p *problem) {
	e := report.ErrOf(p.failure, p.code)
	if p.facts != nil {
		e.Facts = p.facts
	}
	_ = report.Error(os.Stderr, e, a.page(os.Stderr))
}

// put writes text to w, as what was asked for.
func put(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}
