//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pasteScene is a call of the program that has something to propose.
type pasteScene struct {
	line  string // of a shell
	needs string // what is proposed at least
}

// proposed finds the commands of this program in what it printed: behind a label,
// two blanks or a colon.
var proposed = regexp.MustCompile(`(?m)(?: {2}|[^r]: |= )(runbook [a-z][^\n]*?)(?: {2,}[^\n]*)?$`)

// placeholder is what a reader has to fill in.
var placeholder = regexp.MustCompile(`\b(NAME|RUN|PATH|FILE|WORDS)\b`)

const pasteFiles = `
-- playbooks/needs.yaml --
playbook: needs
title: It needs inputs
purpose: To ask for inputs.
expected: It ends.
inputs:
  window: {type: duration, default: 60s, doc: How long}
  name: {type: string, doc: Whose}
  key: {type: secret, doc: A key}
steps:
  - {id: told, title: Tell, action: flow.log, with: {text: "${{ inputs.name }}"}}
-- two words/it's.yaml --
playbook: its
title: It asks
purpose: To ask.
expected: It ends.
lock: [it]
inputs: {name: {type: string, default: x, doc: Whose}}
see_also: [needs, memory-leak, gone]
steps:
  - {id: touch, title: Touch, action: shell.run, with: {argv: ["true", "${{ inputs.name }}"]}, approve: {message: "Now?"}}
-- fails.yaml --
playbook: fails
title: It fails
purpose: To fail.
expected: It fails.
lock: [fail]
see_also: [gone, needs, quick-health]
steps:
  - {id: no, title: Fail, action: flow.fail, with: {message: "no"}}
-- slow.yaml --
playbook: slow
title: It is killed
purpose: To be killed.
expected: It ends.
lock: [slow]
steps:
  - {id: touch, title: Touch, action: shell.run, with: {argv: ["true"]}}
  - {id: wait, title: Wait, action: flow.wait, with: {for: 30s}}
-- wrong.yaml --
playbook: wrong
title: It is wrong
steps: [{id: a, action: no.such}]
-- runbook.yaml --
default: staging
environments:
  staging: {policy: {deny: [mongo.*]}, targets: &none {docker: {host: unix:///none}, http: {base_url: "http://127.0.0.1:1"}, mongo: {uri: "mongodb://127.0.0.1:1"}, redis: {address: "127.0.0.1:1"}}}
  'two words': {targets: *none}
  locked: {protected: true}
-- guarded.yaml --
default: locked
environments:
  locked: {protected: true}
`

// TestPrintedCommandsWorkWhenPasted gives every command that the program proposes in
// these scenes to a shell as it stands. One that would change something is made a dry
// run; each is understood, and finds what it names.
func TestPrintedCommandsWorkWhenPasted(t *testing.T) {
	p := build(t)
	must(t, os.Mkdir(filepath.Join(p.dir, "copy"), 0o700))
	for part := range strings.SplitSeq(pasteFiles, "\n-- ") {
		name, text, _ := strings.Cut(part, " --\n")
		if path := filepath.Join(p.dir, name); text != "" {
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
		}
	}
	for _, scene := range []pasteScene{
		{`runbook run fails.yaml`, "runbook show quick-health"},
		{`runbook vaildate fails.yaml`, "runbook validate fails.yaml"},
		{`runbook run`, "runbook run memory-leak"},
		{`runbook show`, "runbook show memory-leak"},
		{`runbook show --colour x`, "runbook help show"},
		{`runbook graph a b`, "runbook graph memory-leak"},
		{`runbook report`, "runbook report last"},
		{`runbook report nope`, "runbook runs"},
		{`runbook runs --limit -1`, "runbook runs --limit 20"},
		{`runbook list nothing such`, "runbook list"},
		{`runbook actions docker.restrat`, "runbook actions docker.restart"},
		{`runbook actions zzz`, "runbook actions"},
		{`runbook validate`, "runbook validate playbooks"},
		{`runbook validate memroy-leak`, "runbook show memory-leak"},
		{`runbook show memroy-leak`, "runbook show memory-leak"},
		{`runbook show './two words/it'\''s.yaml'`, `runbook run './two words/it'\''s.yaml' --dry-run`},
		{`runbook run wrong.yaml`, "runbook validate wrong.yaml"},
		{`runbook rehearse`, "runbook rehearse memory-leak"},
		{`runbook lab state`, "runbook lab up"},
		{`runbook lab inject nothing`, "runbook lab faults"},
		{`runbook lab faults memory-leak`, "runbook lab inject memory-leak"},
		{`runbook lab forward x`, "runbook lab forward 20m"},
		{`runbook run needs`, "runbook run needs"},
		{`runbook run needs -i window=60 -i 'name=a b' -i key=env:HOME`, `runbook run needs -i 'name=a b' -i key=env:HOME -i window=`},
		{`runbook run needs -i window=60 -i 'name=a b that is so long that it fits no line of any terminal' -i key=env:HOME`, `runbook run needs -i 'name=a b that is so long that it fits no line of any terminal' -i key=env:HOME -i window=`},
		{`runbook run needs -i nmae='a b' -i key=x --env 'two words'`, `runbook run needs --env 'two words' -i 'name=a b' -i key=env:NAME`},
		{`runbook run fails.yaml --env two`, "runbook run fails.yaml --env 'two words' --dry-run"},
		{`runbook run fails.yaml --env none`, "runbook run fails.yaml --env staging --dry-run"},
		{`runbook run fails.yaml --offline`, "runbook run fails.yaml --dry-run --offline"},
		{`runbook run fails.yaml --wait long`, "runbook run fails.yaml --wait 10m"},
		{`runbook run fails.yaml --env 'two words'`, "runbook show quick-health"},
		{`runbook run fails.yaml --state-dir 'a b'`, "runbook report ID --state-dir 'a b'"},
		{`runbook run './two words/it'\''s.yaml' -i 'name=a b'`, `runbook run './two words/it'\''s.yaml' -i 'name=a b' --despite ID`},
		{`runbook report last`, `runbook runs close ID --because TEXT`},
		{`runbook run './two words/it'\''s.yaml'`, `runbook runs close ID --because TEXT`},
		{`runbook run './two words/it'\''s.yaml'`, `runbook run './two words/it'\''s.yaml' --despite ID`},
		{`runbook report last`, `runbook run './two words/it'\''s.yaml' -i 'name=a b' --despite ID`},
		{`runbook run download-stuck`, "runbook run download-stuck --dry-run"},
		{`cp guarded.yaml runbook.yaml; runbook run fails.yaml`, "runbook run fails.yaml --env locked"},
		{`runbook run slow.yaml --env locked & sleep 0.5; runbook run slow.yaml --env locked; kill -9 $!; wait`, "runbook run slow.yaml --env locked --wait 10m"},
		{`runbook run slow.yaml --env locked`, "runbook run slow.yaml --env locked --despite ID"},
		{`runbook report last`, "runbook run slow.yaml --env locked --despite ID"},
		{`runbook`, ""},
	} {
		out, _ := p.shell(scene.line)
		commands := commandsIn(out)
		if scene.needs != "" && !slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(withoutID(c), scene.needs) }) {
			t.Errorf("%s proposes %q, not %q\n%s", scene.line, commands, scene.needs, out)
		}
		for _, c := range commands {
			p.paste(scene.line, c)
		}
	}
}

func commandsIn(out string) (all []string) {
	for _, m := range proposed.FindAllStringSubmatch(out, -1) {
		if c := strings.TrimSpace(m[1]); !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

var aRun = regexp.MustCompile(`(report|--despite|close) (\d{8}-)?[0-9a-z]{4}\b`)

func withoutID(command string) string {
	if strings.Contains(command, " last") {
		return command
	}
	return aRun.ReplaceAllString(command, "$1 ID")
}

func (p *program) shell(line string) (out string, code int) {
	p.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = p.dir, p.command().Env
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}

// paste runs a proposed command. Exit 2 is that of a command line that is wrong, and 127
// of a shell that found no such program.
func (p *program) paste(scene, command string) {
	p.t.Helper()
	switch {
	case strings.HasPrefix(command, "runbook lab"), placeholder.MatchString(command):
		return
	case command == "runbook rehearse --all":
		return
	case strings.HasPrefix(command, "runbook rehearse"):
		command = strings.Replace(command, "rehearse", "show", 1)
	case strings.HasPrefix(command, "runbook runs close "): // of a copy: what it frees is needed yet
		command = `cp -r "$XDG_STATE_HOME/runbook" copy/ && XDG_STATE_HOME="$PWD/copy" ` + command + `; code=$?; rm -r copy/*; exit $code`
	case strings.HasPrefix(command, "runbook run ") && !strings.Contains(command, "--dry-run"):
		command += " --dry-run"
	}
	if out, code := p.shell(command); code == 2 || code > 100 {
		p.t.Errorf("%s proposes %s, which ends with %d:\n%s", scene, command, code, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
