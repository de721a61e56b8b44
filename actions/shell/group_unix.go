//go:build unix

package shell

import (
	"os/exec"
	"syscall"
	"time"
)

// inGroup makes the command the leader of a process group of its own. On
// cancellation the group gets TERM, and KILL after grace.
func inGroup(cmd *exec.Cmd, grace time.Duration) (end func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	timer := time.AfterFunc(time.Hour, func() { _ = kill(cmd, syscall.SIGKILL) })
	timer.Stop()
	cmd.Cancel = func() error {
		timer.Reset(grace)
		return kill(cmd, syscall.SIGTERM)
	}
	return func() {
		timer.Stop()
		_ = kill(cmd, syscall.SIGKILL)
	}
}

func kill(cmd *exec.Cmd, signal syscall.Signal) error {
	if cmd.Process == nil {
		return nil
	}
	return syscall.Kill(-cmd.Process.Pid, signal)
}

func signalOf(cmd *exec.Cmd) string {
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
