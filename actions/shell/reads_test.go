//go:build unix

package shell

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// recorders puts programs on the PATH that write a file when they are started, and
// returns that file.
func recorders(t *testing.T, names ...string) (folder, started string) {
	t.Helper()
	folder = t.TempDir()
	started = filepath.Join(folder, "started")
	for _, name := range names {
		text := "#!/bin/sh\necho \"$0 $*\" >> " + started + "\necho $GREETING; pwd\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return folder, started
}

// A dry run starts a program that the target lists, and nothing that is more than its
// words; what it starts is a read, and what it does not is none.
func TestWhatADryRunStarts(t *testing.T) {
	folder, started := recorders(t, "ask", "tell")
	t.Chdir(folder)
	for name, c := range map[string]struct {
		with   map[string]any
		starts bool
	}{
		"listed":                 {map[string]any{"argv": []any{"ask"}}, true},
		"with words":             {map[string]any{"argv": []any{"ask", "-x", "; touch y"}}, true},
		"with a code":            {map[string]any{"argv": []any{"ask"}, "allow_codes": []any{0, 1}}, true},
		"elsewhere":              {map[string]any{"argv": []any{"ask"}, "dir": "/"}, true},
		"with a password":        {map[string]any{"argv": []any{"ask"}, "env": map[string]any{"PGPASSWORD": schema.NewSecret("pg", "hunter22")}}, true},
		"not listed":             {map[string]any{"argv": []any{"tell"}}, false},
		"by a path":              {map[string]any{"argv": []any{"./ask"}}, false},
		"by its full path":       {map[string]any{"argv": []any{filepath.Join(folder, "ask")}}, false},
		"by a shell":             {map[string]any{"argv": []any{"sh", "-c", "ask"}}, false},
		"with a standard input":  {map[string]any{"argv": []any{"ask"}, "stdin": "drop"}, false},
		"detached":               {map[string]any{"argv": []any{"ask"}, "detach": true}, false},
		"with a path":            {map[string]any{"argv": []any{"ask"}, "env": map[string]any{"PATH": "/tmp"}}, false},
		"with a library":         {map[string]any{"argv": []any{"ask"}, "env": map[string]any{"LD_PRELOAD": "/tmp/x.so"}}, false},
		"with a file of a shell": {map[string]any{"argv": []any{"ask"}, "env": map[string]any{"BASH_ENV": "/tmp/x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(started)
			call := actiontest.Call(t)
			call.DryRun = true
			call.Target = action.Target{Name: "shell", Kind: "shell", Programs: []action.ProgramRule{{Argv: []string{"ask"}}}}
			bound := actiontest.Bind(t, Run, call, c.with)
			_, err := bound.Run(t.Context(), call)
			_, statErr := os.Stat(started)
			if (statErr == nil) != c.starts || errors.Is(err, action.ErrDryRun) == c.starts || c.starts && err != nil || (bound.Effect == action.Read) != c.starts {
				t.Errorf("started %v, effect %s, %v", statErr == nil, bound.Effect, err)
			}
		})
	}
}

// A target gives its programs variables, which those of a step go before, and a
// directory, from which that of a step is taken.
func TestWhatATargetGives(t *testing.T) {
	folder, _ := recorders(t, "ask")
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	call := actiontest.Call(t)
	call.Target = action.Target{Name: "shell", Kind: "shell", Config: map[string]any{"dir": folder, "env": map[string]any{"GREETING": schema.NewSecret("word", "hello")}}}
	for want, with := range map[string]map[string]any{
		"hello\n" + folder:            {},
		"hello\n" + folder + "/below": {"dir": "below"},
		"hello\n/":                    {"dir": "/"},
		"given\n" + folder:            {"env": map[string]any{"GREETING": "given"}},
	} {
		with["argv"] = []any{"ask"}
		bound := actiontest.Bind(t, Run, call, with)
		result, err := bound.Run(t.Context(), call)
		if err != nil || strings.TrimSpace(result.Outputs["stdout"].(string)) != want {
			t.Errorf("%v: %q, %v; want %q", with, result.Outputs["stdout"], err, want)
		}
		preview, _ := bound.Preview(t.Context(), call)
		if at := strings.SplitN(want, "\n", 2)[1]; !strings.Contains(preview.Summary, " in "+at) || strings.Contains(preview.Summary, "hello") {
			t.Errorf("preview %q", preview.Summary)
		}
	}
}
