package flow

import (
	"context"

	"runbook/engine/action"
)

// Set gives names to values: its outputs are exactly its parameters, with
// their types.
var Set = action.New(action.Spec[map[string]any, map[string]any]{
	Name:    "flow.set",
	Summary: "Gives names to values: its outputs are exactly what it is given.",
	Example: `
id: limits
action: flow.set
with: {soft_percent: 70, hard_percent: 90}
`,
	Effect:  action.Read,
	Untyped: true,
	Run:     set,
})

func set(_ context.Context, _ action.Call, values map[string]any) (map[string]any, error) {
	return values, nil
}
