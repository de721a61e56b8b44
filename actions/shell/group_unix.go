//go:build unix

package shell

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// group is a program and what it starts: a process group of its own. Its guard is the
// first of it, so that the group is guarded before the program begins.
type group struct {
	cmd    *exec.Cmd
	detach bool
	id     int         // of the process group
	mark   string      // the variable by which what went to another session is known
	timer  *time.Timer // KILL after TERM
	stop   func() bool
	guard  *exec.Cmd // ends the group if this process dies; nil: none
}

// marking is the variable that a program and all that it starts have.
const marking = "RUNBOOK_PROGRAM"

// guarding waits for the end of this process, which holds the other end of its input,
// and ends what has the mark, and its own group.
const guarding = `trap "" TERM INT HUP QUIT; read -r end
for look in 1 2 3; do
	for found in $(grep -ls -e "$0" /proc/[0-9]*/environ); do pid=${found#/proc/}; kill -s KILL "${pid%/environ}"; done
done
kill -s KILL 0`

// start starts the program. When ctx ends the group gets TERM, and KILL after grace.
func start(ctx context.Context, cmd *exec.Cmd, detach bool) (*group, error) {
	g := &group{cmd: cmd, detach: detach}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !detach, Setsid: detach}
	if !detach {
		g.mark = marking + "=" + rand.Text()
		cmd.Env = append(cmd.Env, g.mark)
		g.watch()
		cmd.SysProcAttr.Pgid = g.id
	}
	g.timer = time.AfterFunc(time.Hour, func() { g.kill(syscall.SIGKILL) })
	g.timer.Stop()
	if err := cmd.Start(); err != nil {
		g.dismiss()
		return nil, err
	}
	if g.guard == nil {
		g.id = cmd.Process.Pid
	}
	g.stop = context.AfterFunc(ctx, func() {
		g.timer.Reset(grace)
		g.kill(syscall.SIGTERM)
	})
	return g, nil
}

// watch starts the guard, where there is a shell. No signal that ends the group in
// peace ends it.
func (g *group) watch() {
	guard := exec.Command("sh", "-c", guarding, g.mark)
	guard.Env, guard.SysProcAttr = []string{"PATH=" + os.Getenv("PATH")}, &syscall.SysProcAttr{Setpgid: true}
	if _, err := guard.StdinPipe(); err == nil && guard.Start() == nil { // held until it is dismissed
		g.guard, g.id = guard, guard.Process.Pid
	}
}

// dismiss ends the guard.
func (g *group) dismiss() {
	if g.guard != nil {
		_ = g.guard.Process.Kill()
		_ = g.guard.Wait()
		g.guard = nil
	}
}

func (g *group) kill(signal syscall.Signal) { _ = syscall.Kill(-g.id, signal) }

// end ends what is left of the group and returns its names, and of what went to a
// session of its own those too: that stays unless the program was stopped. What ends by
// itself in a moment is not among them, and what is detached stays.
func (g *group) end(stopped bool) (left, apart []string) {
	g.stop()
	g.timer.Stop()
	if g.detach {
		return nil, nil
	}
	for until := time.Now().Add(linger); ; time.Sleep(linger / 10) {
		if left = g.members(); len(left) == 0 || time.Now().After(until) {
			break
		}
	}
	g.kill(syscall.SIGKILL)
	apart, pids := g.others()
	for try := 0; stopped && len(pids) > 0 && try < 3; try++ { // what they start meanwhile has the mark too
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_, pids = g.others()
	}
	g.dismiss()
	return left, apart
}

// members are the processes of the group, but for the guard, by their command lines.
func (g *group) members() (names []string) {
	id := strconv.Itoa(g.id)
	err := living(func(pid int, group string) {
		if group == id && (g.guard == nil || pid != g.guard.Process.Pid) {
			names = append(names, nameOf(pid))
		}
	})
	if err == nil {
		return names
	}
	if g.dismiss(); syscall.Kill(-g.id, 0) != nil {
		return nil
	}
	return []string{"a process"} // this system does not say which
}

// others are the processes that have the mark and went to another group.
func (g *group) others() (names []string, pids []int) {
	id, mark := strconv.Itoa(g.id), []byte(g.mark)
	_ = living(func(pid int, group string) {
		if group == id {
			return
		}
		if env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); bytes.Contains(env, mark) {
			names, pids = append(names, nameOf(pid)), append(pids, pid)
		}
	})
	return names, pids
}

// living calls f with each process that is no zombie, and with its group.
func living(f func(pid int, group string)) error {
	all, err := os.ReadDir("/proc")
	for _, entry := range all {
		pid, bad := strconv.Atoi(entry.Name())
		if bad != nil {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + entry.Name() + "/stat")
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // behind the name: state, parent, group
		if len(fields) > 2 && fields[0][0] != 'Z' {
			f(pid, string(fields[2]))
		}
	}
	return err
}

// nameOf is the command line of a process, and its number.
func nameOf(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	return fmt.Sprintf("%s (pid %d)", commandLine(words, 60), pid)
}

func signalOf(cmd *exec.Cmd) string {
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
