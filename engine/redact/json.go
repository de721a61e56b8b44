package redact

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// JSON returns the JSON text b without the secrets, as JSON again: b itself if
// there is none in it. It looks into strings and keys; a number that equals a secret
// becomes a string.
func (r *Redactor) JSON(b []byte) []byte {
	m := r.matcher()
	if m == nil {
		return b
	}
	var out []byte // nil while nothing was replaced
	from := 0
	replace := func(start, end int, clean []byte) {
		out = append(append(out, b[from:start]...), clean...)
		from = end
	}
	if len(m.numbers) == 0 && !bytes.Contains(b, mark) && !m.found(b) {
		m.escaped(b, replace)
	} else {
		m.each(b, replace)
	}
	if out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// each calls replace for each string and number that is, or holds, a secret.
func (m *matcher) each(b []byte, replace func(start, end int, clean []byte)) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			start := i + 1
			i = start + stringLength(b[start:])
			if clean, ok := m.inString(b[start:i]); ok {
				replace(start, i, clean)
			}
		case len(m.numbers) > 0 && (c == '-' || c >= '0' && c <= '9'):
			start := i
			for i+1 < len(b) && inNumber(b[i+1]) {
				i++
			}
			if value, err := strconv.ParseFloat(string(b[start:i+1]), 64); err == nil && m.numbers[value] != "" {
				replace(start, i+1, []byte(`"`+m.numbers[value]+`"`))
			}
		}
	}
}

// inNumber reports whether a number of JSON may have c behind its first character.
func inNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// escaped is each for JSON in which no secret stands as it is: only a string with an
// escape can hold one. The quote before its first escape is the one that opens it.
func (m *matcher) escaped(b []byte, replace func(start, end int, clean []byte)) {
	for i := 0; i < len(b); {
		n := bytes.IndexByte(b[i:], '\\')
		if n < 0 {
			return
		}
		start := i + bytes.LastIndexByte(b[i:i+n], '"') + 1
		end := start + stringLength(b[start:])
		if clean, ok := m.inString(b[start:end]); ok {
			replace(start, end, clean)
		}
		i = min(end+1, len(b))
	}
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
	if bytes.IndexByte(text, '\\') < 0 {
		return m.clean(text)
	}
	plain, ok := unescaped(text)
	if !ok {
		return nil, false
	}
	out, ok := m.clean(plain)
	if !ok {
		return nil, false
	}
	return []byte(inJSON(string(out), false)), true
}

// unescaped returns the text that a string of JSON holds between its quotes.
func unescaped(text []byte) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for {
		n := bytes.IndexByte(text, '\\')
		if n < 0 || n+1 == len(text) {
			return append(out, text...), n < 0
		}
		out = append(out, text[:n]...)
		switch c := text[n+1]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b', 'f', 'n', 'r', 't':
			out = append(out, "\b\f\n\r\t"[strings.IndexByte("bfnrt", c)])
		default: // \u: the library knows halves of characters
			end := n
			for end+6 <= len(text) && text[end] == '\\' && text[end+1] == 'u' {
				end += 6
			}
			var plain string
			if json.Unmarshal([]byte(`"`+string(text[n:end])+`"`), &plain) != nil || plain == "" {
				return nil, false
			}
			out = append(out, plain...)
			text = text[end:]
			continue
		}
		text = text[n+2:]
	}
}
