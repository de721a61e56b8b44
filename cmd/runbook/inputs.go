package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

// given are the inputs of a run: their values, and the secrets among them.
type given struct {
	values  map[string]any
	byUser  map[string]bool // the rest are defaults
	secrets []schema.Secret
}

// wrong is one wrong input.
type wrong struct{ what, takes, do string }

// inputs reads `-i name=value` by the declared types, fills in the defaults and
// reports all that is wrong at once.
func inputs(p *plan.Plan, texts []string) (*given, error) {
	g := &given{values: map[string]any{}, byUser: map[string]bool{}}
	var faults []wrong
	for _, text := range texts {
		if w := g.read(p, text); w != nil {
			faults = append(faults, *w)
		}
	}
	for _, f := range p.Inputs.Fields {
		switch {
		case g.byUser[f.Name]:
		case f.Required:
			faults = append(faults, wrong{what: fmt.Sprintf("input %s is not given", f.Name), takes: f.Takes(), do: "-i " + f.Name + "=" + placeholder(f)})
		default:
			g.values[f.Name] = f.Default
		}
	}
	if len(faults) > 0 {
		return nil, wrongInputs(p, faults)
	}
	return g, nil
}

// read takes one `name=value`.
func (g *given) read(p *plan.Plan, text string) *wrong {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return &wrong{what: fmt.Sprintf("-i %s has no value", text), do: "-i " + name + "=VALUE"}
	}
	f, ok := p.Inputs.Field(name)
	if !ok {
		w := &wrong{what: fmt.Sprintf("%s has no input %q", p.Name, name), takes: "the inputs " + orNone(strings.Join(p.Inputs.Names(), ", "))}
		if near := diag.Nearest(name, p.Inputs.Names()); near != "" {
			w.do = "-i " + near + "=" + value
		}
		return w
	}
	if g.byUser[name] {
		return &wrong{what: fmt.Sprintf("input %s is given twice", name)}
	}
	g.byUser[name] = true
	if f.Type.Kind == schema.SecretKind {
		return g.secret(f, value)
	}
	v, err := schema.ParseText(f.Type, value, false)
	if err == nil {
		v, err = schema.ConvertField(f, v)
	}
	if err != nil {
		return &wrong{what: fmt.Sprintf("input %s: %s", name, firstFault(err)), takes: f.Takes(), do: "-i " + name + "=" + placeholder(f)}
	}
	g.values[name] = v
	return nil
}

// secret reads a secret from a file or a variable: what stands on a command
// line can be read by everyone on the host.
func (g *given) secret(f schema.Field, from string) *wrong {
	do := fmt.Sprintf("-i %s=@FILE or -i %s=env:NAME", f.Name, f.Name)
	var text string
	switch {
	case strings.HasPrefix(from, "@"):
		b, err := os.ReadFile(from[1:])
		if err != nil {
			return &wrong{what: fmt.Sprintf("input %s: cannot read the file %s", f.Name, from[1:]), do: do}
		}
		text = strings.TrimRight(string(b), "\r\n")
	case strings.HasPrefix(from, "env:"):
		v, ok := os.LookupEnv(from[len("env:"):])
		if !ok {
			return &wrong{what: fmt.Sprintf("input %s: the variable %s is not set", f.Name, from[len("env:"):]), do: do}
		}
		text = v
	default:
		return &wrong{what: fmt.Sprintf("input %s is a secret; a command line is no place for it", f.Name), do: do}
	}
	if text == "" {
		return &wrong{what: fmt.Sprintf("input %s: the secret is empty", f.Name), do: do}
	}
	s := schema.NewSecret(f.Name, text)
	g.values[f.Name] = s
	g.secrets = append(g.secrets, s)
	return nil
}

// firstFault is the sentence of err without what it takes.
func firstFault(err error) string {
	if faults := schema.Faults(err); len(faults) > 0 {
		return faults[0].Message
	}
	return err.Error()
}

// placeholder is a value that the field takes.
func placeholder(f schema.Field) string {
	switch {
	case f.Default != nil:
		return quote(schema.TextOf(f.Default))
	case len(f.Type.Enum) > 0:
		return quote(f.Type.Enum[0])
	case f.Type.Kind == schema.SecretKind:
		return "@FILE"
	case f.Min != nil && f.Type.Kind != schema.String && f.Type.Kind != schema.List:
		return quote(schema.TextOf(f.Min))
	}
	return strings.ToUpper(f.Name)
}

func wrongInputs(p *plan.Plan, faults []wrong) error {
	f := &action.Failure{What: faults[0].what}
	if len(faults) > 1 {
		f.What = fmt.Sprintf("%d inputs of %s are wrong", len(faults), p.Name)
	}
	do := []string{}
	var facts []report.Fact
	for _, w := range faults {
		if len(faults) > 1 {
			facts = append(facts, report.Fact{Label: "wrong", Value: w.what})
			f.Seen = append(f.Seen, w.what)
		}
		if w.takes != "" {
			facts = append(facts, report.Fact{Label: "takes", Value: w.takes})
		}
		if w.do != "" && !slices.Contains(do, w.do) {
			do = append(do, w.do)
		}
	}
	if len(do) > 0 {
		f.Do = []string{"runbook run " + p.Name + " " + strings.Join(do, " ")}
		facts = append(facts, report.Fact{Label: "do", Value: f.Do[0]})
	}
	return &problem{code: exitInvalid, failure: f, facts: facts}
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// quote writes a word for a POSIX shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
