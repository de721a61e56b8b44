package flow

import (
	"context"
	"errors"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// WaitParams are the parameters of flow.wait.
type WaitParams struct {
	For time.Duration `yaml:"for" min:"0s" max:"168h" doc:"How long to wait."`
}

// Brief returns the time that is waited.
func (p WaitParams) Brief() string { return schema.HumanDuration(p.For) }

// Wait waits for a fixed time. Where there is something to wait for, a step
// with verify and within is better: it goes on as soon as it holds.
var Wait = action.New(action.Spec[WaitParams, action.None]{
	Name:    "flow.wait",
	Summary: "Waits for a fixed time.",
	Example: `
action: flow.wait
with: {for: 5s}
`,
	Effect: action.Read,
	Pause:  true,
	Takes:  func(p WaitParams) time.Duration { return p.For },
	Run:    wait,
})

func wait(ctx context.Context, call action.Call, p WaitParams) (action.None, error) {
	end := call.Clock.Now().Add(p.For)
	for {
		left := end.Sub(call.Clock.Now())
		if left <= 0 {
			return action.None{}, nil
		}
		call.Progress(action.Progress{
			Done: int((p.For - left) / time.Millisecond), Total: int(p.For / time.Millisecond),
			Note: schema.HumanDuration(left) + " left",
		})
		if err := call.Clock.Sleep(ctx, min(left, time.Second)); err != nil {
			return action.None{}, interrupted(err, p.For, end.Sub(call.Clock.Now()))
		}
	}
}

func interrupted(err error, whole, left time.Duration) error {
	f := &action.Failure{What: "the wait was cancelled", Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		f.What, f.Do = "the step's timeout ended before the wait", []string{"raise the step's timeout above " + schema.HumanDuration(whole)}
	}
	f.Seen = []string{schema.HumanDuration(left) + " of " + schema.HumanDuration(whole) + " were left"}
	return f
}
