package yaml

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/schema"
)

// empty reports a key without a value.
func (d *decoder) empty(k *Key, key *Node) {
	if k.condition {
		d.report(key.Span, diag.CodeEmptyText, fmt.Sprintf("the expression of %q is empty", key.Text), "write a condition, or remove the key")
		return
	}
	d.report(key.Span, diag.CodeEmptyText, fmt.Sprintf("%q has no value", key.Text), "give it one, or remove the key")
}

// text decodes the one scalar of a key.
func (d *decoder) text(k *Key, key, n *Node, dst scalar) bool {
	if n.Kind != Scalar {
		want := "a text"
		if k.Type.Kind != schema.String && !k.condition {
			want = "a " + k.Type.String()
		}
		hint := bracesHint(n)
		if len(k.Type.Enum) > 0 {
			hint = oneOf("", k.Type.Enum)
		} else if k.Type.Kind != schema.String && !k.condition {
			hint = "it takes " + k.Takes()
		}
		d.wrongKind(n, fmt.Sprintf("%q is %s", key.Text, want), hint)
		return false
	}
	if k.condition && strings.TrimSpace(n.Text) == "" {
		d.empty(k, key)
		return false
	}
	return d.scalar(k, key, n, dst)
}

// item decodes a scalar of a list.
func (d *decoder) item(k *Key, key, n *Node, dst scalar) bool {
	if n.Kind != Scalar {
		d.wrongKind(n, fmt.Sprintf("an item of %q is a text", key.Text), bracesHint(n))
		return false
	}
	return d.scalar(k, key, n, dst)
}

// bracesHint says why a text may have become a mapping or list.
func bracesHint(n *Node) string {
	if n.Flow {
		return "put a text that begins with { or [ in quotes"
	}
	return ""
}

// scalar reads a text as the type of its key.
func (d *decoder) scalar(k *Key, key, n *Node, dst scalar) bool {
	t := k.Type
	if k.Shape == Texts {
		t = t.Element()
	}
	switch {
	case len(t.Enum) > 0:
		if !d.word(k, key, n, t.Enum) {
			return false
		}
		dst.place(n.Text, n)
	case k.Named != "":
		if !d.name(k, key, n, k.Named) {
			return false
		}
		dst.place(n.Text, n)
	case k.condition || t.Kind == schema.String && k.Pattern == "":
		dst.place(n.Text, n)
	case k.Late && strings.Contains(n.Text, "${{"):
		dst.place(reflect.Zero(dst.valueType()).Interface(), n)
	default:
		f := k.Field
		f.Type = t
		v, err := schema.ParseText(t, n.Text, n.Quoted)
		if err == nil {
			v, err = schema.ConvertField(f, v)
		}
		if err != nil {
			d.misfit(k, key, n, err)
			return false
		}
		dst.place(v, n)
	}
	return true
}

// word checks a text that is one of an enumeration.
func (d *decoder) word(k *Key, key, n *Node, words []string) bool {
	if slices.Contains(words, n.Text) {
		return true
	}
	hint := oneOf(n.Text, words)
	if len(words) == 1 && k.Hint != "" {
		hint = k.Hint
	}
	if !n.Broken && !d.fixed(k, key, n, hint) {
		d.report(n.Span, diag.CodeBadWord, fmt.Sprintf("%q is no value of %s", Clip(n.Text), k.calledAt(key)), hint)
	}
	return false
}

// fixed reports an expression where none is taken.
func (d *decoder) fixed(k *Key, key, n *Node, hint string) bool {
	if n.Broken || !strings.Contains(n.Text, "${{") {
		return false
	}
	d.report(n.Span, diag.CodeBadValue, fmt.Sprintf("%s is fixed, it takes no ${{ }}", k.calledAt(key)), hint)
	return true
}

// calledAt is how messages call the key, which stands at a node.
func (k *Key) calledAt(key *Node) string {
	if k.called != "" && key.Text != k.called {
		return k.called
	}
	return `"` + key.Text + `"`
}

// misfit reports a text that is no value of the type of its key.
func (d *decoder) misfit(k *Key, key, n *Node, err error) {
	if n.Broken {
		return
	}
	message, hint := err.Error(), ""
	switch f := (*schema.Fault)(nil); {
	case errors.As(err, &f): // out of bounds
		if message, hint = f.Message, k.Hint; k.Pattern == "" || hint == "" {
			hint = "it takes " + k.Takes()
		}
	case k.Type.Kind == schema.Duration:
		hint = "write a number with a unit: 30s, 5m, 1h30m"
	case k.Min != nil || k.Max != nil:
		hint = "it takes " + k.Takes()
	}
	takes := "it takes " + k.Takes()
	if k.Type.Kind == schema.Bool {
		takes = "write true or false"
	}
	if !d.fixed(k, key, n, cmp.Or(hint, takes)) {
		d.report(n.Span, diag.CodeBadValue, message, hint)
	}
}
