// Package environment turns runbook.yaml into the environments that a run may
// act on: their targets, variables, secrets and policy.
package environment

import (
	"runbook/engine/action"
	"runbook/engine/schema"
)

// Environment is where a run acts. Resolve reads its secrets
// when a run begins; their texts never leave schema.Secret.
type Environment struct {
	Name      string
	File      string // the runbook.yaml it stands in; "" for the built-in `local`
	Protected bool
	Targets   []action.Target // in the order of the file
	Groups    []TargetGroup   // likewise
	Limit     []string        // targets and groups to which Narrow has narrowed the groups
	Vars      map[string]any
	VarTypes  *schema.Type // an Object: the types of Vars
	Policy    Policy
	Roles     map[string][]string
	Secrets   []schema.Secret // all that Resolve has read, for the redactor
	Confine   *action.Confine // keeps runs to the place of the environment; nil: nothing does

	Hidden []string // variables of the process that hold secrets
	Weak   []string // names of those that are too short to be kept out of what is shown

	sources map[string]secretSource
	unread  map[string]bool           // targets that the run does not reach
	pending map[string]schema.Unknown // targets that lack a secret in a dry run
	kinds   []*action.TargetKind
}

// Target returns the target of that name.
func (e *Environment) Target(name string) (action.Target, bool) {
	for _, t := range e.Targets {
		if t.Name == name {
			return t, !e.unread[name]
		}
	}
	return action.Target{}, false
}

// Pending says why a target cannot be used in this dry run.
func (e *Environment) Pending(target string) (schema.Unknown, bool) {
	u, ok := e.pending[target]
	return u, ok
}
