package actiontest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

type params struct {
	Name  string           `yaml:"name" doc:"Name."`
	For   time.Duration    `yaml:"for" doc:"How long." default:"1s"`
	Limit schema.Size      `yaml:"limit" doc:"Limit." default:"1GiB"`
	That  schema.Condition `yaml:"that,omitempty" doc:"Condition."`
}

type outputs struct {
	UsedBytes schema.Size `yaml:"used_bytes" doc:"Used."`
}

type poor struct {
	Memory schema.Size `yaml:"memory"`
}

func declare[O any](summary, example string) *action.Action {
	return action.New(action.Spec[params, O]{
		Name: "app.look", Summary: summary, Example: example,
		Run: func(_ context.Context, call action.Call, p params) (o O, err error) {
			call.Log.Info("looked", "name", p.Name)
			return o, call.Clock.Sleep(context.Background(), 0)
		},
	})
}

func TestProblems(t *testing.T) {
	good := "action: app.look\nwith: {name: 5, for: 2m, limit: \"${{ inputs.limit }}\", that: a > b}"
	actiontest.Check(t, declare[outputs]("Looks at it.", good))
	actiontest.Check(t, declare[outputs]("Looks at it.", "- id: look\n  action: app.look\n  with: {name: x}"))
	for want, a := range map[string]*action.Action{
		"the summary is not one sentence that ends with a full stop":                                                declare[outputs]("Looks", good),
		"the output memory has no doc tag":                                                                          declare[poor]("Looks.", good),
		"the output memory is a size, and its name does not end with its unit, as _bytes":                           declare[poor]("Looks.", good),
		`the example is a step with the action "app.see"`:                                                           declare[outputs]("Looks.", "action: app.see"),
		"the example does not fit: with.name: it is missing; takes string":                                          declare[outputs]("Looks.", "action: app.look"),
		"the example does not fit: with.for: \"60\" is no duration, it has no unit; takes duration, default 1s":     declare[outputs]("Looks.", "action: app.look\nwith: {name: x, for: \"60\"}"),
		"the example does not fit: with.fro: there is no such name, did you mean for; takes name, for, limit, that": declare[outputs]("Looks.", "action: app.look\nwith: {name: x, fro: 1m}"),
	} {
		if found := actiontest.Problems(a); !slices.Contains(found, want) {
			t.Errorf("found %q, want %s", found, want)
		}
	}
}

func TestCallIsComplete(t *testing.T) {
	call := actiontest.Call(t, map[string]any{"address": "127.0.0.1:6379"})
	if call.Target.Address != "127.0.0.1:6379" {
		t.Error(call.Target)
	}
	result := actiontest.Run(t, declare[outputs]("Looks.", "action: app.look"), call, map[string]any{"name": "x"})
	if !schema.Same(result.Outputs, map[string]any{"used_bytes": schema.Size(0)}) {
		t.Error(result.Outputs)
	}
}
