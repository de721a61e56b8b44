package schema

import (
	"encoding/json"
	"unicode/utf8"
)

// Bounds of a jsonReader: how deep a document may be, how many keys and short texts it
// remembers, and how long these are, in bytes.
const (
	deepest   = 1000
	mostKeys  = 1000
	shortWord = 16
)

// jsonReader makes values of a JSON document in one pass. It reads what is usual;
// where it meets anything else it gives up, and encoding/json decides.
type jsonReader struct {
	text  []byte
	at    int
	depth int
	keys  map[string]string // each key once, however many objects have it
	words map[string]any    // short texts, each once
	plain []byte            // for a text without its escapes
	items []any             // of the lists around, innermost last
	pairs []pair            // of the objects around
}

type pair struct {
	key   string
	value any
}

// readJSON returns the value of a document; false: it is broken, or an unusual one.
// The value holds nothing of the document's memory.
func readJSON(document []byte) (any, bool) {
	if !utf8.Valid(document) {
		return nil, false
	}
	r := jsonReader{text: document, keys: map[string]string{}, words: map[string]any{}}
	v, ok := r.value()
	return v, ok && r.next() == 0 && r.at == len(document)
}

// next returns the first byte that is no blank, without reading it; 0 at the end.
func (r *jsonReader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take reads c if it comes next.
func (r *jsonReader) take(c byte) bool {
	if r.next() != c || r.at == len(r.text) {
		return false
	}
	r.at++
	return true
}

func (r *jsonReader) value() (any, bool) {
	switch c := r.next(); c {
	case '{', '[':
		r.at++
		r.depth++
		defer func() { r.depth-- }()
		if r.depth > deepest {
			return nil, false
		}
		if c == '[' {
			return r.list()
		}
		return r.object()
	case '"':
		raw, escapes, ok := r.quoted()
		if !ok {
			return nil, false
		}
		return r.word(raw, escapes)
	case 't':
		return true, r.literal("true")
	case 'f':
		return false, r.literal("false")
	case 'n':
		return nil, r.literal("null")
	}
	return r.number()
}

func (r *jsonReader) literal(word string) bool {
	end := r.at + len(word)
	if end > len(r.text) || string(r.text[r.at:end]) != word {
		return false
	}
	r.at = end
	return true
}

func (r *jsonReader) list() (any, bool) {
	if r.take(']') {
		return []any{}, true
	}
	from := len(r.items)
	for {
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		r.items = append(r.items, v)
		if r.take(',') {
			continue
		}
		list := append([]any(nil), r.items[from:]...)
		clear(r.items[from:])
		r.items = r.items[:from]
		return list, r.take(']')
	}
}

func (r *jsonReader) object() (any, bool) {
	if r.take('}') {
		return map[string]any{}, true
	}
	from := len(r.pairs)
	for {
		key, ok := r.key()
		if !ok || !r.take(':') {
			return nil, false
		}
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		r.pairs = append(r.pairs, pair{key, v})
		if r.take(',') {
			continue
		}
		object := make(map[string]any, len(r.pairs)-from)
		for _, p := range r.pairs[from:] {
			object[p.key] = p.value
		}
		clear(r.pairs[from:])
		r.pairs = r.pairs[:from]
		return object, r.take('}')
	}
}

func (r *jsonReader) key() (string, bool) {
	if r.next() != '"' {
		return "", false
	}
	raw, escapes, ok := r.quoted()
	if !ok {
		return "", false
	}
	if known, have := r.keys[string(raw)]; have {
		return known, true
	}
	key, ok := r.unquoted(raw, escapes)
	if ok && len(r.keys) < mostKeys {
		r.keys[string(raw)] = key
	}
	return key, ok
}

// word is a text as a value.
func (r *jsonReader) word(raw []byte, escapes bool) (any, bool) {
	if known, have := r.words[string(raw)]; have {
		return known, true
	}
	var v any
	text, ok := r.unquoted(raw, escapes)
	if v = text; ok && len(raw) <= shortWord && len(r.words) < mostKeys {
		r.words[string(raw)] = v
	}
	return v, ok
}

// quoted reads a string, and returns what stands between its quotes.
func (r *jsonReader) quoted() (raw []byte, escapes, ok bool) {
	for i := r.at + 1; i < len(r.text); i++ {
		c := r.text[i]
		if !escaped[c] {
			continue
		}
		switch {
		case c == '"':
			raw = r.text[r.at+1 : i]
			r.at = i + 1
			return raw, escapes, true
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			return nil, false, false
		}
	}
	return nil, false, false
}

// unquoted is the text between two quotes.
func (r *jsonReader) unquoted(raw []byte, escapes bool) (string, bool) {
	if !escapes {
		return string(raw), true
	}
	b := r.plain[:0]
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		default: // by its number, or wrong
			var s string
			err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &s)
			return s, err == nil
		}
	}
	r.plain = b
	return string(b), true
}

// number reads a number as JSON spells it.
func (r *jsonReader) number() (any, bool) {
	from := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	first := r.at
	if !r.digits() || r.text[first] == '0' && r.at > first+1 {
		return nil, false
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		if !r.digits() {
			return nil, false
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if !r.digits() {
			return nil, false
		}
	}
	return jsonNumber(string(r.text[from:r.at])), true
}

// digits reads one at least.
func (r *jsonReader) digits() bool {
	from := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > from
}
