package shell

import (
	"strings"

	"runbook/engine/schema"
)

// output keeps the first and the last part of what is written to it, and
// counts the rest. The zero output keeps nothing: make it with newOutput.
type output struct {
	head, tail []byte
	half       int
	start      int // of the oldest byte in tail, once tail is full
	total      int64
}

// newOutput returns an output that keeps limit bytes.
func newOutput(limit int) *output { return &output{half: limit / 2} }

// Write takes all of p.
func (o *output) Write(p []byte) (int, error) {
	n := len(p)
	o.total += int64(n)
	take := min(o.half-len(o.head), n)
	o.head = append(o.head, p[:take]...)
	p = p[take:]
	if len(p) > o.half {
		p = p[len(p)-o.half:]
	}
	grow := min(o.half-len(o.tail), len(p))
	o.tail = append(o.tail, p[:grow]...)
	for p = p[grow:]; len(p) > 0; {
		k := copy(o.tail[o.start:], p)
		p, o.start = p[k:], (o.start+k)%o.half
	}
	return n, nil
}

// cut reports whether a part is missing.
func (o *output) cut() bool { return o.total > int64(len(o.head)+len(o.tail)) }

// String returns what was kept, with a mark where a part is missing.
func (o *output) String() string {
	var b strings.Builder
	b.Write(o.head)
	if missing := o.total - int64(len(o.head)+len(o.tail)); missing > 0 {
		b.WriteString("\n… [" + schema.HumanBytes(float64(missing)) + " cut] …\n")
	}
	b.Write(o.tail[o.start:])
	b.Write(o.tail[:o.start])
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// lastLines returns the last n lines that are not empty, each cut to width.
func lastLines(text string, n, width int) []string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	lines = lines[max(0, len(lines)-n):]
	for i, line := range lines {
		if len(line) > width {
			lines[i] = strings.ToValidUTF8(line[:width], "") + "…"
		}
	}
	return lines
}
