package report

import (
	"io"

	"runbook/engine/event"
	"runbook/engine/page"
)

// Manual prints what a person is asked to do at the manual step at path, and rings
// the bell once.
func Manual(w io.Writer, path event.Path, title, text string, o Options) error {
	p := newSheet(o)
	p.Put(p.Line(page.BoldCyan, "  "+p.Sign(page.SignWaiting)+" ").Add(page.Bold, string(path)).Add(page.Plain, "  "+title))
	p.Blank()
	for _, part := range page.Split(text) {
		p.Say(page.Plain, "      "+part)
	}
	p.Blank()
	_, err := io.WriteString(w, "\a"+p.String())
	return err
}

// Ask prints a question, at whose end the answer is typed.
func Ask(w io.Writer, question string, o Options) error {
	_, err := io.WriteString(w, page.Clean(question, !o.Unicode))
	return err
}
