package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type execParams struct {
	one
	Argv    []string               `yaml:"argv" min:"1" doc:"The program and its arguments; no shell reads them. Docker's event stream shows them: no secrets here."`
	Env     map[string]schema.Text `yaml:"env,omitempty" doc:"Environment variables beside the container's own."`
	User    string                 `yaml:"user,omitempty" doc:"User, or user:group; empty: the container's."`
	Workdir string                 `yaml:"workdir,omitempty" doc:"Directory; empty: the container's."`
}

func (p execParams) Brief() string { return p.Container + ": " + commandLine(p.Argv) }

type execOutputs struct {
	ExitCode   int     `yaml:"exit_code" doc:"126 and 127 also where the program could not be started."`
	Stdout     string  `yaml:"stdout" show:"last" doc:"At most 1 MiB, then a mark."`
	Stderr     string  `yaml:"stderr" show:"last" doc:"At most 1 MiB, then a mark."`
	Truncated  bool    `yaml:"truncated" doc:"Something was cut."`
	DurationMS float64 `yaml:"duration_ms" doc:"From start to end."`
}

func (o execOutputs) Summary() string {
	return fmt.Sprintf("exit code %d in %s", o.ExitCode, schema.HumanMilliseconds(o.DurationMS))
}

// Exec runs a program in a container. What it does cannot be known, so it
// counts as a write and not as idempotent, unless the target lists it as a read; a step
// that destroys says so with `effect: destructive`. A lost reply is not settled.
var Exec = action.New(action.Spec[execParams, execOutputs]{
	Name:     "docker.exec",
	Summary:  "Runs a program in a running container and gives its exit code and output.",
	Example:  "action: docker.exec\nwith: {container: redis, argv: [redis-cli, ping]}\nverify: [outputs.exit_code == 0]",
	Target:   Target,
	Effect:   action.Write,
	EffectAt: execEffect,
	EffectBy: []string{"env"}, // a word of argv that is not known is on no list
	AtBest:   execEffectAtBest,
	Child:    true,
	Run:      exec,
	Preview:  previewExec,
	Subjects: subjectsOf[execParams],
	Look: func(call action.Call, p execParams, subjects []action.Subject) string {
		return Looking(call, "top "+containerOf(p, subjects))
	},
})

func execEffect(target action.Target, p execParams) action.Effect {
	if target.ReadsProgram(p.Argv, variables(p.Env)) {
		return action.Read
	}
	return action.Write
}

func execEffectAtBest(target action.Target, p execParams, _ []string) action.Effect {
	if target.MayReadProgram(p.Argv, variables(p.Env)) {
		return action.Read
	}
	return action.Write
}

func previewExec(ctx context.Context, call action.Call, p execParams) (action.Preview, error) {
	_, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return action.Preview{}, err
	}
	text := fmt.Sprintf("container %s (%s, %s): run %s", c.name, ShortID(c.id), c.image, commandLine(p.Argv))
	if p.User != "" {
		text += " as " + p.User
	}
	if names := variables(p.Env); len(names) > 0 {
		text += " with " + strings.Join(names, ", ")
	}
	return action.Preview{Summary: text, Touches: []action.Object{c.Object()}}, nil
}

func exec(ctx context.Context, call action.Call, p execParams) (execOutputs, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return execOutputs{}, action.NotApplied(err)
	}
	if !c.running() || c.is.State.Paused {
		return execOutputs{}, action.NotApplied(e.notRunning(c))
	}
	what := "docker.exec " + commandLine(p.Argv)
	if call.DryRun && execEffect(call.Target, p) != action.Read {
		return execOutputs{}, action.RefusedInDryRun(what)
	}
	asked := action.Asked{Target: call.Target.Name, Service: cmp.Or(c.is.Config.Labels[ServiceLabel], c.name), Argv: p.Argv}
	if answer, err := call.Confine.Exec(what, asked); answer != nil || err != nil {
		return e.stubbed(ctx, c, answer, err)
	}
	options := client.ExecCreateOptions{Cmd: p.Argv, User: p.User, WorkingDir: p.Workdir, AttachStdout: true, AttachStderr: true}
	for _, name := range variables(p.Env) {
		options.Env = append(options.Env, name+"="+p.Env[name].Reveal())
	}
	// Creating an exec starts nothing, so its failure has applied nothing.
	ctx, id, err := e.create(ctx, c, options)
	if err != nil {
		return execOutputs{}, action.NotApplied(err)
	}
	o, err := e.runExec(ctx, c, id)
	if err == nil && !o.Truncated {
		call.Confine.Record(asked, action.Answer{ExitCode: o.ExitCode, Stdout: o.Stdout, Stderr: o.Stderr})
	}
	return o, err
}

// stubbed is a program in whose place a stub answers, or is refused: nothing is
// started.
func (e *Engine) stubbed(ctx context.Context, c *Container, by *action.Answer, refused error) (execOutputs, error) {
	if refused != nil {
		return execOutputs{}, refused
	}
	began := e.call.Clock.Now()
	ctx, a := e.Try(ctx)
	if err := by.Come(ctx, e.call.Clock); err != nil {
		return execOutputs{}, e.lostExec(c, a, err)
	}
	out, errs := &boundedText{}, &boundedText{}
	_, _ = io.WriteString(out, by.Stdout) // it takes all
	_, _ = io.WriteString(errs, by.Stderr)
	return execOutputs{
		ExitCode: by.ExitCode, Stdout: out.String(), Stderr: errs.String(), Truncated: out.cut() || errs.cut(),
		DurationMS: schema.Milliseconds(e.call.Clock.Now().Sub(began)),
	}, nil
}

func (e *Engine) runExec(ctx context.Context, c *Container, id string) (execOutputs, error) {
	began := e.call.Clock.Now()
	ctx, a := e.Try(ctx)
	attached, err := e.API.ExecAttach(ctx, id, client.ExecAttachOptions{})
	if err != nil {
		if err := e.Failed(a, err, c); a.progress().status > 0 || action.ClassOf(err) != action.AppliedLost {
			return execOutputs{}, err
		}
		return execOutputs{}, e.lostExec(c, a, err)
	}
	defer attached.Close()
	stop := context.AfterFunc(ctx, attached.Close)
	defer stop()
	out, errs := &boundedText{}, &boundedText{}
	err = demultiplex(out, errs, attached.Reader)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return execOutputs{}, e.lostExec(c, a, err)
	}
	code, err := e.exitCode(ctx, c, id)
	if err != nil {
		return execOutputs{}, action.Lost(err)
	}
	return execOutputs{
		ExitCode: code, Stdout: out.String(), Stderr: errs.String(), Truncated: out.cut() || errs.cut(),
		DurationMS: schema.Milliseconds(e.call.Clock.Now().Sub(began)),
	}, nil
}

// lostExec is the failure of a program whose end was not seen. Docker ends no
// program because nobody looks any more.
func (e *Engine) lostExec(c *Container, a *Attempt, err error) error {
	took := schema.HumanDuration(a.progress().took)
	f := &action.Failure{
		Where: e.whereOf(c), Err: err, Tried: "exec, once, " + took,
		What: "the program was started and its end was not seen: " + action.Unreachable(a.ctx, err, action.Reach{Sent: true, Took: a.progress().took}).What + "; it may still run in the container",
		Do:   []string{e.Command("top " + c.name)},
	}
	if errors.Is(err, context.DeadlineExceeded) {
		f.What = "the program did not end in " + took + "; it may still run in the container"
	}
	return action.Lost(f)
}

// exitCode waits until the exec no longer runs: before that the client gives 0
// for "no exit code yet". The streams may end first.
func (e *Engine) exitCode(ctx context.Context, c *Container, id string) (int, error) {
	for {
		try, a := e.Try(ctx)
		r, err := e.API.ExecInspect(try, id, client.ExecInspectOptions{})
		if err != nil {
			return 0, e.Failed(a, err, c)
		}
		if !r.Running {
			return r.ExitCode, nil
		}
		if err := e.call.Clock.Sleep(ctx, 50*time.Millisecond); err != nil {
			return 0, e.lostExec(c, a, err)
		}
	}
}

func variables(env map[string]schema.Text) []string {
	names := make([]string, 0, len(env))
	for name := range env {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// commandLine shows arguments so that each is told from the next.
func commandLine(argv []string) string {
	shown := make([]string, len(argv))
	for i, a := range argv {
		shown[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\") {
			shown[i] = strconv.Quote(a)
		}
	}
	return strings.Join(shown, " ")
}

// boundedText keeps the beginning of what is written to it.
type boundedText struct {
	kept  []byte
	total int64
}

const maxExecBytes = 1 << 20

var _ io.Writer = (*boundedText)(nil)

// Write never fails.
func (t *boundedText) Write(b []byte) (int, error) {
	t.total += int64(len(b))
	if room := maxExecBytes - len(t.kept); room > 0 {
		t.kept = append(t.kept, b[:min(room, len(b))]...)
	}
	return len(b), nil
}

func (t *boundedText) cut() bool { return t.total > int64(len(t.kept)) }

// String returns the text as valid UTF-8, with a mark where it was cut.
func (t *boundedText) String() string {
	text := strings.ToValidUTF8(string(t.kept), "\uFFFD")
	if t.cut() {
		text += fmt.Sprintf("… (cut, %s bytes in all)", schema.HumanCount(t.total))
	}
	return text
}
