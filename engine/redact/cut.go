package redact

import "bytes"

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
		if p, n := m.forwards.ending(string(front[max(0, len(front)-m.longest):])); p != nil {
			out = append(append(out, front[:len(front)-n]...), p.shown...)
			done += len(front)
		}
		behind := at + len(mark)
		back := bytes.TrimPrefix(b[behind:], []byte("\n"))
		if p, n := m.backwards.ending(reversed(string(back[:min(len(back), m.longest)]))); p != nil {
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
