package flow

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// AssertParams are the parameters of flow.assert.
type AssertParams struct {
	That    schema.Condition `yaml:"that" doc:"The condition that must hold."`
	Message string           `yaml:"message,omitempty" doc:"What is wrong if it does not hold."`
}

// Brief returns the condition.
func (p AssertParams) Brief() string { return p.That.Source }

// Assert fails unless a condition over inputs, variables and earlier outputs
// holds.
var Assert = action.New(action.Spec[AssertParams, action.None]{
	Name:    "flow.assert",
	Summary: "Fails unless a condition holds.",
	Example: `
action: flow.assert
with: {that: environment.name != "production", message: Not in production}
`,
	Effect: action.Read,
	Run:    assert,
})

func assert(_ context.Context, _ action.Call, p AssertParams) (action.None, error) {
	if p.That.Holds {
		return action.None{}, nil
	}
	f := &action.Failure{What: "does not hold: " + p.That.Source, Final: true, Unmet: &action.Unmet{Condition: p.That, Message: p.Message}}
	if p.That.Error != "" {
		f.What = "not evaluated: " + p.That.Source + ": " + p.That.Error
	}
	if p.Message != "" {
		f.What, f.Seen = p.Message, []string{f.What}
	}
	return action.None{}, f
}
