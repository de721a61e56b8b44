package action

import (
	"fmt"
	"unicode/utf8"
)

// The most that a preview keeps, as it goes into prompts and the journal.
const (
	maxPreviewItems = 100
	maxPreviewText  = 2000 // bytes
)

// cut bounds the preview and says in it how much was left out.
func (p Preview) cut() Preview {
	p.Summary = cutText(p.Summary)
	if more := len(p.Touches) - maxPreviewItems; more > 0 {
		rest := Object{Kind: "more", Name: fmt.Sprintf("%d more", more), Count: more}
		p.Touches = append(p.Touches[:maxPreviewItems:maxPreviewItems], rest)
	}
	if more := len(p.Changes) - maxPreviewItems; more > 0 {
		rest := Change{Name: fmt.Sprintf("%d more", more)}
		p.Changes = append(p.Changes[:maxPreviewItems:maxPreviewItems], rest)
	}
	for i, c := range p.Changes {
		if len(c.Before) > maxPreviewText || len(c.After) > maxPreviewText {
			p.Changes = append([]Change(nil), p.Changes...)
			p.Changes[i].Before, p.Changes[i].After = cutText(c.Before), cutText(c.After)
		}
	}
	if more := len(p.Interrupts) - maxPreviewItems; more > 0 {
		p.Interrupts = append(p.Interrupts[:maxPreviewItems:maxPreviewItems], fmt.Sprintf("%d more", more))
	}
	return p
}

func cutText(s string) string {
	if len(s) <= maxPreviewText {
		return s
	}
	end := maxPreviewText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:end], len(s))
}
