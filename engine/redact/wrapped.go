package redact

import "bytes"

// leastWidth is the least width in characters of the lines into which base64,
// openssl and xxd -p put what they encode.
const leastWidth = 60

// unwrapped replaces the secrets in what has line ends inside of what was encoded and
// put into lines, where these divide one or not. It returns b itself where there is
// nothing of it.
func (m *matcher) unwrapped(b []byte) []byte {
	joined, joints := join(b)
	if joints == nil {
		return b
	}
	var out []byte
	done, left := 0, 0 // b[:done] is in out; left bytes were left out up to where we look
	for p, at := m.find(joined, 0); p != nil; p, at = m.find(joined, at+1) {
		for len(joints) > 0 && joints[0].at <= at {
			left += joints[0].width
			joints = joints[1:]
		}
		from, to := at+left, at+len(p.text)+left
		for _, j := range joints {
			if j.at >= at+len(p.text) {
				break
			}
			to += j.width
		}
		if from >= done {
			out = append(append(out, b[done:from]...), p.shown...)
		}
		done = max(done, to)
	}
	if out == nil {
		return b
	}
	return append(out, b[done:]...)
}

// joint is where joined text lacks a line end, of so many bytes.
type joint struct{ at, width int }

// join returns b without the line ends inside of what was encoded and put into lines.
func join(b []byte) (joined []byte, joints []joint) {
	from := 0 // b[:from] is in joined
	for start := 0; len(b)-start > leastWidth; {
		n := bytes.IndexByte(b[start:], '\n')
		if n < 0 {
			break
		}
		line, behind := bytes.TrimSuffix(b[start:start+n], []byte("\r")), start+n+1
		if len(line) >= leastWidth && behind < len(b) && encoded(line[len(line)-leastWidth:]) && encoded(b[behind:behind+1]) {
			joined = append(joined, b[from:start+len(line)]...)
			joints = append(joints, joint{at: len(joined), width: n + 1 - len(line)})
			from = behind
		}
		start = behind
	}
	if joints == nil {
		return b, nil
	}
	return append(joined, b[from:]...), joints
}

// encoded reports whether b has nothing but characters of base64 and hexadecimal.
func encoded(b []byte) bool {
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return true
}
