//go:build unix

package actions_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/run"
)

// TestOutcomeOfPrograms holds of a program what TestOutcomeEqualsTruth holds of
// requests: it leaves a line for each time that it began, whatever becomes of it.
func TestOutcomeOfPrograms(t *testing.T) {
	s := newStage(t, fstest.MapFS{})
	s.wire(t)
	defer s.unwire()
	s.clock = action.SystemClock()
	for name, c := range map[string]struct {
		then    string // what the program does when it has left its line
		keys    step
		signals int
		lines   int
		told    action.Applied
		code    int
	}{
		"ends well":               {then: "true", lines: 1, told: action.AppliedFully},
		"fails":                   {then: "exit 3", lines: 1, told: action.AppliedPart, code: 1},
		"fails, and is warned of": {then: "exit 3", keys: step{"on_failure": "warn"}, lines: 1, told: action.AppliedPart, code: 1},
		"is killed":               {then: "kill -9 $$", lines: 1, told: action.AppliedPart, code: 1},
		"takes too long":          {then: "sleep 60", keys: step{"timeout": "500ms"}, lines: 1, told: action.AppliedLost, code: 6},
		"a signal meanwhile":      {then: "sleep 0.3", signals: 1, lines: 1, told: action.AppliedFully, code: 130},
		"two signals meanwhile":   {then: "sleep 60", signals: 2, lines: 1, told: action.AppliedLost, code: 6},
		"is not there":            {keys: step{"with": "{argv: [no-such-program]}"}, code: 1},
		"in no folder":            {keys: step{"with": "{argv: [sh, -c, ':'], dir: /no/such/folder}"}, code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "lines")
			change := step{"with": " {argv: [sh, -c, " + strconv.Quote("echo x >> "+file+"; "+c.then) + "]}", "action": " shell.run", "id": " " + changePath}.with(c.keys)
			stop := make(chan run.Signal, 2)
			got := &outcome{played: s.play(t, document("proof", step{"steps": list(change, later)}), run.Mode{}, stop, func(e *event.Event) {
				if e.Type == event.TypeIntent && c.signals > 0 {
					go func() {
						for lines(file) == 0 {
							time.Sleep(time.Millisecond)
						}
						for range c.signals {
							stop <- run.Signal{Name: "SIGINT", Code: 130}
						}
					}()
				}
			})}
			if got.ExitCode != c.code || got.told() != string(c.told) || lines(file) != c.lines {
				t.Errorf("exit %d, want %d; told %q, want %q; %d lines: %+v", got.ExitCode, c.code, got.told(), c.told, lines(file), got.Failure)
			}
			if began := got.began("later"); began != (c.code == 0) {
				t.Errorf("what follows began: %v", began)
			}
		})
	}
}

func lines(file string) int {
	text, _ := os.ReadFile(file)
	return bytes.Count(text, []byte("\n"))
}

// filed are the actions that change files of this machine and nothing of their targets.
var filed = map[string]string{
	"docker.copy_from":  "{container: app, from: /etc, to: DIR}",
	"docker.save_image": "{images: ['redis:7.2'], to: DIR/image.tar}",
	"docker.save_logs":  "{container: app, to: DIR/app.log.gz}",
	"mongo.dump":        "{collections: [tasks], to: DIR}",
}

// TestOutcomeOfFiles holds that files that an action left are told, and none that it did
// not make.
func TestOutcomeOfFiles(t *testing.T) {
	t.Parallel()
	for name, with := range filed {
		t.Run(name, func(t *testing.T) { outcomeOfFiles(t, name, with) })
	}
}

func outcomeOfFiles(t *testing.T, name, with string) {
	for _, f := range append([]fault{{name: "none", befall: func(*scene) {}}}, faults...) {
		if f.sent || f.repeats { // of a request that changes the database
			continue
		}
		s := newStage(t, fstest.MapFS{})
		s.wire(t)
		dir := filepath.Join(t.TempDir(), "dump")
		got := &outcome{played: s.play(t, document("proof", step{"steps": list(step{
			"id": " " + changePath, "action": " " + name, "with": " " + strings.ReplaceAll(with, "DIR", dir),
		})}), run.Mode{}, nil, func(e *event.Event) {
			if e.Type == event.TypeIntent {
				f.befall(&scene{stage: s, target: strings.Split(name, ".")[0]})
			}
		})}
		s.unwire()
		files, _ := os.ReadDir(dir)
		if (len(files) > 0) != (got.told() != "") || f.name == "none" && got.told() != string(action.AppliedFully) {
			t.Errorf("%s: told %q, left %v: %+v", f.name, got.told(), files, got.Failure)
		}
	}
}
