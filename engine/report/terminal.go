package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// Terminal is the view for a terminal: finished steps are printed once and
// stay; below them a region shows what runs, is drawn again ten times a second
// at most, and is gone at the end.
//
// Its methods may be called from several goroutines.
type Terminal struct {
	mu     sync.Mutex
	o      Options
	run    history.Run
	region page.Region

	banner    bool            // printed
	history   strings.Builder // to print above the region
	printed   bool            // a step was printed
	escalated bool
	suspended bool
	closed    bool
	drawn     time.Time // by the wall's clock
	stop      chan struct{}
	ticks     sync.WaitGroup
}

var _ View = (*Terminal)(nil)

// NewTerminal returns the view that draws on w.
func NewTerminal(w io.Writer, o Options) *Terminal {
	t := &Terminal{o: o, region: page.Region{W: w, Look: o.Look}, stop: make(chan struct{})}
	t.run.Finished, t.run.Undone = t.finished, t.undone
	if o.Live && !o.still {
		t.ticks.Go(t.tick)
	}
	return t
}

// tick draws the region as time passes.
func (t *Terminal) tick() {
	clock := time.NewTicker(page.Frame)
	defer clock.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-clock.C:
			t.Draw()
		}
	}
}

// Event takes a fact. What it makes final is printed with the next drawing.
func (t *Terminal) Event(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Path != "" || e.Type == event.TypeRunFinished || e.Type == event.TypeRunSuspended {
		t.printBanner()
	}
	t.run.Apply(e)
	if t.o.Verbosity < 0 {
		return
	}
	t.notable(e)
	if t.history.Len() > 0 && !t.suspended && (!t.o.Live || !t.o.still && time.Since(t.drawn) >= page.Frame) {
		t.draw()
	}
}

// Draw draws the region as it is now. A live view calls it itself, ten times
// a second.
func (t *Terminal) Draw() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.suspended && !t.closed && t.banner {
		t.escalate()
		t.draw()
	}
}

// Suspend takes the region away until Resume, so that a prompt can be shown.
func (t *Terminal) Suspend() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.printBanner()
	t.region.Draw(t.take(), nil)
	t.suspended = true
}

// Resume draws the region again.
func (t *Terminal) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.suspended = false
	t.draw()
}

// Run is what the view knows of the run. Call it after Close.
func (t *Terminal) Run() *history.Run { return &t.run }

// Close takes the region away and prints the summary. It returns the first
// error of writing.
func (t *Terminal) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return t.region.Err
	}
	t.closed = true
	close(t.stop)
	t.unfinished()
	if t.run.End != nil && !t.o.Bare {
		if t.printed {
			t.history.WriteByte('\n')
		}
		t.history.WriteString(Summary(&t.run, t.o))
	}
	t.region.Draw(t.take(), nil)
	err := t.region.Err
	t.mu.Unlock()
	t.ticks.Wait()
	return err
}

func (t *Terminal) printBanner() {
	if t.banner || t.run.Header.Run == "" {
		return
	}
	t.banner = true
	before := t.take()
	if t.o.Verbosity < 0 || t.o.Bare {
		return
	}
	t.stays(func(p *sheet) { p.banner(&t.run) })
	t.history.WriteString(before)
}

// stays prints above the region.
func (t *Terminal) stays(write func(*sheet)) {
	p := newSheet(t.o)
	write(p)
	t.history.WriteString(p.String())
}

// take returns the history that is not printed yet, and forgets it.
func (t *Terminal) take() string {
	text := t.history.String()
	t.history.Reset()
	return text
}

// finished prints a step of the top that is final.
func (t *Terminal) finished(s *history.Step) {
	if t.o.Verbosity < 0 || s.Phase == event.Finally && s.State == event.Skipped && !t.run.Header.DryRun {
		return
	}
	t.print(s)
}

func (t *Terminal) print(s *history.Step) {
	t.stays(func(p *sheet) {
		if t.run.Header.DryRun && t.printed && t.run.Remedied > 0 {
			p.Blank()
		}
		newTree(p, &t.run, false).step(s)
	})
	t.printed = true
}

func (t *Terminal) undone(s *history.Step) {
	if t.o.Verbosity < 0 {
		return
	}
	t.stays(func(p *sheet) {
		tr := newTree(p, &t.run, false)
		tr.head(s, 2, tr.titleColumn())
		tr.failure(s, 6)
	})
	t.printed = true
}

// unfinished prints the steps that the end of the run found begun.
func (t *Terminal) unfinished() {
	if t.o.Verbosity < 0 || t.run.End == nil {
		return
	}
	for _, s := range t.run.Open {
		t.print(s)
	}
	t.run.Open = nil
}

// notable prints facts that stay: an approval, and with -v each attempt,
// observation and parameter.
func (t *Terminal) notable(e event.Event) {
	text, s := "", page.Plain
	switch d := e.Data.(type) {
	case *event.Approval:
		if e.Type != event.TypeApprovalRequested {
			text = sentence(approval(e.Type, d, ", "+e.Time.In(t.o.zone()).Format(time.TimeOnly)))
		}
	case *event.Kept:
		text, s = sentence(told(e)), page.Dim
	case *event.Log:
		if t.o.Verbosity > 1 {
			text, s = strings.ToLower(d.Level)+" "+d.Text, page.Dim
		}
	default:
		if t.o.Verbosity > 0 {
			text, s = verbose(e), page.Dim
		}
	}
	if text != "" {
		t.stays(func(p *sheet) { p.Flow(p.Line(page.Dim, "    "+string(e.Path)+"  "), s, text) })
	}
}

func verbose(e event.Event) string {
	switch d := e.Data.(type) {
	case *event.StepStarted:
		if len(d.Params) > 0 {
			return startedText(d)
		}
	case *event.Observation:
		return "observed " + observedText(d)
	case *event.Outcome:
		return fmt.Sprintf("%s (%s)", sentence(told(e)), schema.HumanDuration(d.Duration))
	case *event.Intent, *event.Retry, *event.Settled:
		return sentence(told(e))
	}
	return ""
}

// escalate says once that it is time to call for help.
func (t *Terminal) escalate() {
	x := t.run.Header.Escalation
	if x == nil || t.escalated || t.run.End != nil || t.run.Header.DryRun || t.o.Verbosity < 0 {
		return
	}
	if t.o.now().Sub(t.run.Started) < x.After {
		return
	}
	t.escalated = true
	text := fmt.Sprintf("! Escalate now: %s (%s have passed)", x.Contact, coarse(x.After))
	t.stays(func(p *sheet) { p.Say(page.BoldYellow, text) })
}

// draw prints the history and, on a live terminal, the region below it.
func (t *Terminal) draw() {
	t.drawn = time.Now()
	_, height := t.o.Rows()
	var lines []*page.Line
	if t.o.Live && !t.closed && t.run.End == nil && t.banner && t.o.Verbosity >= 0 {
		lines = t.live(height - 2)
	}
	t.region.Draw(t.take(), lines)
}
