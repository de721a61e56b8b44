package redact

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// JSON returns the JSON text b without the secrets, as JSON again: b itself if
// there is none in it. It looks into strings and keys; a number that equals a secret
// becomes a string.
func (r *Redactor) JSON(b []byte) []byte {
	m := r.matcher()
	if m == nil || len(m.numbers) == 0 && !hasEscape(b) && !bytes.Contains(b, mark) && !m.found(b) {
		return b
	}
	var out []byte // nil while nothing was replaced
	from := 0
	replace := func(start, end int, clean []byte) {
		out = append(append(out, b[from:start]...), clean...)
		from = end
	}
	for i := 0; i < len(b); {
		if n := m.numberLength(b[i:]); n > 0 {
			if value, err := strconv.ParseFloat(string(b[i:i+n]), 64); err == nil && m.numbers[value] != "" {
				replace(i, i+n, []byte(`"`+m.numbers[value]+`"`))
			}
			i += n
			continue
		}
		if i++; b[i-1] != '"' {
			continue
		}
		end := i + stringLength(b[i:])
		if clean, ok := m.inString(b[i:end]); ok {
			replace(i, end, clean)
		}
		i = end + 1
	}
	if out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// numberLength returns the length of the number that b begins with; 0 where no secret
// is a number.
func (m *matcher) numberLength(b []byte) int {
	if len(m.numbers) == 0 {
		return 0
	}
	return len(b) - len(bytes.TrimLeft(b, "+-.0123456789Ee"))
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
