package report

import (
	"io"

	"runbook/engine/event"
)

// Manual prints what a person is asked to do at the manual step at path, and rings
// the bell once.
func Manual(w io.Writer, path event.Path, title, text string, o Options) error {
	p := newPage(o)
	l := p.line(boldCyan, "  "+p.signs.wait+" ")
	p.put(p.add(p.add(l, bold, string(path)), plain, "  "+title))
	p.blank()
	for _, part := range splitLines(text) {
		p.put(p.line(plain, "      "+part))
	}
	p.blank()
	_, err := io.WriteString(w, "\a"+p.render())
	return err
}

// Ask prints a question, at whose end the answer is typed.
func Ask(w io.Writer, question string, o Options) error {
	_, err := io.WriteString(w, newPage(o).clean(question))
	return err
}
