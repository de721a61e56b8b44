// Package shell runs child processes: a program with its arguments, never a
// line for a shell to interpret.
package shell

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const (
	maxOutput = 1 << 20                // kept of each stream
	grace     = 5 * time.Second        // between TERM and KILL
	linger    = 250 * time.Millisecond // what the program started may end so long after it
)

// RunParams are the parameters of shell.run.
type RunParams struct {
	Argv       []string               `yaml:"argv" min:"1" doc:"The program and its arguments. No shell interprets them."`
	Env        map[string]schema.Text `yaml:"env,omitempty" doc:"Variables, over those of the target and those that the engine was started with but for the ones that secrets were read from. Beside them is RUNBOOK_PROGRAM, by which the engine knows what the program started."`
	Dir        string                 `yaml:"dir,omitempty" doc:"The directory to run in; by default that of the target, from which it is taken where it is relative."`
	Stdin      schema.Text            `yaml:"stdin,omitempty" doc:"What the program reads; by default nothing."`
	Detach     bool                   `yaml:"detach,omitempty" doc:"What the program starts may stay after it; without it that is ended, and the step fails, but for what went to a session of its own. What it writes is seen up to the end of the program."`
	AllowCodes []int                  `yaml:"allow_codes,omitempty" doc:"The exit codes that are no failure; by default only 0."`
}

// variables are the names of those that the step gives, in order.
func (p RunParams) variables() []string { return slices.Sorted(maps.Keys(p.Env)) }

// Brief returns the command line.
func (p RunParams) Brief() string { return commandLine(p.Argv, 60) }

// RunOutputs are the outputs of shell.run.
type RunOutputs struct {
	ExitCode   int      `yaml:"exit_code" doc:"The exit code, one of allow_codes."`
	Stdout     string   `yaml:"stdout" show:"last" doc:"Standard output; of more than 1 MiB its first and last half MiB, and a mark between."`
	Stderr     string   `yaml:"stderr" show:"last" doc:"Standard error, cut in the same way."`
	Truncated  bool     `yaml:"truncated" doc:"Whether one of the two was cut."`
	Held       bool     `yaml:"held" doc:"Whether a process of another session still held the output, which was not read any further."`
	Left       []string `yaml:"left" doc:"What it started that went to a session of its own, as a daemon does, and runs on: command lines, on Linux."`
	DurationMS float64  `yaml:"duration_ms" doc:"How long the program ran, in milliseconds."`
}

// Summary returns the exit code and the time.
func (o RunOutputs) Summary() string {
	text := fmt.Sprintf("exit %d in %s", o.ExitCode, schema.HumanMilliseconds(o.DurationMS))
	switch {
	case len(o.Left) > 0:
		text += "; it left running " + strings.Join(o.Left, ", ")
	case o.Held:
		text += "; a process of another session still holds its output"
	}
	return text
}

// Run runs a program in a process group of its own, which ends with the step, or with
// the engine itself: what shall outlive it is detached. What goes to a session of its
// own is known by a variable: it is told after the step, and ended with the engine.
var Run = action.New(action.Spec[RunParams, RunOutputs]{
	Name:    "shell.run",
	Summary: "Runs a program with its arguments and gives its exit code and output.",
	Example: `
id: kernel
action: shell.run
with: {argv: [uname, -r]}
verify: [outputs.stdout != ""]
`,
	Target:   Target,
	Effect:   action.Write,
	EffectAt: effect,
	EffectBy: []string{"env", "stdin", "detach"}, // a word of argv that is not known is on no list
	AtBest:   effectAtBest,
	Child:    true,
	Run:      run,
	Preview:  preview,
})

func run(ctx context.Context, call action.Call, p RunParams) (RunOutputs, error) {
	where := "shell.run " + p.Brief()
	if call.DryRun && effect(call.Target, p) != action.Read {
		return RunOutputs{}, action.RefusedInDryRun(where)
	}
	asked := action.Asked{Target: call.Target.Name, Argv: p.Argv}
	answer, err := call.Confine.Program(where, asked)
	if err != nil {
		return RunOutputs{}, err
	}
	if err := ctx.Err(); err != nil {
		return RunOutputs{}, &action.Failure{Applied: action.AppliedNot, What: "not started: " + err.Error(), Where: where, Err: err}
	}
	at, where, err := placeOf(call, answer, where)
	if err != nil {
		return RunOutputs{}, err
	}
	stdout, stderr := newOutput(maxOutput), newOutput(maxOutput)
	started := call.Clock.Now()
	e, err := at.run(ctx, call, p, stdout, stderr)
	if err != nil {
		return RunOutputs{}, told(err, RunOutputs{Stdout: stdout.String(), Stderr: stderr.String()})
	}
	took := call.Clock.Now().Sub(started)
	// The words after the program may hold anything.
	call.LogRequest("shell", p.Argv[0]+" with "+schema.HumanQuantity(len(p.Argv)-1, "word", "words"), e.status, took)
	o := RunOutputs{
		ExitCode: e.code, Stdout: stdout.String(), Stderr: stderr.String(),
		Truncated:  stdout.cut() || stderr.cut(),
		Held:       e.held,
		Left:       e.apart,
		DurationMS: schema.Milliseconds(took),
	}
	if ctx.Err() != nil {
		return RunOutputs{}, stopped(ctx, where, o, e.stopped)
	}
	if !o.Truncated && answer == nil {
		call.Confine.Record(asked, action.Answer{ExitCode: o.ExitCode, Stdout: o.Stdout, Stderr: o.Stderr})
	}
	if !allowed(p, o.ExitCode) {
		return RunOutputs{}, exited(where, p, o, e.signal, e.err)
	}
	if len(e.left) > 0 {
		return RunOutputs{}, &action.Failure{
			Applied: action.AppliedPart, Final: true, Where: where, Tried: "once, " + schema.HumanMilliseconds(o.DurationMS), Seen: seen(o),
			What: fmt.Sprintf("exit code %d, and it left behind what was ended with it: %s", o.ExitCode, strings.Join(e.left, ", ")),
			Do:   []string{"write detach: true where that is to stay, or let the program wait for it"},
		}
	}
	return o, nil
}

// dir is where a program runs: the step's directory, from that of the target.
func (c targetConfig) dir(p RunParams) string {
	if filepath.IsAbs(p.Dir) {
		return p.Dir
	}
	return filepath.Join(c.Dir, p.Dir)
}

func allowed(p RunParams, code int) bool {
	if len(p.AllowCodes) == 0 {
		return code == 0
	}
	return slices.Contains(p.AllowCodes, code)
}

// stopped is a program that was ended with its step; what it had done by then
// is not known.
func stopped(ctx context.Context, where string, o RunOutputs, became string) error {
	ran := schema.HumanMilliseconds(o.DurationMS)
	f := &action.Failure{Applied: action.AppliedLost, What: "cancelled after " + ran, Where: where, Err: ctx.Err(), Seen: seen(o)}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		f.What = "not finished in " + ran
		f.Do = []string{"raise the step's timeout"}
	}
	f.Tried = "once; " + became
	return f
}

// told adds to a lost reply what the program had written by then.
func told(err error, o RunOutputs) error {
	var f *action.Failure
	if errors.As(err, &f) && f.Applied == action.AppliedLost {
		f.Seen = seen(o)
	}
	return err
}

// exited is a program that ended with another code than those allowed: it may
// have done a part of its work.
func exited(where string, p RunParams, o RunOutputs, signal string, err error) error {
	f := &action.Failure{
		Applied: action.AppliedPart, What: "exit code " + strconv.Itoa(o.ExitCode), Where: where, Err: err,
		Tried: "once, " + schema.HumanMilliseconds(o.DurationMS),
		Seen:  seen(o),
	}
	if signal != "" {
		f.What = "ended by signal: " + signal
	}
	if len(p.AllowCodes) > 0 {
		f.What += fmt.Sprintf(", allowed are %v", p.AllowCodes)
	}
	return f
}

func seen(o RunOutputs) []string {
	lines := lastLines(o.Stderr, 5, 200)
	if len(lines) == 0 {
		lines = lastLines(o.Stdout, 5, 200)
	}
	if len(o.Left) > 0 {
		lines = append(lines, "it left running "+strings.Join(o.Left, ", "))
	}
	return lines
}

func preview(_ context.Context, call action.Call, p RunParams) (action.Preview, error) {
	at, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return action.Preview{}, err
	}
	text := "run " + commandLine(p.Argv, 2000)
	if dir := at.dir(p); dir != "" {
		text += " in " + dir
	}
	if len(p.Env) > 0 {
		text += ", with " + strings.Join(p.variables(), ", ")
	}
	if p.Stdin.Reveal() != "" {
		text += ", with a standard input"
	}
	return action.Preview{Summary: text}, nil
}

// commandLine returns argv for people, quoted where it must be, at most limit
// bytes and a mark.
func commandLine(argv []string, limit int) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = word
		if word == "" || strings.ContainsFunc(word, needsQuote) {
			words[i] = strconv.Quote(word)
		}
	}
	line := strings.Join(words, " ")
	if len(line) > limit {
		return strings.ToValidUTF8(line[:limit], "") + "…"
	}
	return line
}

func needsQuote(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`$\\|&;<>()*?[]{}!#~", r)
}
