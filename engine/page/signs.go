package page

import (
	"strings"
	"time"

	"runbook/engine/schema"
)

// Sign is the mark of a state; its word stands in the same line.
type Sign uint8

// The signs.
const (
	SignPending Sign = iota
	SignRunning
	SignWaiting
	SignOK
	SignWarned
	SignBad
	SignNone
	SignDoubt
	SignUndone
	SignExecuted
	SignPreviewed
	SignEllipsis
)

var (
	unicodeSigns = [...]string{".", "⠋", ">", "✓", "!", "✗", "-", "?", "<", "=", "~", "…"}
	asciiSigns   = [...]string{".", "*", ">", "+", "!", "x", "-", "?", "<", "=", "~", "..."}
	turning      = [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
)

func (s Sign) text(ascii bool) string {
	if ascii {
		return asciiSigns[s]
	}
	return unicodeSigns[s]
}

// Sign is the sign in the characters that the output can show.
func (p *Page) Sign(s Sign) string { return s.text(!p.look.Unicode) }

// Frame is how long the sign of what runs stands before it turns.
const Frame = 100 * time.Millisecond

// Spinner is the sign of what runs; it turns where motion is on.
func (p *Page) Spinner(now time.Time) string {
	if !p.look.Motion || !p.look.Unicode {
		return p.Sign(SignRunning)
	}
	return turning[int(now.UnixMilli()/Frame.Milliseconds())%len(turning)]
}

// Mark gives sign and style of a state, of a verdict or of what became of a
// remedy, by its word in JSON.
func Mark(word string) (Sign, Style) {
	switch word {
	case "passed", "done", "held", "true", "effective", "met":
		return SignOK, Green
	case "warned", "ineffective", "interrupted":
		return SignWarned, Yellow
	case "failed", "worse", "refused", "stopped", "locked", "invalid", "undo_failed":
		return SignBad, BoldRed
	case "skipped", "cancelled", "not_needed", "not_reached", "not_evaluated", "false":
		return SignNone, Dim
	case "in_doubt", "unknown":
		return SignDoubt, Magenta
	case "waiting":
		return SignWaiting, BoldCyan
	case "running":
		return SignRunning, Cyan
	case "undone":
		return SignUndone, Plain
	case "executed":
		return SignExecuted, Plain
	case "previewed", "dry_run":
		return SignPreviewed, Yellow
	}
	return SignPending, Dim
}

// Held gives sign and style of what is only right or wrong.
func Held(held bool) (Sign, Style) {
	if held {
		return SignOK, Green
	}
	return SignBad, BoldRed
}

// Word is a state as it is said: of in_doubt "in doubt".
func Word[T ~string](state T) string { return strings.ReplaceAll(string(state), "_", " ") }

// Counted is a number with its noun: "1 change", "2 changes".
func Counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return schema.HumanCount(int64(n)) + " " + noun + "s"
}
