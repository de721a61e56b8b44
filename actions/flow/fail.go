package flow

import (
	"context"

	"runbook/engine/action"
)

// FailParams are the parameters of flow.fail.
type FailParams struct {
	Message string `yaml:"message" doc:"Why the step fails."`
}

// Fail fails with a message. It stands behind a `when`.
var Fail = action.New(action.Spec[FailParams, action.None]{
	Name:    "flow.fail",
	Summary: "Fails with a message; with `when`, where a run must not go on.",
	Example: `
action: flow.fail
with: {message: Nothing here knows what to do next}
`,
	Effect: action.Read,
	Run:    fail,
})

func fail(_ context.Context, _ action.Call, p FailParams) (action.None, error) {
	return action.None{}, &action.Failure{What: p.Message, Final: true}
}
