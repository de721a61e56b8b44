package report

import (
	"time"

	"runbook/engine/event"
)

// signs are the marks of the states; the word stands in the same line.
type signs struct {
	ok, warn, bad, none, doubt, wait, undone string
	ellipsis                                 string
	turning                                  []string
}

var (
	unicodeSigns = &signs{
		ok: "✓", warn: "!", bad: "✗", none: "-", doubt: "?", wait: ">", undone: "<", ellipsis: "…",
		turning: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
	}
	asciiSigns = &signs{
		ok: "+", warn: "!", bad: "x", none: "-", doubt: "?", wait: ">", undone: "<", ellipsis: "...",
		turning: []string{"*"},
	}
)

// state gives sign and style of a step's or run's state.
func (p *page) state(s event.State) (string, style) {
	switch s {
	case event.Passed, event.Done:
		return p.signs.ok, green
	case event.Warned, event.Interrupted:
		return p.signs.warn, yellow
	case event.Failed, event.Refused, event.UndoFailed:
		return p.signs.bad, red
	case event.Waiting:
		return p.signs.wait, boldCyan
	case event.InDoubt, event.Unknown:
		return p.signs.doubt, magenta
	case event.Undone:
		return p.signs.undone, plain
	case event.Running:
		return p.spinner(), cyan
	case event.Executed:
		return "=", plain
	case event.Previewed, event.DryRun:
		return "~", yellow
	case event.Skipped, event.Cancelled:
		return p.signs.none, dim
	}
	return ".", dim
}

// spinner is the sign of what runs; it turns where motion is on.
func (p *page) spinner() string {
	if !p.motion {
		return p.signs.turning[0]
	}
	return p.signs.turning[int(p.now.UnixMilli()/int64(frame/time.Millisecond))%len(p.signs.turning)]
}

const frame = 100 * time.Millisecond

// remedy gives sign and style of a remedy's verdict.
func (p *page) remedy(verdict string) (string, style) {
	switch verdict {
	case "effective", "met":
		return p.signs.ok, green
	case "ineffective":
		return p.signs.warn, yellow
	case "worse":
		return p.signs.bad, red
	}
	return p.signs.none, dim
}

// check gives sign and style of a condition's verdict.
func (p *page) check(v event.Verdict) (string, style) {
	switch v {
	case event.Held, event.True:
		return p.signs.ok, green
	case event.CheckWarned:
		return p.signs.warn, yellow
	case event.UnknownCheck:
		return p.signs.doubt, magenta
	case event.NotEvaluated, event.CheckFailed:
		return p.signs.bad, red
	}
	return p.signs.none, dim
}

// word is a state as it is said: `_` for the space in JSON.
func word(s event.State) string {
	switch s {
	case event.InDoubt:
		return "in doubt"
	case event.NotRun:
		return "not run"
	case event.UndoFailed:
		return "undo failed"
	case event.DryRun:
		return "dry run"
	}
	return string(s)
}

func verdictWord(v event.Verdict) string {
	if v == event.NotEvaluated {
		return "not evaluated"
	}
	return string(v)
}
