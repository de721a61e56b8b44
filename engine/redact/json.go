package redact

import (
	"bytes"
	"encoding/json"
)

// JSON returns the JSON text b without the secrets, as JSON again: b itself if
// there is none in it. Only strings and keys are looked into; a number never
// holds a secret, since no secret is one.
func (r *Redactor) JSON(b []byte) []byte {
	m := r.matcher()
	if m == nil || !hasEscape(b) && !bytes.Contains(b, mark) && !m.found(b) {
		return b
	}
	var out []byte // nil while nothing was replaced
	from := 0
	for i := 0; i < len(b); {
		open := bytes.IndexByte(b[i:], '"')
		if open < 0 {
			break
		}
		start := i + open + 1
		end := start + stringLength(b[start:])
		if clean, ok := m.inString(b[start:end]); ok {
			out = append(append(out, b[from:start]...), clean...)
			from = end
		}
		i = end + 1
	}
	if out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// stringLength returns the length of a string's text up to its closing quote.
func stringLength(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(b)
}

// inString redacts the text between two quotes. It is false where nothing is
// to be replaced.
func (m *matcher) inString(text []byte) ([]byte, bool) {
	if !hasEscape(text) {
		return m.clean(text)
	}
	var plain string
	quoted := append(append([]byte{'"'}, text...), '"')
	if json.Unmarshal(quoted, &plain) != nil {
		return nil, false
	}
	out, ok := m.clean([]byte(plain))
	return []byte(inJSON(string(out), false)), ok
}
