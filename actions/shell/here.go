package shell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"runbook/engine/action"
)

// here is this machine.
type here struct{ targetConfig }

func (h here) run(ctx context.Context, call action.Call, p RunParams, stdout, stderr io.Writer) (ended, error) {
	where := "shell.run " + p.Brief()
	cmd, err := command(call, h.targetConfig, p)
	if err != nil {
		return ended{}, notStarted(where, p, err)
	}
	read, err := streams(cmd, p.Detach, stdout, stderr)
	if err != nil {
		return ended{}, notStarted(where, p, err)
	}
	cmd.WaitDelay = linger
	g, err := start(ctx, cmd, p.Detach)
	if err != nil {
		read()
		return ended{}, notStarted(where, p, err)
	}
	err = cmd.Wait()
	left, apart := g.end(ctx.Err() != nil)
	read()
	return ended{
		code: cmd.ProcessState.ExitCode(), signal: signalOf(cmd), status: cmd.ProcessState.String(), err: err,
		left: left, apart: apart, held: len(left) == 0 && errors.Is(err, exec.ErrWaitDelay),
		stopped: "it and what it started were ended",
	}, nil
}

// streams are the two outputs of a program. Those of one that is detached are files,
// so that what stays can write on: they have no names, and read reads them so far.
func streams(cmd *exec.Cmd, detach bool, stdout, stderr io.Writer) (read func(), err error) {
	cmd.Stdout, cmd.Stderr = stdout, stderr
	var files [2]*os.File
	read = func() {
		for i, o := range []io.Writer{stdout, stderr} {
			if files[i] != nil {
				_, _ = io.Copy(o, io.NewSectionReader(files[i], 0, 1<<62))
				files[i].Close()
			}
		}
	}
	for i, at := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		if !detach {
			break
		}
		if files[i], err = os.CreateTemp("", "runbook-"); err != nil {
			break
		}
		_ = os.Remove(files[i].Name())
		*at = files[i]
	}
	if err != nil {
		read()
	}
	return read, err
}

func command(call action.Call, at targetConfig, p RunParams) (*exec.Cmd, error) {
	if len(p.Argv) == 0 || p.Argv[0] == "" {
		return nil, errors.New("argv names no program")
	}
	cmd := exec.Command(p.Argv[0], p.Argv[1:]...)
	if cmd.Err != nil {
		return nil, cmd.Err
	}
	if cmd.Dir = at.dir(p); cmd.Dir != "" {
		if info, err := os.Stat(cmd.Dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("no directory %q", cmd.Dir)
		}
	}
	cmd.Env = inherited(os.Environ(), call.Hidden)
	given, err := at.variables(p)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, given...)
	if text := p.Stdin.Reveal(); text != "" {
		cmd.Stdin = strings.NewReader(text)
	}
	return cmd, nil
}

// inherited are the variables that a program gets without being given them: none
// from which a secret was read.
func inherited(all, hidden []string) []string {
	return slices.DeleteFunc(all, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(hidden, name)
	})
}

func notStarted(where string, p RunParams, err error) error {
	f := &action.Failure{Applied: action.AppliedNot, What: "not started: " + err.Error(), Where: where, Final: true, Err: err}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		f.What = fmt.Sprintf("no program %q", p.Argv[0])
		f.Seen = []string{"PATH is " + cmp.Or(os.Getenv("PATH"), "not set")}
		f.Do = []string{"install " + p.Argv[0] + ", or give its full path in argv"}
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission):
		f.Do = []string{"ls -l " + p.Argv[0]}
	}
	return f
}
