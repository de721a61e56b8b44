//go:build !unix

package shell

import (
	"os/exec"
	"time"
)

// inGroup ends the command's own process on cancellation; this system has no
// process groups, so children of the command are left to it.
func inGroup(cmd *exec.Cmd, _ time.Duration) (end func()) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	return func() {}
}

func signalOf(*exec.Cmd) string { return "" }
