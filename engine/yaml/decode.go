package yaml

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/schema"
)

// Decode reads a file into dst, a pointer to a struct that declares it, and
// returns all mistakes in the order of the file. What they concern is zero in
// dst, and its Node is nil only if nothing can be made of the file. A value that
// the reader found broken has no further mistakes.
func Decode(source *Source, dst any) diag.List {
	v := reflect.ValueOf(dst).Elem()
	of := declarationOf(v.Type())
	root, list := Read(source)
	if root == nil {
		if len(source.Text) > maxSize && len(list) > 0 {
			list[0].Hint = of.Large
		}
		return list
	}
	d := &decoder{source: source.Name, list: list}
	if root.Kind == Null && !root.Broken {
		d.report(root.Span, diag.CodeWrongKind, "the file is empty", of.Write)
		return d.list
	}
	d.mapping(root, of, stand{what: of.What, key: root}, v)
	return ended(d.list, d.source)
}

// decoder sets structs from nodes and gathers the mistakes.
type decoder struct {
	source string
	list   diag.List
	never  []never // what holds the mapping that is decoded and forbids keys in it
}

// never are keys that nothing in a mapping takes.
type never struct {
	what string
	key  *Key
}

// stand is where a value stands.
type stand struct {
	what string // how a mapping that stands there is called
	key  *Node  // the key that it belongs to
	in   *Key   // the declaration of that key, nil at the root
}

// report adds a mistake at span.
func (d *decoder) report(span diag.Span, code, message, hint string) {
	if len(d.list) < MaxFaults {
		d.list.Add(diag.Diagnostic{Code: code, Source: d.source, Span: span, Message: message, Hint: hint})
	}
}

// wrongKind reports a node of another kind than is wanted.
func (d *decoder) wrongKind(n *Node, want, hint string) {
	if n.Broken {
		return
	}
	got, at := n.Kind.String(), n.Span
	switch {
	case n.Kind == Scalar && len(n.Text) <= 40:
		got = fmt.Sprintf("the text %q", n.Text)
	case n.Kind == List || n.Kind == Map:
		at = diag.At(n.Span.Start, 1)
		at.Use = n.Span.Use
	}
	d.report(at, diag.CodeWrongKind, fmt.Sprintf("%s, this is %s", want, got), hint)
}

// mapping decodes a mapping, or the short form of one, into the struct dst.
func (d *decoder) mapping(n *Node, of *Declaration, at stand, dst reflect.Value) bool {
	if of.Short != nil && (n.Kind == Scalar || len(of.Keys) == 0 && of.rest == nil && of.Whole == nil || n.Kind == List && of.Short.Shape == Texts) {
		d.keep(n, of, dst)
		return d.value(of.Short, at.key, n, dst)
	}
	if of.List != nil && n.Kind == List {
		d.keep(n, of, dst)
		return d.value(of.List, at.key, n, dst)
	}
	if of.Whole != nil {
		return d.allocated(n, of.Whole, at, dst.FieldByIndex(of.whole))
	}
	if n.Kind != Map {
		hint := strings.ReplaceAll(of.Write, "NAME", Clip(at.key.Text))
		if i := strings.IndexByte(n.Text, ':'); i > 0 && !n.Quoted && !strings.HasPrefix(n.Text[i:], "://") {
			hint = "put a space behind the colon"
		}
		d.wrongKind(n, at.what+" is a mapping", hint)
		return false
	}
	d.keep(n, of, dst)
	m := &mapping{decoder: d, node: n, of: of, at: at, dst: dst}
	for _, p := range n.Pairs {
		k := of.Key(p.Key.Text)
		if k == nil {
			m.other(p)
			continue
		}
		m.forbidden(k, p.Key)
		d.value(k, p.Key, p.Value, dst)
	}
	m.rules()
	return true
}

// keep notes in dst which node it was made from.
func (d *decoder) keep(n *Node, of *Declaration, dst reflect.Value) {
	if of.node != nil {
		*dst.FieldByIndex(of.node).Addr().Interface().(**Node) = n
	}
}

// allocated decodes a mapping into what the pointer dst will point to; it stays
// nil if nothing can be made of n.
func (d *decoder) allocated(n *Node, of *Declaration, at stand, dst reflect.Value) bool {
	made := reflect.New(of.goType)
	if !d.mapping(n, of, at, made.Elem()) {
		return false
	}
	dst.Set(made)
	return true
}

// value decodes the value of a key into its field of the struct dst; false if
// the field stays as it was.
func (d *decoder) value(k *Key, key, n *Node, dst reflect.Value) bool {
	if n.Kind == Null && k.takesNothing(n) {
		d.empty(k, key)
		return false
	}
	field := dst.FieldByIndex(k.index)
	switch k.Shape {
	case Text:
		return d.text(k, key, n, field.Addr().Interface().(scalar))
	case Texts:
		d.texts(k, key, n, field)
	case Mapping:
		if k.pointers {
			return d.within(k, func() bool { return d.allocated(n, k.Of, k.stand(key), field) })
		}
		return d.within(k, func() bool { return d.mapping(n, k.Of, k.stand(key), field) })
	case Mappings:
		d.within(k, func() bool { d.mappings(k, key, n, field); return true })
	case NamedMappings:
		d.named(k, key, n, field)
	case NamedAnys:
		d.pairs(k, key, n, field.Addr().Interface().(*[]Pair))
	case Any:
		return d.node(k, key, n, field.Addr().Interface().(**Node))
	}
	return true
}

// takesNothing reports whether a missing value is a mistake of the key: it is
// where it was not reported, and no value of any kind is taken.
func (k *Key) takesNothing(n *Node) bool {
	return !n.Broken && (k.Shape != Any || k.Type.Kind != schema.Any)
}

// stand is where the mapping below a key stands.
func (k *Key) stand(key *Node) stand {
	what := k.Of.What
	if k.As != "" {
		what = k.As
	}
	return stand{what: what, key: key, in: k}
}

// within decodes what stands below a key that may forbid other keys there.
func (d *decoder) within(k *Key, decode func() bool) bool {
	if len(k.Never) == 0 {
		return decode()
	}
	d.never = append(d.never, never{what: k.As, key: k})
	defer func() { d.never = d.never[:len(d.never)-1] }()
	return decode()
}

// isList reports whether n is a list, and reports what is none, or is empty
// where it may not be.
func (d *decoder) isList(k *Key, key, n *Node, want, hint string) bool {
	if n.Kind != List {
		d.wrongKind(n, want, hint)
		return false
	}
	if len(n.Items) == 0 && k.Min != nil && !n.Broken {
		item := "an item"
		if k.Of != nil {
			item = k.stand(key).what
		}
		d.report(key.Span, diag.CodeEmptyList, fmt.Sprintf("%q is empty", key.Text), "write "+item+", or remove the key")
	}
	return true
}

// items returns the items of a list, or the one that stands for it.
func (k *Key) items(n *Node) []*Node {
	if k.OrOne && n.Kind != List {
		return []*Node{n}
	}
	return n.Items
}

func (d *decoder) texts(k *Key, key, n *Node, field reflect.Value) {
	if !k.OrOne || n.Kind != Scalar {
		hint := "write it as [a, b], or each item with a dash"
		if n.Kind == Scalar {
			hint = fmt.Sprintf("write %s: [%s]", key.Text, Quote(Clip(n.Text)))
		}
		if !d.isList(k, key, n, fmt.Sprintf("%q is a list", key.Text), hint) {
			return
		}
	}
	items := k.items(n)
	all := reflect.MakeSlice(k.goType, 0, len(items))
	one := reflect.New(k.goType.Elem())
	for _, item := range items {
		if item.Kind == Null && !item.Broken {
			d.report(item.Span, diag.CodeEmptyText, fmt.Sprintf("an item of %q is empty", key.Text), "write a text, or remove the item")
			continue
		}
		one.Elem().SetZero()
		if d.item(k, key, item, one.Interface().(scalar)) {
			all = reflect.Append(all, one.Elem())
		}
	}
	field.Set(all)
}

func (d *decoder) mappings(k *Key, key, n *Node, field reflect.Value) {
	if !k.OrOne || n.Kind == Null {
		want, hint := fmt.Sprintf("%q is a list of %s", key.Text, plural(k.Of.What)), "begin each "+noun(k.Of.What)+" with a dash"
		if n.Kind == Scalar && k.Of.Short != nil && len(n.Text) <= 60 {
			hint = fmt.Sprintf("write %s: [%s]", key.Text, Quote(n.Text))
		}
		if !d.isList(k, key, n, want, hint) {
			return
		}
	}
	items := k.items(n)
	all := reflect.MakeSlice(k.goType, 0, len(items))
	for _, item := range items {
		if len(d.list) >= MaxFaults {
			break
		}
		if item.Kind == Null && !item.Broken {
			d.report(item.Span, diag.CodeEmptyList, k.stand(key).what+" is empty", k.Of.Write+"; or remove the item")
			continue
		}
		all = d.element(k, item, k.stand(key), all, nil)
	}
	field.Set(all)
}

// element decodes one mapping and appends it to all; named is its name, if it
// has one.
func (d *decoder) element(k *Key, n *Node, at stand, all reflect.Value, named *Node) reflect.Value {
	made := reflect.New(k.Of.goType)
	if !d.mapping(n, k.Of, at, made.Elem()) {
		return all
	}
	if named != nil {
		made.Elem().FieldByIndex(k.Of.Name.index).Addr().Interface().(scalar).place(named.Text, named)
	}
	if !k.pointers {
		made = made.Elem()
	}
	return reflect.Append(all, made)
}

func (d *decoder) named(k *Key, key, n *Node, field reflect.Value) {
	if n.Kind != Map {
		d.wrongKind(n, fmt.Sprintf("%q is a mapping", key.Text), strings.ReplaceAll(k.Of.Write, "NAME", "name")+" under it")
		return
	}
	all := reflect.MakeSlice(k.goType, 0, len(n.Pairs))
	at := k.stand(key)
	for _, p := range n.Pairs {
		good := k.Of.Name.Named == "" || d.name(k.Of.Name, p.Key, p.Key, at.what)
		at.key = p.Key
		value := p.Value
		if value.Kind == Null && !value.Broken {
			if !k.Of.asks() {
				d.empty(k, p.Key)
				continue
			}
			value = &Node{Kind: Map, Span: p.Key.Span}
		}
		if with := d.element(k, value, at, all, p.Key); good {
			all = with
		}
	}
	field.Set(all)
}

func (d *decoder) pairs(k *Key, key, n *Node, field *[]Pair) {
	if n.Kind != Map {
		d.wrongKind(n, fmt.Sprintf("%q is a mapping", key.Text), k.Hint)
		return
	}
	for _, p := range n.Pairs {
		if k.Named == "" || d.name(k, p.Key, p.Key, k.Named) {
			*field = append(*field, p)
		}
	}
}

// node takes a node as it stands, if it is of the kind that the key takes.
func (d *decoder) node(k *Key, key, n *Node, field **Node) bool {
	switch {
	case k.Type.Kind == schema.Map && n.Kind != Map:
		d.wrongKind(n, fmt.Sprintf("%q is a mapping", key.Text), k.Hint)
		return false
	case k.Type.Kind == schema.List && n.Kind != List:
		if n.Kind != Scalar || !strings.Contains(n.Text, "${{") {
			d.wrongKind(n, fmt.Sprintf("%q is a list", key.Text), k.Hint)
			return false
		}
	}
	*field = n
	return true
}

// name checks a name of the language, of what.
func (d *decoder) name(k *Key, key, n *Node, what string) bool {
	if isName(n.Text, k.Joint[0]) {
		return true
	}
	hint := fmt.Sprintf("write lower case letters, digits and %s, beginning with a letter", k.Joint)
	if near := tame(n.Text, k.Joint[0]); near != "" {
		hint += fmt.Sprintf(": %q", near)
	}
	if !n.Broken && !(n != key && d.fixed(k, key, n, cmp.Or(k.Hint, hint))) {
		d.report(n.Span, diag.CodeBadName, fmt.Sprintf("%q is no name for %s", Clip(n.Text), what), hint)
	}
	return false
}

func isName(text string, joint byte) bool {
	for i := range len(text) {
		c := text[i]
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || c != joint && (c < '0' || c > '9')) {
			return false
		}
	}
	return text != ""
}

// tame returns the name that is most like text, "" if there is none.
func tame(text string, joint byte) string {
	if len(text) > 40 {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case strings.ContainsRune(" -_.", r):
			return rune(joint)
		}
		return r
	}, text)
	if !isName(name, joint) {
		return ""
	}
	return name
}

// oneOf is the hint of a word that is none of those that are taken.
func oneOf(word string, words []string) string {
	list := "one of " + strings.Join(words, ", ")
	if near := diag.Nearest(word, words); near != "" {
		return fmt.Sprintf("did you mean %q? It is %s", near, list)
	}
	return "it is " + list
}

// without returns the words but one.
func without(words []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
}
