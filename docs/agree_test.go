package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// schemaOf returns a schema as an independent library understands it.
func schemaOf(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	whole, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// valueOf is the content of a file as a JSON Schema sees it, nil if the text is no
// YAML.
func valueOf(source *yaml.Source) any {
	root, list := yaml.Read(source)
	if root == nil || list.Errors() > 0 {
		return nil
	}
	return value(root)
}

func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.Null:
		return nil
	case yaml.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = value(item)
		}
		return list
	case yaml.Map:
		m := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			m[p.Key.Text] = value(p.Value)
		}
		return m
	}
	v, _ := schema.ParseText(schema.AnyType, n.Text, n.Quoted) // any text is a value
	return v
}

// pair is a schema and a decoder of the same files.
type pair struct {
	schema *jsonschema.Schema
	decode func(*yaml.Source) diag.List
}

// agree holds a JSON Schema and a decoder to each other: it fails the test where the schema and the decoder disagree about one of
// the values, which both take, or about a change of one: a value of another
// kind, a key that is missing, one that is not there, or one that stands
// elsewhere in the files. It returns how many changes were tried.
func agree(t *testing.T, text []byte, decode func(*yaml.Source) diag.List, values ...any) int {
	t.Helper()
	p := pair{schemaOf(t, text), decode}
	known := map[string]any{}
	for _, v := range values {
		keysOf(v, known)
		if err := p.schema.Validate(plain(t, encoded(t, v))); err != nil {
			t.Errorf("the schema refuses what is shipped: %v", err)
		}
	}
	tried := map[string]bool{}
	for _, v := range values {
		changes(v, "", known, func(v any) any { return v }, func(what string, changed func() any) {
			if !tried[what] {
				tried[what] = true
				p.compare(t, changed(), what)
			}
		})
	}
	return len(tried)
}

// compare asks both for a verdict on a value.
func (p *pair) compare(t *testing.T, v any, what string) {
	t.Helper()
	text := encoded(t, v)
	list := p.decode(&yaml.Source{Name: "x", Text: text})
	list = slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return d.Code == diag.CodeDuplicateID })
	refused := p.schema.Validate(plain(t, text))
	if (refused != nil) != (list.Errors() > 0) {
		t.Errorf("%s: the schema says %v, the decoder %v, of\n%s", what, refused, list, text)
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// plain is a value as the library wants it.
func plain(t testing.TB, text []byte) any {
	t.Helper()
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// keysOf gathers the keys in v, each with one of its values.
func keysOf(v any, known map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			keysOf(item, known)
		}
	case map[string]any:
		for key, value := range v {
			known[key] = value
			keysOf(value, known)
		}
	}
}

// others stand in place of each value.
var others = [...]any{nil, "other words", true, []any{}, []any{"other words"}, map[string]any{}, map[string]any{"other": "words"}, []any{nil}}

// changes calls try on every change of v, which stands at a path; whole puts what
// is made of v back into the value that holds it. Changes at the same path among
// the same keys have the same name.
func changes(v any, at string, known map[string]any, whole func(any) any, try func(string, func() any)) {
	for _, other := range others {
		try(fmt.Sprintf("%s: %v in place of a %T", at, other, v), func() any { return whole(other) })
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			// what an item takes does not depend on those beside it
			changes(v[i], at+"[]", known, func(x any) any { return whole([]any{x}) }, try)
		}
	case map[string]any:
		with := func(key string, x any, keep bool) any {
			c := make(map[string]any, len(v)+1)
			for k, value := range v {
				c[k] = value
			}
			if delete(c, key); keep {
				c[key] = x
			}
			return whole(c)
		}
		at += fmt.Sprint(slices.Sorted(maps.Keys(v)))
		for key := range v {
			try(at+" without "+key, func() any { return with(key, nil, false) })
			changes(v[key], at+"."+key, known, func(x any) any { return with(key, x, true) }, try)
		}
		for key, value := range known {
			if _, there := v[key]; !there {
				try(at+" with "+key, func() any { return with(key, value, true) })
			}
		}
	}
}
