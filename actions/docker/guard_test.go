package docker

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

// TestDryRunSendsNoChange calls what changes something past the engine, which
// would not: the client layer itself must refuse, also on hijacked connections.
func TestDryRunSendsNoChange(t *testing.T) {
	f := newFake(t, app())
	call := f.call(t)
	call.DryRun = true
	for _, test := range []struct {
		action *action.Action
		params map[string]any
	}{
		{Restart, nil}, {Stop, nil}, {Start, nil}, {Pause, nil}, {Unpause, nil},
		{UpdateLimits, map[string]any{"cpus": 1.5}}, {Exec, map[string]any{"argv": []any{"true"}}},
	} {
		params := map[string]any{"container": "app"}
		for k, v := range test.params {
			params[k] = v
		}
		switch test.action {
		case Start:
			f.containers[0].State.Running, f.containers[0].State.Status = false, "exited"
		case Unpause:
			f.containers[0].State.Running, f.containers[0].State.Paused = true, true
		default:
			f.containers[0] = app()
		}
		_, err := run(t, test.action, call, params)
		if !errors.Is(err, action.ErrDryRun) || action.ClassOf(err) != action.AppliedNot || !action.AsFailure(err).Final {
			t.Errorf("%s: got %v", test.action.Name, err)
		}
	}
	e, err := Open(call)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for name, send := range map[string]func() error{
		"exec attach": func() error { _, err := e.API.ExecAttach(ctx, "x", client.ExecAttachOptions{}); return err },
		"attach":      func() error { _, err := e.API.ContainerAttach(ctx, "app", client.ContainerAttachOptions{}); return err },
		"remove":      func() error { _, err := e.API.ContainerRemove(ctx, "app", client.ContainerRemoveOptions{}); return err },
		"prune":       func() error { _, err := e.API.VolumePrune(ctx, client.VolumePruneOptions{}); return err },
	} {
		if err := send(); !errors.Is(err, action.ErrDryRun) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if sent := f.changes(); len(sent) > 0 {
		t.Errorf("changes reached the engine: %v", sent)
	}
}

func TestGuardList(t *testing.T) {
	for request, passes := range map[string]bool{
		"GET /v1.41/containers/json": true, "HEAD /_ping": true, "GET /containers/x/logs": true,
		"POST /v1.41/containers/x/wait": true, "POST /containers/x/wait": true, "POST /v1.41/containers/wait/restart": false,
		"GET /v1.41/containers/x/attach/ws": false, "POST /v1.41/containers/x/attach": false, "POST /session": false,
		"PUT /containers/x/archive": false, "DELETE /containers/x": false, "OPTIONS /containers/x": false, "POST /build": false,
		"PATCH /containers/x/wait": false,
	} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequest(method, "http://docker"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := (guard{}).pass(r); (err == nil) != passes {
			t.Errorf("%s: %v", request, err)
		}
	}
}

// TestExecsOfADryRun asks the client layer past the action: an exec passes for a program
// that the target lists, by what it is made of, and only that one is started.
func TestExecsOfADryRun(t *testing.T) {
	listed := client.ExecCreateOptions{Cmd: []string{"redis-cli", "info", "memory"}}
	with := func(change func(*client.ExecCreateOptions)) client.ExecCreateOptions {
		o := listed
		change(&o)
		return o
	}
	g := guard{target: action.Target{Kind: "docker", Programs: []action.ProgramRule{{Argv: []string{"redis-cli", "info"}}}}}
	for name, c := range map[string]struct {
		request string
		asked   *asked
		passes  bool
	}{
		"made":                     {"POST /v1.41/containers/x/exec", &asked{options: listed}, true},
		"started":                  {"POST /v1.41/exec/e1/start", &asked{options: listed, id: "e1"}, true},
		"with a variable":          {"POST /containers/x/exec", &asked{options: with(func(o *client.ExecCreateOptions) { o.Env = []string{"REDISCLI_AUTH=PATH=x"} })}, true},
		"nothing is said":          {"POST /containers/x/exec", nil, false},
		"another program":          {"POST /containers/x/exec", &asked{options: client.ExecCreateOptions{Cmd: []string{"redis-cli", "flushall"}}}, false},
		"no program":               {"POST /containers/x/exec", &asked{}, false},
		"with a loader":            {"POST /containers/x/exec", &asked{options: with(func(o *client.ExecCreateOptions) { o.Env = []string{"A=b", "LD_PRELOAD=x"} })}, false},
		"with an input":            {"POST /containers/x/exec", &asked{options: with(func(o *client.ExecCreateOptions) { o.AttachStdin = true })}, false},
		"with privileges":          {"POST /containers/x/exec", &asked{options: with(func(o *client.ExecCreateOptions) { o.Privileged = true })}, false},
		"another is started":       {"POST /exec/e2/start", &asked{options: listed, id: "e1"}, false},
		"started before it is":     {"POST /exec//start", &asked{options: listed}, false},
		"started, of another":      {"POST /exec/e1/start", &asked{options: client.ExecCreateOptions{Cmd: []string{"sh"}}, id: "e1"}, false},
		"another change meanwhile": {"POST /containers/x/restart", &asked{options: listed, id: "e1"}, false},
		"by another method":        {"PUT /containers/x/exec", &asked{options: listed}, false},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		ctx := t.Context()
		if c.asked != nil {
			ctx = context.WithValue(ctx, askedKey{}, c.asked)
		}
		r, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.pass(r); (err == nil) != c.passes {
			t.Errorf("%s: %v", name, err)
		}
	}
}
