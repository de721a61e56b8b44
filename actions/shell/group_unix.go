//go:build unix

package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// group is a program and what it starts: a process group of its own.
type group struct {
	cmd    *exec.Cmd
	detach bool
	timer  *time.Timer // KILL after TERM
	stop   func() bool
	guard  *exec.Cmd // ends the group if this process dies; nil: none
	told   io.WriteCloser
}

// guarding reads the group, then waits for the end of this process, which holds the
// other end of its input.
const guarding = `read -r group && { read -r end; kill -s KILL -- "-$group"; }`

// start starts the program. When ctx ends the group gets TERM, and KILL after grace.
func start(ctx context.Context, cmd *exec.Cmd, detach bool) (*group, error) {
	g := &group{cmd: cmd, detach: detach}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !detach, Setsid: detach}
	if !detach {
		g.watch()
	}
	g.timer = time.AfterFunc(time.Hour, func() { g.kill(syscall.SIGKILL) })
	g.timer.Stop()
	if err := cmd.Start(); err != nil {
		g.end()
		return nil, err
	}
	if g.told != nil {
		_, _ = fmt.Fprintln(g.told, cmd.Process.Pid)
	}
	g.stop = context.AfterFunc(ctx, func() {
		g.timer.Reset(grace)
		g.kill(syscall.SIGTERM)
	})
	return g, nil
}

// watch starts the guard, where there is a shell.
func (g *group) watch() {
	guard := exec.Command("sh", "-c", guarding)
	guard.Env, guard.SysProcAttr = []string{}, &syscall.SysProcAttr{Setsid: true}
	if told, err := guard.StdinPipe(); err == nil && guard.Start() == nil {
		g.guard, g.told = guard, told
	}
}

func (g *group) kill(signal syscall.Signal) { _ = syscall.Kill(-g.cmd.Process.Pid, signal) }

// end ends what is left of the group and returns its names. What ends by itself in a
// moment is not among them, and what is detached stays.
func (g *group) end() (left []string) {
	if g.stop != nil {
		g.stop()
		g.timer.Stop()
	}
	if g.cmd.Process != nil && !g.detach {
		for wait := time.Duration(0); wait < linger; wait += linger / 10 {
			if left = g.members(); len(left) == 0 {
				break
			}
			time.Sleep(linger / 10)
		}
		g.kill(syscall.SIGKILL)
	}
	if g.guard != nil {
		_ = g.guard.Process.Kill()
		_ = g.guard.Wait()
	}
	return left
}

// members are the processes of the group that live, by their command lines.
func (g *group) members() (names []string) {
	if syscall.Kill(-g.cmd.Process.Pid, 0) != nil {
		return nil
	}
	all, err := os.ReadDir("/proc")
	if err != nil {
		return []string{"a process"} // this system does not say which
	}
	for _, entry := range all {
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		at := bytes.LastIndexByte(stat, ')') // behind it: state, parent, group
		if err != nil || at < 0 {
			continue
		}
		fields := bytes.Fields(stat[at+1:])
		if len(fields) < 3 || fields[0][0] == 'Z' || string(fields[2]) != strconv.Itoa(g.cmd.Process.Pid) {
			continue
		}
		line, _ := os.ReadFile("/proc/" + entry.Name() + "/cmdline")
		names = append(names, commandLine(strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"), 60)+" (pid "+entry.Name()+")")
	}
	return names
}

func signalOf(cmd *exec.Cmd) string {
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
