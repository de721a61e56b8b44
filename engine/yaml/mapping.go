package yaml

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"runbook/engine/diag"
)

// mapping is a Map that is being decoded.
type mapping struct {
	*decoder
	node  *Node
	of    *Declaration
	at    stand
	dst   reflect.Value
	meant []string // keys that were suggested for unknown ones

	strange bool // an unknown key was reported
}

// other takes a pair whose key is not declared.
func (m *mapping) other(p Pair) {
	if m.of.rest == nil {
		m.unknown(p.Key)
		return
	}
	rest := m.dst.FieldByIndex(m.of.rest).Addr().Interface().(*[]Pair)
	*rest = append(*rest, p)
}

// unknown reports a key that is none of the mapping's.
func (m *mapping) unknown(key *Node) {
	if m.of.Root && strings.HasPrefix(key.Text, "x-") {
		return
	}
	m.strange = true
	message := fmt.Sprintf("%s has no %q", m.at.what, Clip(key.Text))
	if m.of.Foreign != nil {
		if hint := m.of.Foreign(key.Text); hint != "" {
			m.meant = append(m.meant, m.of.Group()...) // it may have been meant for one of these
			m.report(key.Span, diag.CodeUnknownKey, message, hint)
			return
		}
	}
	unused := slices.DeleteFunc(m.of.Names(), func(k string) bool { return m.node.Get(k) != nil })
	hint := "it takes: " + strings.Join(m.of.Names(), ", ")
	if near := diag.Nearest(key.Text, unused); near != "" {
		m.meant = append(m.meant, near)
		hint = fmt.Sprintf("did you mean %q?", near)
		if rest := without(unused, near); len(rest) > 0 {
			hint += " It also takes: " + strings.Join(rest, ", ")
		}
	} else if strings.ContainsAny(key.Text, " ?$(") {
		hint = `if this is an expression, put it in quotes: YAML takes ": " for the end of a key`
	}
	m.report(key.Span, diag.CodeUnknownKey, message, hint)
}

// forbidden reports a key that the mapping does not take where it stands.
func (m *mapping) forbidden(k *Key, key *Node) {
	if in := m.at.in; in != nil && slices.Contains(in.Without, k.Name) {
		m.misplaced(key, fmt.Sprintf("%s has no %q", m.at.what, key.Text), "remove it: "+in.Because)
		return
	}
	for _, around := range m.never {
		if slices.Contains(around.key.Never, k.Name) {
			what := m.at.what
			if what != around.what {
				what += " in " + around.what
			}
			m.misplaced(key, fmt.Sprintf("%s has no %q", what, key.Text), "remove it: "+around.key.Because)
			return
		}
	}
}

func (m *mapping) misplaced(key *Node, message, hint string) {
	m.report(key.Span, diag.CodeMisplaced, message, hint)
}

// has reports whether one of the keys stands in the mapping, or was meant by a
// key that is wrong.
func (m *mapping) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return m.node.Get(k) != nil || slices.Contains(m.meant, k) })
}

// rules reports keys that are missing, and those that may not stand beside each
// other. Of a broken mapping a key may be missing that the file has.
func (m *mapping) rules() {
	known := slices.ContainsFunc(m.of.Keys, func(k *Key) bool { return m.node.Get(k.Name) != nil })
	if m.node.Broken || m.strange && !known && m.of.Short != nil { // it was meant for the short form
		return
	}
	m.group()
	for _, k := range m.of.Keys {
		value := m.node.Get(k.Name)
		if value != nil {
			m.together(k, m.key(k.Name), value)
		} else if k.Required {
			m.require(k, k.Hint)
		}
	}
}

// asks reports whether a mapping without any key is a mistake.
func (d *Declaration) asks() bool {
	return len(d.Group()) > 0 || slices.ContainsFunc(d.Keys, func(k *Key) bool { return k.Required })
}

// require reports a key that is missing, at the first key of the mapping.
func (m *mapping) require(k *Key, hint string) {
	if !m.has(k.Name) {
		m.report(m.head(), diag.CodeMissingKey, fmt.Sprintf("%s needs %q", m.at.what, k.Name), hint)
	}
}

// head returns a place for what concerns the whole mapping: its first key.
func (m *mapping) head() diag.Span {
	if len(m.node.Pairs) > 0 {
		return m.node.Pairs[0].Key.Span
	}
	return m.node.Span
}

// key returns the node of a key that is there.
func (m *mapping) key(name string) *Node {
	for _, p := range m.node.Pairs {
		if p.Key.Text == name {
			return p.Key
		}
	}
	return m.node
}

// group reports a mapping with none, or several, of the keys of which it has
// exactly one.
func (m *mapping) group() {
	keys := m.of.Group()
	if len(keys) == 0 {
		return
	}
	var given []*Node
	for _, p := range m.node.Pairs {
		if slices.Contains(keys, p.Key.Text) {
			given = append(given, p.Key)
		}
	}
	if len(given) == 0 {
		if !m.has(keys...) {
			m.report(m.head(), diag.CodeMissingKey, m.at.what+" "+m.of.Idle, "give it one of "+strings.Join(keys, ", "))
		}
		return
	}
	first := given[0]
	one := m.of.Key(first.Text)
	for _, key := range given[1:] {
		if len(m.list) < MaxFaults {
			m.list.Add(diag.Diagnostic{
				Code: diag.CodeConflict, Source: m.source, Span: key.Span, Hint: m.of.Several,
				Message: fmt.Sprintf("%s has one %s, so %q excludes %q", m.at.what, one.One, first.Text, key.Text),
				Notes:   []diag.Note{{Span: first.Span, Message: "it has this already"}},
			})
		}
	}
}

// together reports a key that stands without those that it belongs to, and those
// that it asks for and are missing.
func (m *mapping) together(k *Key, key, value *Node) {
	name := k.Name
	if len(k.Beside) > 0 && !m.has(k.Beside...) {
		m.misplaced(key, fmt.Sprintf("%q belongs to %s", name, strings.Join(k.Beside, " or ")),
			fmt.Sprintf("put it on %s with %s, or remove it", m.of.What, strings.Join(k.Beside, " or ")))
	}
	for _, with := range k.With {
		if other := m.of.Key(with); !m.has(with) {
			m.require(other, fmt.Sprintf("%q asks for it: %s", name, other.Hint))
		}
	}
	if other := m.node.Get(k.For.Key); other != nil && !slices.Contains(k.For.Of, other.Text) && slices.Contains(m.of.Key(k.For.Key).Type.Enum, other.Text) {
		m.misplaced(key, fmt.Sprintf("%q does not go with the %s %s", name, k.For.Key, other.Text), "remove it; it goes with "+strings.Join(k.For.Of, ", "))
		m.dst.FieldByIndex(k.index).SetZero()
	}
	if k.Only.Key != "" && value.Text == k.Only.Key && !m.has(k.Only.Of...) {
		m.misplaced(value, fmt.Sprintf("%q of %q belongs to %s", value.Text, name, strings.Join(k.Only.Of, " or ")), k.Because)
	}
}
