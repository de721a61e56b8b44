package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// Plain is the view for pipes, files and screen readers: one line a fact, of
// time, step or `-`, a word, and text. Its lines are never cut or taken back, and
// wrapped only for the eye, on a narrow terminal.
type Plain struct {
	w        io.Writer
	o        Options
	run      history.Run
	err      error
	progress map[event.Path]time.Time // when progress of a step was last printed
}

var _ View = (*Plain)(nil)

// NewPlain returns the view that writes to w.
func NewPlain(w io.Writer, o Options) *Plain {
	return &Plain{w: w, o: o, progress: map[event.Path]time.Time{}}
}

// Event prints what is worth a line of the fact e.
func (v *Plain) Event(e event.Event) {
	if v.o.Verbosity >= 0 || e.Path == "" {
		v.fact(e)
	}
	v.run.Apply(e)
	switch d := e.Data.(type) {
	case *event.RunSuspended:
		v.finished(e.Time, &d.RunFinished)
	case *event.RunFinished:
		v.finished(e.Time, d)
	case *event.StepFinished:
		delete(v.progress, e.Path)
	}
}

// Close returns the first error of writing.
func (v *Plain) Close() error { return v.err }

// line prints one line. The step's column is ten wide, the word's nine.
func (v *Plain) line(at time.Time, step event.Path, word, text string) {
	if v.err != nil {
		return
	}
	if step == "" {
		step = "-"
	}
	text = strings.ReplaceAll(strings.Join(page.Split(text), " / "), "→", "->")
	out := strings.TrimRight(fmt.Sprintf("%s %-10s %-9s %s", at.UTC().Format(time.RFC3339), step, word, text), " ")
	out = page.Clean(out, false)
	if width, _ := v.o.Rows(); v.o.Size != nil && width < page.LeastLive {
		out = strings.Join(page.Wrap(out, width-4), "\n    ") // the terminal would break words
	}
	_, v.err = io.WriteString(v.w, out+"\n")
}

func (v *Plain) fact(e event.Event) {
	switch d := e.Data.(type) {
	case *event.RunCreated:
		v.created(e.Time, d)
	case *event.Locks:
		for _, k := range v.run.Header.Lock {
			v.line(e.Time, "", "lock", k+" taken")
		}
	case *event.PhaseBegan:
		if d.Name == event.Undo || v.o.Verbosity > 0 {
			v.line(e.Time, e.Path, "phase", string(d.Name))
		}
	case *event.StepStarted:
		v.started(e, d)
	case *event.StepFinished:
		v.stepFinished(e, v.run.At(e.Path), d)
	case *event.Shown:
		v.shown(e, d)
	case *event.Check, *event.Remedy, *event.Observation:
		v.judged(e)
	case *event.Progress, *event.Poll, *event.Log:
		v.transient(e)
	default:
		v.told(e)
	}
}

// told prints what every view says alike.
func (v *Plain) told(e event.Event) {
	if _, skipped := e.Data.(*event.StepSkipped); skipped && v.o.Verbosity < 1 && v.run.At(e.Path).Phase == event.Finally {
		return
	}
	if word, text := told(e); word != "" {
		v.line(e.Time, e.Path, word, text)
	}
	if a, ok := e.Data.(*event.Approval); ok && e.Type == event.TypeApprovalRequested {
		v.touches(e, a)
	}
}

func (v *Plain) created(at time.Time, c *event.RunCreated) {
	text := fmt.Sprintf("%s run=%s environment=%s", c.Playbook, c.Run, c.Environment.Name)
	if names := c.Environment.Limit; len(names) > 0 {
		text += " limit=" + strings.Join(names, ",")
	}
	if c.DryRun {
		text += " dry_run"
	}
	if v.o.Verbosity < 0 {
		return
	}
	v.line(at, "", "started", text)
	for _, t := range c.Environment.Targets {
		v.line(at, "", "target", strings.Join(append([]string{t.Name, t.Address}, equals(t.Notes)...), " "))
	}
	for i := 0; i < len(c.Numbers); {
		first, text := c.Numbers[i], ""
		for ; i < len(c.Numbers) && c.Numbers[i].Step == first.Step; i++ {
			text += " " + c.Numbers[i].Key + "=" + c.Numbers[i].Text
		}
		v.line(at, first.Step, "decided", text[1:])
	}
	effects := fmt.Sprintf("reads=%d writes<=%d destructive=%d", c.Effects.Reads, c.Effects.Writes, c.Effects.Destructive)
	if n := c.Effects.WritesEach + c.Effects.DestructiveEach; n > 0 {
		effects += fmt.Sprintf(" changes_for_each_item=%d", n)
	}
	if len(c.Effects.Approvals) > 0 {
		effects += " approvals=" + strings.Join(c.Effects.Approvals, ",")
	}
	v.line(at, "", "effects", effects)
}

// equals writes notes like "project mltb" as project=mltb.
func equals(notes []string) []string {
	out := make([]string, len(notes))
	for i, n := range notes {
		out[i] = n
		if strings.Count(n, " ") == 1 {
			out[i] = strings.Replace(n, " ", "=", 1)
		}
	}
	return out
}

func (v *Plain) started(e event.Event, d *event.StepStarted) {
	if d.Action != "" && d.Effect == action.Read {
		v.line(e.Time, e.Path, "started", startedText(d))
	}
	for _, p := range d.Params {
		if v.o.Verbosity > 0 {
			v.line(e.Time, e.Path, "param", p.Name+"="+p.Text)
		}
	}
}

func startedText(d *event.StepStarted) string {
	words := []string{d.Action}
	for _, p := range d.Params {
		words = append(words, p.Name+"="+p.Text)
	}
	return strings.Join(words, " ")
}

// stepFinished prints the end of a step; that of a change that passed was said
// by `changed`, and of a remedy by its verdict.
func (v *Plain) stepFinished(e event.Event, s *history.Step, d *event.StepFinished) {
	if d.State == event.Passed && s.Detail != nil && s.Detail.Applied != "" && !d.Met {
		return
	}
	var parts []string
	switch {
	case d.State == event.Previewed && d.Preview != nil:
		parts = append(parts, d.Preview.Summary)
	case d.State == event.Previewed:
		parts = append(parts, d.Why)
	default:
		parts = append(parts, schema.HumanDuration(d.Duration))
	}
	if d.Met {
		parts = append(parts, "met")
	}
	if d.Summary != "" && d.Check == nil && d.State != event.Warned {
		parts = append(parts, d.Summary)
	}
	if d.Failure != nil && d.Check == nil && !s.Told(d.Failure) {
		parts = append(parts, d.Failure.Line())
	}
	if d.Why != "" && d.State != event.Previewed && (d.State != event.Executed || strings.Contains(d.Why, ": ")) { // of a read what it met
		parts = append(parts, d.Why)
	}
	v.line(e.Time, e.Path, string(d.State), strings.Join(parts, " "))
	if d.State == event.Previewed && d.Preview != nil {
		v.objects(e, d.Preview)
	}
}

// between is the least time between two lines of progress of a step.
const between = 30 * time.Second

func (v *Plain) transient(e event.Event) {
	switch d := e.Data.(type) {
	case *event.Log:
		if v.o.Verbosity > 1 {
			v.line(e.Time, e.Path, "log", strings.ToLower(d.Level)+" "+d.Text)
		}
		return
	case *event.Poll:
		last, told := v.progress[e.Path]
		switch {
		case d.Asked != "" && (!told || e.Time.Sub(last) >= between):
			v.line(e.Time, e.Path, "settling", asking(d)+", "+coarse(d.Left)+" left")
			v.progress[e.Path] = e.Time
		case d.Asked == "" && v.due(e):
			v.line(e.Time, e.Path, "polling", fmt.Sprintf("%s, seen %s, %s left", d.That, bare(d.Seen, d.Number), coarse(d.Left)))
		}
	case *event.Progress:
		if v.due(e) {
			text := d.Note
			if d.Progress.Total > 0 {
				text = strings.TrimSuffix(fmt.Sprintf("%d/%d, %s", d.Done, d.Progress.Total, d.Note), ", ")
			}
			v.line(e.Time, e.Path, "progress", text)
		}
	}
}

// due: the first progress of a step comes after the time between two.
func (v *Plain) due(e event.Event) bool {
	last, ok := v.progress[e.Path]
	if !ok {
		if s := v.run.Known(e.Path); s != nil && !s.Started.IsZero() {
			last, ok = s.Started, true
		}
		v.progress[e.Path] = last
	}
	if ok && e.Time.Sub(last) < between {
		return false
	}
	v.progress[e.Path] = e.Time
	return true
}

// finished prints the facts of an ending that was not good, then the last
// line.
func (v *Plain) finished(at time.Time, f *event.RunFinished) {
	e := newEnding(&v.run, newSheet(v.o), v.o)
	e.id, e.plain = v.run.Header.Run, true
	var facts []fact
	switch f.State {
	case event.Done:
	case event.DryRun:
		facts = e.dryFacts()
	default:
		facts = append(e.badFacts(), e.next(true)...)
	}
	for _, x := range facts {
		for _, r := range x.rows {
			v.line(at, "", x.word(), plainRow(x, r))
		}
	}
	text := fmt.Sprintf("%s exit=%d changes=%d", f.State, f.ExitCode, history.Count(f.Changes))
	if f.State != event.DryRun {
		text += fmt.Sprintf(" warnings=%d", len(f.Warnings))
	}
	v.line(at, "", "finished", text+" "+schema.HumanDuration(e.run.Took()))
}

// plainRow is a row as a plain line; what is counted is written name=number.
func plainRow(f fact, r row) string {
	text := r.line()
	if f.label != "Actions" && f.label != "Conditions" {
		return text
	}
	var out []string
	for part := range strings.SplitSeq(text, ", ") {
		n, name, _ := strings.Cut(part, " ")
		out = append(out, name+"="+n)
	}
	return strings.Join(out, " ")
}
