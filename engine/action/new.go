package action

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/schema"
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*\.[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// New checks a Spec and returns its Action. It panics on a Spec that is not
// complete, which is a programmer's mistake that any test finds.
func New[P, O any](s Spec[P, O]) *Action {
	s.EffectBy = slices.Clone(s.EffectBy)
	params, outputs := schema.Of(reflect.TypeFor[P]()), schema.Of(reflect.TypeFor[O]())
	if why := s.incomplete(params, outputs); why != "" {
		panic(fmt.Sprintf("action %q: %s", s.Name, why))
	}
	family, _, _ := strings.Cut(s.Name, ".")
	b := &binder[P, O]{spec: s, params: params}
	return &Action{
		Name: s.Name, Family: family, Summary: s.Summary, Example: s.Example,
		Target: s.Target, Effect: s.Effect, Child: s.Child, Pause: s.Pause, Untyped: s.Untyped, Idempotent: s.Idempotent,
		Params: params, Outputs: outputs, HasSettle: s.Settle != nil,
		bind:   b.bind,
		lowers: s.EffectOf != nil || s.EffectAt != nil,
	}
}

// incomplete says what is missing in the declaration, "" if nothing is.
func (s *Spec[P, O]) incomplete(params, outputs *schema.Type) string {
	lowers := s.EffectOf != nil || s.EffectAt != nil
	switch {
	case !namePattern.MatchString(s.Name):
		return "its name is not family.verb_object"
	case s.Summary == "":
		return "it has no Summary"
	case s.Example == "":
		return "it has no Example"
	case s.Run == nil:
		return "it has no Run"
	case s.Preview == nil && s.Effect != Read:
		return "it has no Preview, and it is no read"
	case s.EffectOf != nil && s.EffectAt != nil:
		return "it has both EffectOf and EffectAt"
	case lowers && s.Effect == Read:
		return "its effect is read, which nothing lowers"
	case s.Child && (s.Effect == Read || s.EffectOf != nil):
		return "it starts a process, and only its target can say that one reads"
	case params.Kind != schema.Object && params.Kind != schema.Map:
		return "its parameters are no struct"
	case outputs.Kind != schema.Object && outputs.Kind != schema.Map:
		return "its outputs are no struct"
	case outputs.Kind == schema.Map && !s.Untyped:
		return "its outputs are a map, and it is not Untyped"
	case outputs.HoldsSecret():
		return "an output is a secret"
	}
	for _, f := range outputs.Fields {
		if f.Show != "" && f.Show != "first" && f.Show != "last" || f.Show != "" && f.Type.Kind != schema.String && f.Type.Kind != schema.List {
			return "people see of " + f.Name + " its first or its last lines, and it is a text or a list"
		}
	}
	for _, name := range s.EffectBy {
		if _, ok := params.Field(name); !ok {
			return "EffectBy names " + name + ", which is no parameter"
		}
	}
	return ""
}

// Decode checks values against the action's parameters, fills in defaults and
// binds the action to them. Target is the one the step resolved to, zero where
// there is none; the effect may depend on it. The error is *schema.Errors, with
// paths below "with".
func (a *Action) Decode(values map[string]any, target Target) (Bound, error) {
	return a.bind(values, target)
}

// ParamError returns the error by which an action refuses one of its
// parameters when it runs: nothing was sent, and trying again cannot help.
func ParamError(name, format string, args ...any) error {
	what := "with." + name + ": " + fmt.Sprintf(format, args...)
	return &Failure{Applied: AppliedNot, What: what, Final: true}
}
