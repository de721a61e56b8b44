package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/remote"
)

// place is where a program runs: this machine, another host, or nowhere, where a stub
// answers.
type place interface {
	// run runs a program to its end, or to that of ctx. An error is a *action.Failure:
	// it was not started, or nobody saw its end.
	run(ctx context.Context, call action.Call, p RunParams, stdout, stderr io.Writer) (ended, error)
}

// ended is how a program ended.
type ended struct {
	code    int
	signal  string   // that ended it
	status  string   // "exit status 3"
	left    []string // what it started, and was ended with it
	apart   []string // what it started elsewhere, and left running
	held    bool     // something elsewhere held its output
	stopped string   // of one that ended with ctx: what became of it
	err     error
}

// placeOf is the place of call's target, and how a call of where is named there. With
// an answer nothing is reached.
func placeOf(call action.Call, answer *action.Answer, where string) (place, string, error) {
	if answer != nil {
		return stub{answer}, where, nil
	}
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil || config.Host == "" {
		return here{config}, where, err
	}
	host, err := remote.Of(call, config.Host, config.Access)
	return there{config, host}, where + " on " + call.Target.Name + ", " + call.Target.Address, err
}

// there is another host.
type there struct {
	targetConfig
	host *remote.Host
}

func (t there) run(ctx context.Context, _ action.Call, p RunParams, stdout, stderr io.Writer) (ended, error) {
	env, err := t.variables(p)
	if err != nil {
		return ended{}, action.NotApplied(err)
	}
	e, err := t.host.Run(ctx, remote.Program{
		Argv: p.Argv, Env: env, Given: p.variables(), Dir: t.dirThere(p), Stdin: p.Stdin.Reveal(), Detach: p.Detach,
		Stdout: stdout, Stderr: stderr, Grace: grace, Linger: linger,
	})
	var f *action.Failure
	if errors.As(err, &f) {
		return ended{}, f
	}
	out := ended{code: e.Code, signal: e.Signal, status: fmt.Sprintf("exit status %d", e.Code), left: e.Left, held: e.Held, stopped: e.After}
	if e.Signal != "" {
		out.status = "signal: " + e.Signal
	}
	return out, nil
}

// stub is an answer in place of a program: nothing is started.
type stub struct{ answer *action.Answer }

func (s stub) run(ctx context.Context, call action.Call, _ RunParams, stdout, stderr io.Writer) (ended, error) {
	out := ended{status: "answered by a stub", stopped: "a stub stands in its place"}
	if out.err = s.answer.Come(ctx, call.Clock); out.err == nil {
		out.code = s.answer.ExitCode
		_, _ = io.WriteString(stdout, s.answer.Stdout) // they take all
		_, _ = io.WriteString(stderr, s.answer.Stderr)
	}
	return out, nil
}

// dirThere is dir for a host that has / between the parts of a path.
func (c targetConfig) dirThere(p RunParams) string {
	if path.IsAbs(p.Dir) || c.Dir == "" {
		return p.Dir
	}
	return path.Join(c.Dir, p.Dir)
}

// variables are those that a program gets from the target, and over them from the step.
func (c targetConfig) variables(p RunParams) ([]string, error) {
	var out []string
	for _, env := range []map[string]schema.Text{c.Env, p.Env} {
		for _, name := range slices.Sorted(maps.Keys(env)) {
			if name == "" || strings.ContainsAny(name, "=\x00") {
				return nil, fmt.Errorf("env: %q is no name of a variable", name)
			}
			out = append(out, name+"="+env[name].Reveal())
		}
	}
	return out, nil
}

// parse checks the host of a target.
func parse(config map[string]any) (map[string]any, error) {
	if host, _ := config["host"].(string); host != "" {
		at, err := remote.ParseAddress(host)
		switch {
		case err != nil:
			return nil, &schema.Fault{Path: "host", Message: err.Error()}
		case at.Path != "":
			return nil, &schema.Fault{Path: "host", Message: "an address of a host has no path; write dir: " + at.Path}
		}
	}
	return config, remote.Check(config)
}
