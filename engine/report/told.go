package report

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// told says what an event tells in the words that every view uses for it, the third
// field of a plain line and what follows; of an event that the views tell each in
// their own way word is "".
func told(e event.Event) (word, text string) {
	switch d := e.Data.(type) {
	case *event.Owner:
		if d.Resume {
			return "resumed", fmt.Sprintf("by %s on %s, pid %d", d.User, d.Host, d.PID)
		}
	case *event.StepSkipped:
		return "skipped", skippedBecause(d)
	case *event.Expanded:
		return "items", page.Counted(len(d.Items), "item") + itemNames(d.Items)
	case *event.Intent:
		return "changing", changing(d) + repeated(e.Attempt)
	case *event.Outcome:
		return outcomes[d.Applied], outcome(d)
	case *event.Retry:
		return "retry", fmt.Sprintf("attempt %d of %d failed: %s; again in %s", e.Attempt, d.Of, d.Failure.What, schema.HumanDuration(d.Delay))
	case *event.Kept:
		return "kept", kept(d)
	case *event.Settled:
		return "settled", settled(d)
	case *event.Approval:
		return approval(e.Type, d, "")
	}
	return "", ""
}

// itemNames are the first items by their names, as their addresses have numbers alone.
func itemNames(items []string) string {
	const most = 10
	shown := items[:min(most, len(items))]
	text := ": " + strings.Join(shown, ", ")
	if left := len(items) - len(shown); left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}

// sentence joins what was told.
func sentence(word, text string) string {
	switch {
	case word == "" || text == "":
		return word + text
	case strings.HasPrefix(text, "by ") || strings.HasPrefix(text, "for "):
		return word + " " + text
	}
	return word + ": " + text
}

func skippedBecause(s *event.StepSkipped) string {
	if s.Reason == "when" && s.When != nil {
		return s.When.That + " is false"
	}
	return s.Reason
}

// changing is what an intent is about to do, with the target where the
// preview names nothing that it touches.
func changing(d *event.Intent) string {
	text := cmp.Or(d.Preview.Summary, d.Action)
	if len(d.Preview.Touches) == 0 && d.Target != "" && !strings.Contains(text, "://") {
		text += " on " + d.Target
	}
	return text
}

// repeated says which attempt it is, but for the first.
func repeated(attempt int) string {
	if attempt < 2 {
		return ""
	}
	return fmt.Sprintf(", attempt %d", attempt)
}

var outcomes = map[action.Applied]string{
	action.AppliedFully: "changed", action.AppliedPart: "partial", action.AppliedNot: "unchanged", action.AppliedLost: "lost",
}

func outcome(d *event.Outcome) string {
	if d.Failure != nil {
		return d.Failure.What
	}
	return d.Summary
}

// kept says in which file a text is, and by which sum it can be checked.
func kept(k *event.Kept) string {
	if w := k.Warning(); w != "" {
		return w
	}
	text := fmt.Sprintf("%s in %s, %s, sha256 %s", k.Output, k.File, schema.HumanBytes(float64(k.Bytes)), k.SHA256)
	if k.Cut {
		text += "; the action had not all of it"
	}
	return text
}

// settled says what became of an effect that was in doubt, and who knows it.
func settled(d *event.Settled) string {
	text := map[action.Applied]string{
		action.AppliedFully: "it had been applied", action.AppliedPart: "it had been applied in part", action.AppliedNot: "it had not been applied",
	}[d.Applied]
	switch d.How {
	case "settle":
		return text + ", as the target says"
	case "observe":
		return text + ", as was observed"
	}
	return strings.TrimSpace(text + ", as told by " + d.By)
}

// approval says what became of a question; the clock stands behind who answered.
func approval(t event.Type, a *event.Approval, clock string) (word, text string) {
	switch t {
	case event.TypeApprovalRequested:
		return "waiting", "for approval of " + a.Action + ": " + a.Preview.Summary
	case event.TypeApprovalAnswered:
		return "approved", fmt.Sprintf("by %s, %d of %d", a.By, len(a.Answers), a.Approvers) + clock
	case event.TypeApprovalVoid:
		return "void", "the approval: " + a.Reason + clock
	case event.TypeApprovalGiven:
		if strings.HasPrefix(a.How, "--yes") {
			return "approved", "by " + a.How
		}
		return "approved", fmt.Sprintf("by %s%s, %s (%s)", a.By, clock, cmp.Or(a.How, "as shown"), a.Digest[:min(len(a.Digest), 8)])
	}
	return "refused", a.Reason + clock
}
