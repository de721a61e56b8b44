//go:build unix

package shell

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

func sh(script string) []any { return []any{"sh", "-c", script} }

func TestRunGivesCodeAndOutput(t *testing.T) {
	dir := t.TempDir()
	got := actiontest.Run(t, Run, actiontest.Call(t), map[string]any{
		"argv": sh("cat; echo $GREETING; pwd; echo oops >&2; exit 3"), "allow_codes": []any{0, 3}, "stdin": "in,", "dir": dir,
		"env": map[string]any{"GREETING": schema.NewSecret("word", "hello")},
	}).Outputs
	resolved, _ := filepath.EvalSymlinks(dir)
	if got["exit_code"] != 3 || got["stderr"] != "oops\n" || got["truncated"] != false ||
		(got["stdout"] != "in,hello\n"+dir+"\n" && got["stdout"] != "in,hello\n"+resolved+"\n") {
		t.Errorf("outputs %q", got)
	}
}

func TestArgumentsAreNotInterpreted(t *testing.T) {
	got := actiontest.Run(t, Run, actiontest.Call(t), map[string]any{"argv": []any{"printf", "%s", "$HOME; `id` && *"}}).Outputs
	if got["stdout"] != "$HOME; `id` && *" {
		t.Errorf("stdout %q", got["stdout"])
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		with    map[string]any
		what    string
		applied action.Applied
	}{
		{"exit code", map[string]any{"argv": sh("echo no space left >&2; exit 7")}, "exit code 7", action.AppliedPart},
		{"code that is not allowed", map[string]any{"argv": sh("exit 0"), "allow_codes": []any{4}}, "exit code 0, allowed are [4]", action.AppliedPart},
		{"signal", map[string]any{"argv": sh("kill -9 $$")}, "ended by signal: killed", action.AppliedPart},
		{"no program", map[string]any{"argv": []any{"no-such-program"}}, `no program "no-such-program"`, action.AppliedNot},
		{"no file", map[string]any{"argv": []any{"/no/such/program"}}, "not started: ", action.AppliedNot},
		{"no directory", map[string]any{"argv": []any{"true"}, "dir": "/no/such/dir"}, "/no/such/dir", action.AppliedNot},
		{"bad variable", map[string]any{"argv": []any{"true"}, "env": map[string]any{"A=B": "x"}}, "no name of a variable", action.AppliedNot},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := actiontest.Call(t)
			_, err := actiontest.Bind(t, Run, call, c.with).Run(t.Context(), call)
			var f *action.Failure
			if !errors.As(err, &f) || !strings.Contains(f.What, c.what) || f.Applied != c.applied {
				t.Errorf("%+v", err)
			}
			if c.name == "exit code" && (len(f.Seen) != 1 || f.Seen[0] != "no space left") {
				t.Errorf("seen %v", f.Seen)
			}
		})
	}
}

func TestDryRunStartsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made")
	call := actiontest.Call(t)
	call.DryRun = true
	_, err := actiontest.Bind(t, Run, call, map[string]any{"argv": []any{"touch", file}}).Run(t.Context(), call)
	if _, statErr := os.Stat(file); !errors.Is(err, action.ErrDryRun) || statErr == nil {
		t.Errorf("error %v, file: %v", err, statErr)
	}
}

func TestPreviewShowsNamesAndNoValues(t *testing.T) {
	call := actiontest.Call(t)
	preview, err := actiontest.Bind(t, Run, call, map[string]any{
		"argv": []any{"tar", "-C", "a b", "x;y"}, "dir": "/srv", "env": map[string]any{"B": "hunter22", "A": "1"}, "stdin": "hunter22",
	}).Preview(t.Context(), call)
	if err != nil || preview.Summary != `run tar -C "a b" "x;y" in /srv, with A, B, with a standard input` {
		t.Errorf("%q, %v", preview.Summary, err)
	}
}

// TestTheWholeGroupEnds starts a grandchild that ignores TERM and holds the
// pipes, in the program's session and in one of its own.
func TestTheWholeGroupEnds(t *testing.T) {
	for _, before := range []string{"", "setsid "} {
		theWholeGroupEnds(t, before)
	}
}

func theWholeGroupEnds(t *testing.T, before string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	call := actiontest.Call(t)
	var started time.Time
	go func() {
		pidIn(t, file)
		started = time.Now()
		cancel()
	}()
	_, err := actiontest.Bind(t, Run, call, map[string]any{
		"argv": []any{"sh", "-c", before + `sh -c 'trap "" TERM; echo $$ > "$1"; while :; do sleep 0.05; done' x "$0" & wait`, file},
	}).Run(ctx, call)
	f := action.AsFailure(err)
	if f.Applied != action.AppliedLost || !strings.HasPrefix(f.What, "cancelled after ") || time.Since(started) > 10*time.Second {
		t.Errorf("%+v after %s", f, time.Since(started))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	for range 100 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

func TestAProgramThatTakesTooLong(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	call := actiontest.Call(t)
	_, err := actiontest.Bind(t, Run, call, map[string]any{"argv": []any{"sleep", "60"}}).Run(ctx, call)
	// A busy machine may not have started it by then.
	if f := action.AsFailure(err); f.Applied == action.AppliedLost && !strings.HasPrefix(f.What, "not finished in ") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", f)
	}
}

func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestAGigabyteOfOutputStaysSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got := actiontest.Run(t, Run, actiontest.Call(t), map[string]any{"argv": sh("echo begin; head -c 200000000 /dev/zero | tr '\\0' 'x'; echo end")}).Outputs
	runtime.ReadMemStats(&after)
	stdout := got["stdout"].(string)
	if got["truncated"] != true || len(stdout) > maxOutput+64 || !strings.HasPrefix(stdout, "begin\n") || !strings.HasSuffix(stdout, "xend\n") || !strings.Contains(stdout, "MiB cut]") {
		t.Errorf("%d bytes, begins %q", len(stdout), stdout[:20])
	}
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 32<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
}

func FuzzOutputKeepsBothEnds(f *testing.F) {
	f.Add([]byte("abcdefghijklmnop"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		o := newOutput(16)
		for rest := data; len(rest) > 0; {
			n := min(int(step)+1, len(rest))
			_, _ = o.Write(rest[:n])
			rest = rest[n:]
		}
		half := min(8, len(data))
		head, tail := string(data[:half]), string(data[max(half, len(data)-8):])
		kept := string(o.tail[o.start:]) + string(o.tail[:o.start])
		if string(o.head) != head || kept != tail || o.cut() != (len(data) > 16) {
			t.Fatalf("%q in steps of %d: head %q, tail %q from %d", data, step, o.head, o.tail, o.start)
		}
	})
}

func TestProgramsAreLoggedWithoutValues(t *testing.T) {
	with := map[string]any{"argv": []any{"false", "private"}, "env": map[string]any{"X": "private"}, "stdin": "private"}
	if got := actiontest.Logged(t, Run, actiontest.Call(t), with); !strings.Contains(got, `msg=shell request="false with 1 word" status="exit status 1" took=`) {
		t.Error(got)
	}
}

// A program does not inherit the variables that secrets were read from, unless the
// step gives them.
func TestSecretsAreNotInherited(t *testing.T) {
	t.Setenv("RUNBOOK_TEST_HIDDEN", "hunter2hunter2")
	t.Setenv("RUNBOOK_TEST_HIDDEN_NOT", "seen")
	call := actiontest.Call(t)
	call.Hidden = []string{"RUNBOOK_TEST_HIDDEN"}
	with := map[string]any{"argv": sh("echo $RUNBOOK_TEST_HIDDEN/$RUNBOOK_TEST_HIDDEN_NOT")}
	if got := actiontest.Run(t, Run, call, with).Outputs; got["stdout"] != "/seen\n" {
		t.Errorf("stdout %q", got["stdout"])
	}
	with["env"] = map[string]any{"RUNBOOK_TEST_HIDDEN": "given"}
	if got := actiontest.Run(t, Run, call, with).Outputs; got["stdout"] != "given/seen\n" {
		t.Errorf("stdout %q", got["stdout"])
	}
}
