//go:build unix

package shell

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/internal/realtest"
)

// elsewhere is a call to a target that is another host.
func elsewhere(t *testing.T, s *realtest.SSH, more map[string]any) action.Call {
	t.Helper()
	call := actiontest.Call(t)
	config := map[string]any{"host": s.URL, "key": schema.NewSecret("deploy_key", s.Key), "known_hosts": s.KnownHosts}
	for key, v := range more {
		config[key] = v
	}
	shown, notes := Target.Address(config)
	call.Target = action.Target{
		Name: "web1", Kind: "shell", Config: config, Address: shown, Notes: notes,
		Programs: []action.ProgramRule{{Argv: []string{"cat"}}, {Argv: []string{"printenv"}}},
	}
	return call
}

// At another host a program gets what the target and the step give it, and its end is
// told as that of one here.
func TestThere(t *testing.T) {
	s := realtest.StartSSH(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	call := elsewhere(t, s, map[string]any{"dir": dir, "env": map[string]any{"A": "of the target", "B": "of the target"}})
	for name, c := range map[string]struct {
		with map[string]any
		out  string
		what string // of a failure
	}{
		"all of it":    {with: map[string]any{"argv": sh(`pwd -P; echo "$A, $B"; cat`), "dir": "sub", "env": map[string]any{"B": "of the step"}, "stdin": "in"}, out: dir + "/sub\nof the target, of the step\nin"},
		"another code": {with: map[string]any{"argv": sh("echo no >&2; exit 3")}, what: "exit code 3"},
		"one allowed":  {with: map[string]any{"argv": sh("exit 3"), "allow_codes": []any{3}}},
		"a signal":     {with: map[string]any{"argv": sh("kill -s KILL $$")}, what: "ended by signal: KILL"},
		"no program":   {with: map[string]any{"argv": []any{"no-such-program"}}, what: `no program "no-such-program" there`},
		"left behind":  {with: map[string]any{"argv": sh("sleep 322 & echo x")}, what: "it left behind what was ended with it: sleep 322 (pid "},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := actiontest.Bind(t, Run, call, c.with).Run(t.Context(), call)
			f := action.AsFailure(cmpErr(err))
			if !strings.Contains(f.What, c.what) || (err == nil) != (c.what == "") || err == nil && res.Outputs["stdout"] != c.out {
				t.Errorf("%v, %+v", res.Outputs, f)
			}
			if err != nil && !strings.Contains(f.Where, "ssh://") {
				t.Errorf("where: %s", f.Where)
			}
		})
	}
}

// A dry run reads by the programs that the target lists, and opens a session for
// nothing else.
func TestADryRunThere(t *testing.T) {
	s := realtest.StartSSH(t)
	call := elsewhere(t, s, map[string]any{"env": map[string]any{"PATH": os.Getenv("PATH"), "A": "b"}})
	call.DryRun = true
	for _, with := range []map[string]any{
		{"argv": []any{"touch", "x"}}, {"argv": []any{"cat"}, "stdin": "x"}, {"argv": []any{"cat"}, "detach": true}, {"argv": []any{"cat"}, "env": map[string]any{"LD_PRELOAD": "x"}},
	} {
		_, err := actiontest.Bind(t, Run, call, with).Run(t.Context(), call)
		if err == nil || !strings.Contains(err.Error(), action.ErrDryRun.Error()) {
			t.Errorf("%v: %v", with, err)
		}
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections for what is no read", n)
	}
	bound := actiontest.Bind(t, Run, call, map[string]any{"argv": []any{"printenv", "A"}})
	res, err := bound.Run(t.Context(), call)
	if err != nil || res.Outputs["stdout"] != "b\n" || bound.Effect != action.Read {
		t.Errorf("%v %v", res.Outputs, err)
	}
}

// What is cancelled is gone there, and what is cut may not be: of both the effect is
// lost.
func TestCancelledAndCutThere(t *testing.T) {
	s := realtest.StartSSH(t)
	for _, cut := range []bool{false, true} {
		call := elsewhere(t, s, nil)
		file := filepath.Join(t.TempDir(), "pid")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := actiontest.Bind(t, Run, call, map[string]any{"argv": append(sh(`echo begun; sleep 323 & echo $! > "$0"; wait`), file)}).Run(ctx, call)
			done <- err
		}()
		pid := pidIn(t, file)
		if cut {
			s.Cut()
		} else {
			cancel()
		}
		f := action.AsFailure(<-done)
		cancel()
		if f.Applied != action.AppliedLost || !strings.Contains(f.Where, "ssh://") {
			t.Errorf("cut %v: %+v", cut, f)
		}
		if cut {
			if !strings.Contains(f.What, "may still run there") || !lives(pid) {
				t.Errorf("cut: %+v", f)
			}
			other := elsewhere(t, s, nil)
			_, _ = actiontest.Bind(t, Run, other, map[string]any{"argv": append(sh("kill $0"), strconv.Itoa(pid))}).Run(t.Context(), other)
			continue
		}
		if f.Tried != "once; its process group was ended there" {
			t.Errorf("cancelled: %+v", f)
		}
		gone(t, pid)
	}
}

// What is wrong with the host of a target is told when the environment is read.
func TestHostsOfTargets(t *testing.T) {
	for want, config := range map[string]map[string]any{
		"":                                 {"host": "ssh://deploy@10.0.4.21", "key": "~/.ssh/deploy"},
		"host: it is no address of a host": {"host": "10.0.4.21"},
		"host: an address of a host has no path; write dir: /srv": {"host": "ssh://deploy@10.0.4.21/srv"},
		"key: it is for a host that is reached over ssh":          {"key": "~/.ssh/deploy"},
		"host: a password has no place in the address":            {"host": "ssh://deploy:hunter2@10.0.4.21"},
	} {
		_, err := Target.Parse(config)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%v: %v", config, err)
		}
	}
}
