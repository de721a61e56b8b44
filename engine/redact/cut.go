package redact

import (
	"bytes"
	"strings"
)

// mark stands where a text was cut; all that shortens text writes it.
var mark = []byte("…")

// leastPart is the least length in bytes of what is taken for a part of a secret.
const leastPart = 4

// uncut replaces what a cut left of a secret: its beginning in front of a mark, its
// end behind one; a line end may stand between. It returns b itself where there is
// nothing of it.
func (m *matcher) uncut(b []byte) []byte {
	var out []byte
	done := 0 // b[:done] is in out
	for at := bytes.Index(b, mark); at >= 0; {
		front := bytes.TrimSuffix(b[done:at], []byte("\n"))
		if p, n := m.part(front[max(0, len(front)-m.longest):], strings.HasSuffix, beginning); p != nil {
			out = append(append(out, front[:len(front)-n]...), p.shown...)
			done += len(front)
		}
		behind := at + len(mark)
		back := bytes.TrimPrefix(b[behind:], []byte("\n"))
		if p, n := m.part(back[:min(len(back), m.longest)], strings.HasPrefix, end); p != nil {
			out = append(append(out, b[done:len(b)-len(back)]...), p.shown...)
			behind = len(b) - len(back) + n
			done = behind
		}
		next := bytes.Index(b[behind:], mark)
		if next < 0 {
			break
		}
		at = behind + next
	}
	if out == nil {
		return b
	}
	return append(out, b[done:]...)
}

func beginning(text string, n int) string { return text[:n] }

func end(text string, n int) string { return text[len(text)-n:] }

// part returns the pattern of which the longest part stands at the edge of a text,
// and how long that part is. The scheme of an address is no part of a secret.
func (m *matcher) part(edge []byte, stands func(edge, part string) bool, of func(text string, n int) string) (found *pattern, longest int) {
	text := string(edge)
	for first := range m.byFirst {
		for i := range m.byFirst[first] {
			p := &m.byFirst[first][i]
			for n := min(len(p.text)-1, len(text)); n >= max(leastPart, longest+1); n-- {
				if part := of(p.text, n); stands(text, part) && !strings.HasSuffix(part, "://") {
					found, longest = p, n
				}
			}
		}
	}
	return found, longest
}
