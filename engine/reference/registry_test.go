package reference_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type config struct {
	Host     string                 `yaml:"host" doc:"Address of the engine." default:"unix:///run/box.sock"`
	Password *schema.Text           `yaml:"password" doc:"Its password."`
	Headers  map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers of every request."`
}

type listParams struct {
	Name  string        `yaml:"name" doc:"Box, or the beginning of its name." pattern:"^[a-z]+"`
	For   time.Duration `yaml:"for" doc:"How long to look." default:"30s" min:"1s" max:"1h"`
	State string        `yaml:"state" doc:"Only boxes in this state." default:"any" enum:"any,open,closed"`
	Tail  int           `yaml:"tail" doc:"Lines." default:"100" min:"1"`
}

type box struct {
	Name      string      `yaml:"name" doc:"Name of the box."`
	SizeBytes schema.Size `yaml:"size_bytes" doc:"What it holds."`
}

type listOutputs struct {
	Boxes       []box    `yaml:"boxes" doc:"The boxes, by name."`
	FreePercent *float64 `yaml:"free_percent" doc:"What is free, where it is known | measured."`
}

type dropParams struct {
	Name  string                 `yaml:"name" doc:"Box."`
	Force bool                   `yaml:"force" doc:"Also a box that is open." default:"false"`
	Env   map[string]schema.Text `yaml:"env,omitempty" doc:"Environment of the request."`
}

func registry(t *testing.T) *action.Registry {
	t.Helper()
	target := &action.TargetKind{
		Name: "box", Summary: "A store of boxes.", Config: schema.Of(reflect.TypeFor[config]()),
		Local:    map[string]any{"host": "unix:///run/box.sock"},
		Address:  func(c map[string]any) (string, []string) { host, _ := c["host"].(string); return host, nil },
		Requests: true, Programs: "exec_reads",
	}
	list := action.New(action.Spec[listParams, listOutputs]{
		Name: "box.list", Summary: "Lists boxes, with what they hold.", Target: target,
		Example: "action: box.list\nwith: {name: app}",
		Run:     func(context.Context, action.Call, listParams) (listOutputs, error) { return listOutputs{}, nil },
	})
	drop := action.New(action.Spec[dropParams, struct{}]{
		Name: "box.drop_box", Summary: "Throws a box away.", Example: "action: box.drop_box\nwith: {name: app}", Target: target,
		Effect: action.Destructive, EffectAt: func(action.Target, dropParams) action.Effect { return action.Write }, Child: true,
		Run:     func(context.Context, action.Call, dropParams) (struct{}, error) { return struct{}{}, nil },
		Preview: func(context.Context, action.Call, dropParams) (action.Preview, error) { return action.Preview{}, nil },
	})
	set := action.New(action.Spec[map[string]any, map[string]any]{
		Name: "flow.set", Summary: "Gives names to values.", Example: "action: flow.set\nwith: {a: 1}", Untyped: true,
		Run: func(_ context.Context, _ action.Call, p map[string]any) (map[string]any, error) { return p, nil },
	})
	reg, err := action.NewRegistry([]*action.Action{set, drop, list})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}
