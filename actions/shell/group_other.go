//go:build !unix

package shell

import (
	"context"
	"os/exec"
)

// group is a program; this system has no process groups, so what it starts is left
// to it.
type group struct{ stop func() bool }

// start starts the program, which ctx ends.
func start(ctx context.Context, cmd *exec.Cmd, _ bool) (*group, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &group{stop: context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })}, nil
}

func (g *group) end(bool) (left, apart []string) {
	g.stop()
	return nil, nil
}

func signalOf(*exec.Cmd) string { return "" }
