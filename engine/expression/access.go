package expression

import (
	"fmt"
	"unicode/utf8"

	"runbook/engine/schema"
)

func (m *machine) member(n *node) (any, error) {
	base, err := m.known(n.a)
	if err != nil {
		return nil, err
	}
	return m.read(n, base, n.name)
}

// read returns the member of base, for a node that was reached by . or ?.
func (m *machine) read(n *node, base any, name string) (any, error) {
	var v any
	var ok bool
	switch base := base.(type) {
	case map[string]any:
		v, ok = base[name]
	case Object:
		v, ok = base.Member(name)
	case nil:
		if n.optional {
			return nil, errShort
		}
		return nil, fmt.Errorf("%s is nil and has no %s", m.text(n.a), quoted(name))
	default:
		return nil, fmt.Errorf("%s is %s and has no %s", m.text(n.a), described(base), quoted(name))
	}
	if !ok && !n.optional && !n.lenient {
		return nil, fmt.Errorf("%s has no %s", m.text(n.a), quoted(name))
	}
	return v, nil
}

func (m *machine) index(n *node) (any, error) {
	base, err := m.known(n.a)
	switch {
	case fails(err):
		return nil, err
	case err == nil && base == nil && n.optional:
		return nil, errShort
	}
	key, later := m.known(n.b)
	if err = sooner(err, later); err != nil {
		return nil, err
	}
	if list, ok := base.([]any); ok {
		return m.element(n, list, key)
	}
	name, ok := key.(string)
	if !ok && kindOf(base) == schema.Map {
		return nil, fmt.Errorf("%s is a map, and its keys are texts, not %s", m.text(n.a), described(key))
	}
	return m.read(n, base, name)
}

func (m *machine) element(n *node, list []any, key any) (any, error) {
	i, ok := integer(key)
	if !ok {
		return nil, fmt.Errorf("%s is a list, and its index an integer, not %s", m.text(n.a), described(key))
	}
	at := i
	if at < 0 {
		at += len(list)
	}
	if at < 0 || at >= len(list) {
		return nil, fmt.Errorf("%s has %d elements, none at [%d]", m.text(n.a), len(list), i)
	}
	return list[at], nil
}

// integer returns v as an integer: a size, and a number without a fraction,
// are such.
func integer(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case schema.Size:
		return int(v), true
	case float64:
		if i := int(v); v >= -1<<53 && v <= 1<<53 && float64(i) == v {
			return i, true
		}
	}
	return 0, false
}

func (m *machine) slice(n *node) (any, error) {
	base, err := m.known(n.a)
	length := 0
	switch base := base.(type) {
	case []any:
		length = len(base)
	case string:
		length = utf8.RuneCountInString(base)
	default:
		if fails(err) {
			return nil, err
		}
		if err == nil {
			return nil, fmt.Errorf("%s is %s and cannot be sliced", m.text(n.a), described(base))
		}
	}
	ends := [2]int{0, length}
	for i, end := range n.kids {
		if end == nil {
			continue
		}
		v, later := m.known(end)
		if err = sooner(err, later); fails(err) {
			return nil, err
		}
		if err != nil {
			continue
		}
		at, ok := integer(v)
		if !ok {
			return nil, fmt.Errorf("an index is an integer, %s is %s", m.text(end), described(v))
		}
		if at < 0 {
			at += length
		}
		ends[i] = min(max(at, 0), length)
	}
	if err != nil {
		return nil, err
	}
	from, to := min(ends[0], ends[1]), ends[1]
	if list, ok := base.([]any); ok {
		return list[from:to:to], nil
	}
	return characters(base.(string), from, to), nil
}

// characters returns the characters of s from one to another.
func characters(s string, from, to int) string {
	start, end, at := len(s), len(s), 0
	for i := range s {
		if at == from {
			start = i
		}
		if at == to {
			end = i
			break
		}
		at++
	}
	return s[min(start, end):end]
}

// all evaluates nodes as far as there is no error. After an unknown an error
// makes the whole unknown.
func (m *machine) all(nodes []*node) ([]any, error) {
	out := make([]any, len(nodes))
	var first error
	for i, n := range nodes {
		v, err := m.eval(n)
		if err != nil {
			return nil, sooner(first, err)
		}
		if first == nil {
			first = unknownWithin(v)
		}
		out[i] = v
	}
	return out, nil
}

func (m *machine) object(n *node) (any, error) {
	values, err := m.all(n.kids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(values)/2)
	for i := 0; i < len(values); i += 2 {
		switch key := values[i].(type) {
		case string:
			out[key] = values[i+1]
		case schema.Unknown:
			return derived(key), nil
		default:
			return nil, fmt.Errorf("a key is a text, %s is %s", m.text(n.kids[i]), described(key))
		}
	}
	return out, nil
}
