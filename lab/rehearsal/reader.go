package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// reader reads the nodes of a file of rehearsals.
type reader struct {
	source    *yaml.Source
	plan      *plan.Plan
	env       *expression.Env
	addresses *addresses
	list      diag.List
}

func (r *reader) fail(n *yaml.Node, code, message, hint string) {
	r.report(n, diag.Error, code, message, hint)
}

func (r *reader) warn(n *yaml.Node, code, message, hint string) {
	r.report(n, diag.Warning, code, message, hint)
}

func (r *reader) report(n *yaml.Node, severity diag.Severity, code, message, hint string) {
	if n == nil || n.Broken {
		return
	}
	r.list.Add(diag.Diagnostic{Severity: severity, Code: code, Source: r.source.Name, Span: n.Span, Message: message, Hint: hint})
}

// keys reports keys that are not there, and required ones that are missing.
func (r *reader) keys(n *yaml.Node, required []string, takes ...string) bool {
	if n == nil || n.Kind != yaml.Map {
		r.fail(n, CodeValue, "a mapping is wanted here", "its keys are "+strings.Join(takes, ", "))
		return false
	}
	for _, p := range n.Pairs {
		if !slices.Contains(takes, p.Key.Text) {
			r.fail(p.Key, CodeKey, fmt.Sprintf("there is no key %q here", p.Key.Text), near(p.Key.Text, takes, "the keys here are "))
		}
	}
	for _, key := range required {
		if n.Get(key) == nil {
			r.fail(n, CodeKey, "the key `"+key+"` is missing", "add `"+key+": …`")
		}
	}
	return true
}

// near is the hint of a name that is not among those that there are.
func near(name string, known []string, list string) string {
	if one := diag.Nearest(name, known); one != "" {
		return "did you mean `" + one + "`?"
	}
	return list + strings.Join(known, ", ")
}

// items returns the elements of a list; nil has none.
func (r *reader) items(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.List {
		r.fail(n, CodeValue, "a list is wanted here, not "+n.Kind.String(), "write [a, b], or a line with - for each")
		return nil
	}
	return n.Items
}

// pairs returns the pairs of a mapping; nil has none.
func (r *reader) pairs(n *yaml.Node) []yaml.Pair {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.Map {
		r.fail(n, CodeValue, "a mapping is wanted here, not "+n.Kind.String(), "write {step: …}")
		return nil
	}
	return n.Pairs
}

func (r *reader) text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.Scalar {
		r.fail(n, CodeValue, "a text is wanted here, not "+n.Kind.String(), "")
	}
	return n.Text
}

// scalar reads a value of a type; what does not fit is reported.
func (r *reader) scalar(n *yaml.Node, kind schema.Kind) any {
	if n == nil {
		return nil
	}
	v, err := schema.ParseText(&schema.Type{Kind: kind}, r.text(n), n.Quoted)
	if err != nil {
		r.fail(n, CodeValue, err.Error(), "")
		return nil
	}
	return v
}

// duration reads a duration that is not negative.
func (r *reader) duration(n *yaml.Node, otherwise time.Duration) time.Duration {
	d, ok := r.scalar(n, schema.Duration).(time.Duration)
	switch {
	case !ok:
		return otherwise
	case d < 0:
		r.fail(n, CodeValue, "a duration is not negative here", "write 30s")
		return otherwise
	}
	return d
}

// number reads a whole number that is not negative.
func (r *reader) number(n *yaml.Node, otherwise int) int {
	i, ok := r.scalar(n, schema.Int).(int)
	switch {
	case !ok:
		return otherwise
	case i < 0:
		r.fail(n, CodeValue, "a number is not negative here", "")
		return otherwise
	}
	return i
}

func (r *reader) flag(n *yaml.Node) bool { on, _ := r.scalar(n, schema.Bool).(bool); return on }

// plainValue is a value without a declared type.
func (r *reader) plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.List:
		list := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			list = append(list, r.plainValue(item))
		}
		return list
	case yaml.Map:
		values := map[string]any{}
		for _, p := range n.Pairs {
			values[p.Key.Text] = r.plainValue(p.Value)
		}
		return values
	case yaml.Null:
		return nil
	}
	return r.scalar(n, schema.Any)
}
