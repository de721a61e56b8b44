package schema

import (
	"encoding/json"
	"fmt"
)

// maxDepth bounds the nesting of a journalled value.
const maxDepth = 1000

// reader reads JSON with the types of what it reads at hand, which saves the
// journal a second pass over each value.
type reader struct {
	data []byte
	at   int
}

func (r *reader) skip() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *reader) take(c byte) bool {
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) wrong(want string) error {
	return fmt.Errorf("at byte %d: %s is missing", r.at, want)
}

func (r *reader) value(t *Type, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("at byte %d: nested more than %d deep", r.at, maxDepth)
	}
	r.skip()
	if r.at >= len(r.data) {
		return nil, r.wrong("a value")
	}
	switch c := r.data[r.at]; c {
	case '{':
		r.at++
		return r.object(t, depth)
	case '[':
		r.at++
		return r.list(t, depth)
	case '"':
		s, err := r.str()
		if err != nil {
			return nil, err
		}
		return typedString(t, s)
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	default:
		start := r.at
		for r.at < len(r.data) && isNumberByte(r.data[r.at]) {
			r.at++
		}
		if r.at == start {
			return nil, r.wrong("a value")
		}
		return typedNumber(t, string(r.data[start:r.at]))
	}
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func (r *reader) word(want string) error {
	if end := r.at + len(want); end <= len(r.data) && string(r.data[r.at:end]) == want {
		r.at = end
		return nil
	}
	return r.wrong(want)
}

// expect takes what must come next.
func (r *reader) expect(c byte, what string) error {
	if r.skip(); !r.take(c) {
		return r.wrong(what)
	}
	return nil
}

// each reads what stands between commas, up to a closing bracket.
func (r *reader) each(end byte, read func() error) error {
	for first := true; ; first = false {
		if r.skip(); r.take(end) {
			return nil
		}
		if !first && !r.take(',') {
			return r.wrong("a comma")
		}
		if err := read(); err != nil {
			return err
		}
	}
}

func (r *reader) list(t *Type, depth int) (any, error) {
	elem := AnyType
	if t.Kind == List {
		elem = t.Element()
	}
	out := []any{}
	err := r.each(']', func() error {
		v, err := r.value(elem, depth+1)
		out = append(out, v)
		return err
	})
	return out, err
}

// str reads a JSON string. One without escapes is taken as it stands.
func (r *reader) str() (string, error) {
	start := r.at
	if !r.take('"') {
		return "", r.wrong("a text")
	}
	for escaped := false; r.at < len(r.data); r.at++ {
		switch r.data[r.at] {
		case '\\':
			escaped = true
			r.at++
		case '"':
			r.at++
			if !escaped {
				return string(r.data[start+1 : r.at-1]), nil
			}
			var s string
			err := json.Unmarshal(r.data[start:r.at], &s)
			return s, err
		}
	}
	return "", r.wrong("the end of a text")
}
