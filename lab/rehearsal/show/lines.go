package show

import (
	"fmt"
	"io"
	"time"

	"runbook/engine/page"
	"runbook/lab/rehearsal"
)

// Lines prints a line for each thing that happens, for pipes.
type Lines struct {
	silent
	w    io.Writer
	wide int // the longest name of a rehearsal
	err  error
}

// NewLines returns a view that writes to w.
func NewLines(w io.Writer, subjects []*rehearsal.Subject) *Lines {
	v := &Lines{w: w}
	for _, s := range subjects {
		v.wide = max(v.wide, len(fmt.Sprintf("%s/%d", s.Name, len(s.File.Rehearsals))))
	}
	return v
}

func (v *Lines) line(name, kind, text string) {
	line := fmt.Sprintf("%s %-*s  %-9s %s", time.Now().UTC().Format(time.RFC3339), v.wide, name, kind, text)
	if _, err := io.WriteString(v.w, page.Clean(line, false)+"\n"); err != nil && v.err == nil {
		v.err = err
	}
}

// Moment prints what was expected, and how a rehearsal ended.
func (v *Lines) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	seen := fmt.Sprintf("%s %s, seen %s", either(m.Held, "held", "failed"), m.Text, m.Value)
	switch m.Kind {
	case "red":
		v.line(r.Name(), "before", seen)
	case "green":
		v.line(r.Name(), "after", seen)
	case "finished":
		kind := either(r.Passed, "passed", "failed")
		v.line(r.Name(), kind, fmt.Sprintf("%s, seed %d, %s", r.Rehearsal.Name, r.Seed, seconds(r.Took)))
		for _, text := range Complaints(r) {
			v.line(r.Name(), kind, text)
		}
	}
}

// End prints the last line.
func (v *Lines) End(r *rehearsal.Report, exit int) error {
	passed := r.Passed()
	v.line("-", "finished", fmt.Sprintf("%s exit=%d passed=%d failed=%d %s", either(exit == 0, "passed", "failed"), exit, passed, len(r.Results)-passed, seconds(r.Took)))
	return v.err
}
