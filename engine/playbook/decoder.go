package playbook

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// decoder turns nodes into the typed tree and gathers the mistakes.
type decoder struct {
	source string
	list   diag.List
	ids    map[string]*yaml.Node // of the steps of the file, first occurrence
}

// report adds a mistake at span.
func (d *decoder) report(span diag.Span, code, message, hint string, notes ...diag.Note) {
	if len(d.list) < yaml.MaxFaults {
		d.list.Add(diag.Diagnostic{Code: code, Source: d.source, Span: span, Message: message, Hint: hint, Notes: notes})
	}
}

// mapping is a Map that is being decoded.
type mapping struct {
	*decoder
	node  *yaml.Node
	what  string // "a step", for messages
	keys  []string
	meant []string // keys that were suggested for unknown ones
}

// mapping returns n to be decoded; ok is false, and reported, if it is no Map.
func (d *decoder) mapping(n *yaml.Node, what, hint string, keys []string) (m *mapping, ok bool) {
	m = &mapping{decoder: d, node: n, what: what, keys: keys}
	if n.Kind != yaml.Map {
		if i := strings.IndexByte(n.Text, ':'); i > 0 && !n.Quoted && n.Kind == yaml.Scalar {
			hint = "put a space behind the colon"
		}
		d.wrongKind(n, what+" is a mapping", hint)
		return m, false
	}
	return m, true
}

// unknown reports a key that is none of the mapping's.
func (m *mapping) unknown(key *yaml.Node) {
	var unused []string
	for _, k := range m.keys {
		if m.node.Get(k) == nil {
			unused = append(unused, k)
		}
	}
	name := yaml.Clip(key.Text)
	if near := diag.Nearest(key.Text, unused); near != "" {
		m.meant = append(m.meant, near)
		rest := slices.DeleteFunc(unused, func(k string) bool { return k == near })
		hint := fmt.Sprintf("did you mean %q?", near)
		if len(rest) > 0 {
			hint += " It also takes: " + strings.Join(rest, ", ")
		}
		m.report(key.Span, diag.CodeUnknownKey, fmt.Sprintf("%s has no %q", m.what, name), hint)
		return
	}
	hint := "it takes: " + strings.Join(m.keys, ", ")
	if strings.ContainsAny(key.Text, " ?$(") {
		hint = `if this is an expression, put it in quotes: YAML takes ": " for the end of a key`
	}
	m.report(key.Span, diag.CodeUnknownKey, fmt.Sprintf("%s has no %q", m.what, name), hint)
}

// require reports a key that is missing, unless a mistake explains that.
func (m *mapping) require(key, hint string) {
	if m.node.Broken || m.node.Get(key) != nil || slices.Contains(m.meant, key) {
		return
	}
	m.report(m.head(), diag.CodeMissingKey, fmt.Sprintf("%s needs %q", m.what, key), hint)
}

// head returns a place for what concerns the whole mapping: its first key.
func (m *mapping) head() diag.Span {
	if len(m.node.Pairs) > 0 {
		return m.node.Pairs[0].Key.Span
	}
	return m.node.Span
}

// has reports whether the mapping has the key.
func (m *mapping) has(key string) bool { return m.node.Get(key) != nil }

// keySpan returns the place of a key that is there.
func (m *mapping) keySpan(key string) diag.Span {
	for _, p := range m.node.Pairs {
		if p.Key.Text == key {
			return p.Key.Span
		}
	}
	return m.head()
}

// misplaced reports a key that may not stand in this mapping as it is.
func (m *mapping) misplaced(key, message, hint string) {
	m.report(m.keySpan(key), diag.CodeMisplaced, message, hint)
}

// wrongKind reports a node of another kind than is wanted.
func (d *decoder) wrongKind(n *yaml.Node, want, hint string) {
	if n.Broken {
		return
	}
	got := n.Kind.String()
	if n.Kind == yaml.Scalar && len(n.Text) <= 40 {
		got = fmt.Sprintf("the text %q", n.Text)
	}
	d.report(place(n), diag.CodeWrongKind, fmt.Sprintf("%s, this is %s", want, got), hint)
}

// place returns where to point for n: a list or mapping at its begin.
func place(n *yaml.Node) diag.Span {
	if n.Kind == yaml.List || n.Kind == yaml.Map {
		return diag.At(n.Span.Start, 1)
	}
	return n.Span
}

// text decodes a text that is not empty.
func (d *decoder) text(key, value *yaml.Node) yaml.String {
	switch {
	case value.Kind == yaml.Scalar && (value.Text != "" || value.Quoted):
		return yaml.TextOf(value)
	case value.Kind == yaml.Null && !value.Broken:
		d.report(key.Span, diag.CodeEmptyText, fmt.Sprintf("%q has no value", key.Text), "give it one, or remove the key")
	case value.Kind != yaml.Null:
		d.wrongKind(value, fmt.Sprintf("%q is a text", key.Text), bracesHint(value))
	}
	return yaml.String{}
}

// bracesHint says why a text may have become a mapping or list.
func bracesHint(n *yaml.Node) string {
	if n.Flow {
		return "put a text that begins with { or [ in quotes"
	}
	return ""
}

// expression decodes a text that is an expression.
func (d *decoder) expression(key, value *yaml.Node) yaml.String {
	if value.Kind == yaml.Null && !value.Broken || value.Kind == yaml.Scalar && strings.TrimSpace(value.Text) == "" {
		d.report(key.Span, diag.CodeEmptyText, fmt.Sprintf("the expression of %q is empty", key.Text), "write a condition, or remove the key")
		return yaml.String{}
	}
	return d.text(key, value)
}

// word decodes a text that is one of an enumeration.
func (d *decoder) word(key, value *yaml.Node, words ...string) yaml.String {
	s := d.text(key, value)
	if !s.Set() || slices.Contains(words, s.Value) {
		return s
	}
	hint := "it is one of " + strings.Join(words, ", ")
	if near := diag.Nearest(s.Value, words); near != "" {
		hint = fmt.Sprintf("did you mean %q? It is one of %s", near, strings.Join(words, ", "))
	}
	d.report(s.Node.Span, diag.CodeBadWord, fmt.Sprintf("%q is no value of %q", yaml.Clip(s.Value), key.Text), hint)
	return yaml.String{}
}

// texts decodes a list of texts.
func (d *decoder) texts(key, value *yaml.Node) []yaml.String {
	if value.Kind != yaml.List {
		hint := ""
		if value.Kind == yaml.Scalar {
			hint = fmt.Sprintf("write %s: [%s]", key.Text, yaml.Quote(yaml.Clip(value.Text)))
		}
		d.wrongKind(value, fmt.Sprintf("%q is a list", key.Text), hint)
		return nil
	}
	all := make([]yaml.String, 0, len(value.Items))
	for _, item := range value.Items {
		switch {
		case item.Kind == yaml.Scalar:
			all = append(all, yaml.TextOf(item))
		case item.Kind == yaml.Null && !item.Broken:
			d.report(item.Span, diag.CodeEmptyText, fmt.Sprintf("an item of %q is empty", key.Text), "write a text, or remove the item")
		default:
			d.wrongKind(item, fmt.Sprintf("an item of %q is a text", key.Text), bracesHint(item))
		}
	}
	return all
}

// name checks a name of the language: lower case letters, digits and the joint,
// beginning with a letter.
func (d *decoder) name(n *yaml.Node, what string, joint byte) bool {
	good := n.Text != ""
	for i := range len(n.Text) {
		c := n.Text[i]
		letter := c >= 'a' && c <= 'z'
		good = good && (letter || i > 0 && (c >= '0' && c <= '9' || c == joint))
	}
	if good {
		return true
	}
	hint := fmt.Sprintf("write lower case letters, digits and %c, beginning with a letter", joint)
	if near := tame(n.Text, joint); near != "" {
		hint += fmt.Sprintf(": %q", near)
	}
	d.report(n.Span, diag.CodeBadName, fmt.Sprintf("%q is no name for %s", yaml.Clip(n.Text), what), hint)
	return false
}

// tame returns the name that is most like text, "" if there is none.
func tame(text string, joint byte) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9' && b.Len() > 0:
		case c == ' ' || c == '-' || c == '_' || c == '.':
			c = joint
		default:
			return ""
		}
		if b.Len() == 0 && (c < 'a' || c > 'z') || b.Len() >= 40 {
			return ""
		}
		b.WriteByte(c)
	}
	return b.String()
}
