package launch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// Inputs are the inputs of a run.
type Inputs struct {
	Values  map[string]any // by name, of their types, with the defaults
	Secrets []schema.Secret
	Hidden  []string // variables from which secrets were read

	given map[string]bool // the rest are defaults
}

// Given reads what was given for the inputs of a plan. An error is a *Refusal.
type Given func(*plan.Plan) (*Inputs, error)

// Values gives values of the types that are declared.
func Values(values map[string]any) Given {
	return func(p *plan.Plan) (*Inputs, error) {
		r := newReader(p)
		for name, v := range values {
			if f := r.field(name, ""); f != nil {
				fitted, err := schema.ConvertField(*f, v)
				r.take(*f, fitted, err)
			}
		}
		return r.done()
	}
}

// Texts reads `name=value` by the declared types. secret gives the text of a
// secret from what stands in its place, since the secret itself may not.
func Texts(texts []string, secret func(from string) (string, error)) Given {
	return func(p *plan.Plan) (*Inputs, error) {
		r := newReader(p)
		for _, text := range texts {
			r.text(text, secret)
		}
		return r.done()
	}
}

// inputReader gathers inputs, and all that is wrong with them.
type inputReader struct {
	*Inputs
	plan   *plan.Plan
	right  []string // those that may stay, as they were written
	faults []wrong
}

// wrong is one wrong input.
type wrong struct{ what, takes, do string }

func newReader(p *plan.Plan) *inputReader {
	return &inputReader{Inputs: &Inputs{Values: map[string]any{}, given: map[string]bool{}}, plan: p}
}

func (r *inputReader) fault(w wrong) { r.faults = append(r.faults, w) }

// field returns the input of that name, unless there is none or it was given.
func (r *inputReader) field(name, value string) *schema.Field {
	f, ok := r.plan.Inputs.Field(name)
	switch {
	case !ok:
		w := wrong{what: fmt.Sprintf("%s has no input %q", r.plan.Name, name), takes: "the inputs " + orNone(r.plan.Inputs.Names())}
		if near := diag.Nearest(name, r.plan.Inputs.Names()); near != "" {
			w.do = "-i " + action.Quote(near+"="+value)
		}
		r.fault(w)
		return nil
	case r.given[name]:
		r.fault(wrong{what: fmt.Sprintf("input %s is given twice", name)})
		return nil
	}
	r.given[name] = true
	return &f
}

// take notes a value, or why there is none.
func (r *inputReader) take(f schema.Field, v any, err error) {
	if err != nil {
		r.fault(wrong{what: fmt.Sprintf("input %s: %s", f.Name, FirstFault(err)), takes: f.Takes(), do: "-i " + f.Name + "=" + placeholder(f)})
		return
	}
	r.Values[f.Name] = v
	if s, ok := v.(schema.Secret); ok {
		r.Secrets = append(r.Secrets, s)
	}
}

// text takes one `name=value`.
func (r *inputReader) text(text string, secret func(string) (string, error)) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		r.fault(wrong{what: fmt.Sprintf("-i %s has no value", text), do: "-i " + name + "=VALUE"})
		return
	}
	f := r.field(name, value)
	if f == nil {
		return
	}
	if f.Type.Kind == schema.SecretKind {
		if variable, ok := strings.CutPrefix(value, "env:"); ok {
			r.Hidden = append(r.Hidden, variable)
		}
		text, err := secret(value)
		if err == nil && text == "" {
			err = errors.New("the secret is empty")
		}
		if err != nil {
			r.fault(wrong{what: fmt.Sprintf("input %s: %v", name, err), takes: "@FILE or env:NAME", do: "-i " + name + "=env:NAME"})
			return
		}
		r.take(*f, schema.NewSecret(name, text), nil)
		r.right = append(r.right, "-i "+action.Quote(name+"="+value))
		return
	}
	v, err := schema.ParseText(f.Type, value, false)
	if err == nil {
		v, err = schema.ConvertField(*f, v)
	}
	if r.take(*f, v, err); err == nil {
		r.right = append(r.right, "-i "+action.Quote(text))
	}
}

// done fills in the defaults, and reports all that is wrong at once.
func (r *inputReader) done() (*Inputs, error) {
	for _, f := range r.plan.Inputs.Fields {
		switch {
		case r.given[f.Name]:
		case f.Required:
			r.fault(wrong{what: fmt.Sprintf("input %s is not given", f.Name), takes: f.Takes(), do: "-i " + f.Name + "=" + placeholder(f)})
		default:
			r.Values[f.Name] = f.Default
		}
	}
	if len(r.faults) > 0 {
		return nil, r.refuse()
	}
	return r.Inputs, nil
}

func (r *inputReader) refuse() *Refusal {
	f := &action.Failure{What: r.faults[0].what}
	if len(r.faults) > 1 {
		f.What = fmt.Sprintf("%d inputs of %s are wrong", len(r.faults), r.plan.Name)
	}
	var do []string
	for _, w := range r.faults {
		if len(r.faults) > 1 {
			f.Facts = append(f.Facts, action.Fact{Label: "wrong", Value: w.what})
		}
		if w.takes != "" {
			f.Facts = append(f.Facts, action.Fact{Label: "takes", Value: w.takes})
		}
		if w.do != "" && !slices.Contains(do, w.do) {
			do = append(do, w.do)
		}
	}
	if len(do) > 0 {
		f.Do = []string{strings.Join(append(r.right, do...), " ")} // behind the command, which the caller knows
	}
	return &Refusal{Ending: event.EndInvalid, Failure: f}
}

// FirstFault is the sentence of err without what it takes.
func FirstFault(err error) string {
	if faults := schema.Faults(err); len(faults) > 0 {
		return faults[0].Message
	}
	return err.Error()
}

// placeholder is a value that the field takes.
func placeholder(f schema.Field) string {
	switch {
	case f.Default != nil:
		return action.Quote(schema.TextOf(f.Default))
	case len(f.Type.Enum) > 0:
		return action.Quote(f.Type.Enum[0])
	case f.Type.Kind == schema.SecretKind:
		return "@FILE"
	case f.Type.Kind == schema.List && len(f.Type.Element().Fields) > 0:
		var fields []string
		for _, of := range f.Type.Element().Fields {
			fields = append(fields, strconv.Quote(of.Name)+": …")
		}
		return action.Quote("[{" + strings.Join(fields, ", ") + "}]")
	case f.Min != nil && f.Type.Kind != schema.String && f.Type.Kind != schema.List:
		return action.Quote(schema.TextOf(f.Min))
	}
	return strings.ToUpper(f.Name)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
