package rehearsal

import (
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab/model"
)

// reader reads the nodes of a file of rehearsals.
type reader struct {
	source    *yaml.Source
	plan      *plan.Plan
	registry  *action.Registry
	env       *expression.Env
	addresses *addresses
	faults    []model.Fault // of the lab and declared
	roles     map[string][]string
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

// near is the hint of a name that is not among those that there are.
func near(name string, known []string, list string) string {
	if one := diag.Nearest(name, known); one != "" {
		return "did you mean `" + one + "`?"
	}
	return list + strings.Join(known, ", ")
}

// typed is a text as a value of a type; what does not fit is reported.
func typed[T any](r *reader, n *yaml.Node, t *schema.Type) T {
	var none T
	if n.Kind != yaml.Scalar {
		r.fail(n, CodeValue, "a "+t.String()+" is wanted here, not "+n.Kind.String(), "")
		return none
	}
	v, err := schema.ParseText(t, n.Text, n.Quoted)
	if err != nil {
		r.fail(n, CodeValue, err.Error(), "")
		return none
	}
	return v.(T)
}

// duration is a text as a duration that is not negative.
func (r *reader) duration(n *yaml.Node) time.Duration {
	d := typed[time.Duration](r, n, schema.DurationType)
	if d < 0 {
		r.fail(n, CodeValue, "a duration is not negative here", "write 30s")
	}
	return d
}

// Fail reports what is wrong with a value of a stub.
func (r *reader) Fail(n *yaml.Node, message, hint string) { r.fail(n, CodeValue, message, hint) }
