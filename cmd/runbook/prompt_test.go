//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"runbook/engine/event"
	"runbook/engine/run"
	"runbook/internal/console"
	"runbook/internal/prompt"
)

const asking = `playbook: ask
title: It asks
purpose: To show an approval.
expected: It ends.
steps:
  - id: touch
    title: Touch a file
    approve: {message: Is it fine}
    action: shell.run
    EFFECT
    with: {argv: [touch, touched]}
  - id: lamp
    title: Look
    manual:
      text: Look at the lamp.
      fields:
        colour: {type: string, enum: [red, green]}
`

// reply is typed once question is on the terminal, after what was there before; one to
// no question before the program starts.
type reply struct{ question, text string }

func TestPrompts(t *testing.T) {
	const lamp = "one of red, green"
	for _, test := range []struct {
		name, effect string
		approve      string // beside its message
		replies      []reply
		flags        []string
		exit         int
		shows        string
		touched      bool
	}{
		{name: "approved", replies: []reply{{"[n]", "y\r"}, {lamp, "blue\r"}, {"none of its values", ""}, {lamp, "red\r"}}, shows: "approved by", touched: true},
		{name: "details", replies: []reply{{"[n]", "d\r"}, {"Digest", ""}, {"[n]", "yes\r"}, {lamp, "red\r"}}, shows: "Done", touched: true},
		{name: "plain lines", flags: []string{"--output", "plain"}, replies: []reply{{"[n]", "y\r"}, {lamp, "red\r"}}, shows: "finished  done", touched: true},
		{name: "enter declines", replies: []reply{{"[n]", "\r"}}, exit: 3, shows: "declined"},
		{name: "typed before", replies: []reply{{"", "y\r"}, {"[n]", "n\r"}}, exit: 3, shows: "declined"},
		{name: "y is not the name", effect: "effect: destructive", replies: []reply{{"type the name", "y\r"}}, exit: 3, shows: "DESTRUCTIVE"},
		{name: "the name", effect: "effect: destructive", replies: []reply{{"type the name", "touch\r"}, {lamp, "red\r"}}, shows: "Done", touched: true},
		{name: "one of two", approve: ", approvers: 2", replies: []reply{{"[n]", "y\r"}}, exit: 3, shows: "approved; 1 of 2 different people have"},
		{name: "without the role", approve: ", by: dba", replies: []reply{{"[n]", "y\r"}}, exit: 3, shows: "may not approve this; it is for dba"},
		{name: "closed", replies: []reply{{"[n]", "\x04"}}, exit: 3, shows: "closed before an answer"},
		{name: "Ctrl-C", replies: []reply{{"[n]", "\x03"}}, exit: 130, shows: "Cancelled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := strings.NewReplacer("EFFECT", test.effect, "it fine", "it fine"+test.approve).Replace(asking)
			if err := os.WriteFile(filepath.Join(dir, "ask.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			screen, exit := converse(t, dir, test.replies, append([]string{"run", "ask.yaml"}, test.flags...)...)
			if exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
			if !strings.Contains(screen, test.shows) {
				t.Errorf("%q is not shown", test.shows)
			}
			if _, err := os.Stat(filepath.Join(dir, "touched")); (err == nil) != test.touched {
				t.Errorf("touched: %v, want %v", err == nil, test.touched)
			}
			if t.Failed() {
				t.Log(screen)
			}
		})
	}
}

// What is typed before a question, or behind the answer of the one before, answers none.
func TestTypedAheadAnswersNothing(t *testing.T) {
	const two = "playbook: two\ntitle: Two\npurpose: To ask twice.\nexpected: It ends.\nsteps:\n" +
		"  - {approve: true, action: shell.run, with: {argv: [touch, first]}}\n  - {approve: true, action: shell.run, with: {argv: [touch, second]}}\n"
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "two.yaml"), []byte(two), 0o600))
	screen, exit := converse(t, dir, []reply{{"", "y\r"}, {"[n]", "y\ry\ry\r"}, {"[n]", "n\r"}}, "run", "two.yaml")
	_, first := os.Stat(filepath.Join(dir, "first"))
	_, second := os.Stat(filepath.Join(dir, "second"))
	if exit != 3 || first != nil || second == nil {
		t.Errorf("exit %d; first: %v; second: %v\n%s", exit, first, second, screen)
	}
}

// An approval of another branch is asked while a manual step waits, whose answers
// stand; and a person says y and now.
func TestApprovalIsNotHiddenBehindManualStep(t *testing.T) {
	const both = `playbook: both
title: Two branches
purpose: To ask for two things at once.
expected: It ends.
steps:
  - id: lamp
    needs: []
    manual: {text: Look at the lamp., fields: {lit: {type: bool}, since: {type: time}}}
    verify: [outputs.lit]
  - {id: pause, needs: [], action: flow.wait, with: {for: 300ms}}
  - {id: touch, needs: [pause], approve: true, action: shell.run, with: {argv: [touch, touched]}}
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "both.yaml"), []byte(both), 0o600); err != nil {
		t.Fatal(err)
	}
	replies := []reply{{"lit (y or n", "y\r"}, {"asked again after", ""}, {"[n]", "y\r"}, {"since (a time: now", "now\r"}}
	screen, exit := converse(t, dir, replies, "run", "both.yaml")
	if _, err := os.Stat(filepath.Join(dir, "touched")); err != nil || exit != 0 {
		t.Errorf("exit %d, %v\n%s", exit, err, screen)
	}
	if strings.Count(screen, "lit (y or n") != 1 {
		t.Errorf("what was answered is asked again:\n%s", screen)
	}
}

// What a question is about may be told after it is asked; nobody answers one without
// its environment and its step.
func TestQuestionsWaitForWhatTheyAreAbout(t *testing.T) {
	screen, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	in, _, err := os.Pipe()
	must(t, err)
	out := console.New(screen, screen).Out
	p := &prompter{turns: prompt.NewTurns(), input: input{from: in}, out: out, draw: out.Screen()}
	shown := func() string {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		_, asked := p.ask(over, "a", &event.Approval{Action: "docker.restart"})
		told := p.fill(over, "a", run.Manual{Text: "Look."}, nil)
		if !errors.Is(asked, context.Canceled) || !errors.Is(told, context.Canceled) {
			t.Errorf("%v, %v", asked, told)
		}
		must(t, out.Flush())
		text, err := os.ReadFile(screen.Name())
		must(t, err)
		return string(text)
	}
	p.facts.event(event.Event{Type: event.TypeRunCreated, Data: &event.RunCreated{Environment: event.Environment{Name: "staging"}}})
	if text := shown(); text != "" {
		t.Errorf("asked before its facts: %q", text)
	}
}

// What a target or a secret puts into texts reaches nobody: not the prompt, not a
// manual step, no view, no report and no error, and not the journal.
func TestNothingOfATargetGetsThrough(t *testing.T) {
	const secret = "hunter2-hunter2"
	const playbook = `playbook: leak
title: "Leaks \e[31mX \u202Etxt"
purpose: To show what a target said.
expected: It ends.
steps:
  - id: said
    action: shell.run
    with: {argv: [sh, -c, "printf '\\033[2J\\033]52;c;aGk=\\007\\342\\200\\256\\033[1A %s' \"$T\""], env: {T: "${{ vars.token }}"}}
  - id: touch
    title: "Touch \e[1A\e[K it"
    approve: {message: "Go on with ${{ steps.said.outputs.stdout }}?"}
    action: shell.run
    with: {argv: [touch, "${{ steps.said.outputs.stdout }}"]}
  - id: lamp
    title: Look
    manual:
      text: "It said ${{ steps.said.outputs.stdout }}\nMORE"
      fields: {colour: {type: string, doc: "Which \e[2J\e[35mone"}}
  - id: fails
    action: shell.run
    with: {argv: [sh, -c, "echo \"$1\" >&2; exit 3", sh, "${{ steps.said.outputs.stdout }}"]}
`
	const environments = `default: e
environments:
  e:
    targets: {}
    vars: {token: {secret: token}}
    secrets: {token: {env: TKN}}
`
	for _, test := range []struct {
		name    string
		words   []string
		replies []reply
		shows   string
		exit    int
	}{
		{"live", []string{"run", "leak.yaml"}, []reply{{"[n]", "d\r"}, {"[n]", "y\r"}, {"colour (", "red\r"}}, "(secret token)", 1},
		{"live, with colour", []string{"--color", "always", "run", "leak.yaml"}, []reply{{"[n]", "y\r"}, {"colour (", "red\r"}}, "(secret token)", 1},
		{"plain", []string{"run", "leak.yaml", "--output", "plain"}, []reply{{"[n]", "y\r"}, {"colour (", "red\r"}}, "(secret token)", 1},
		{"json", []string{"run", "leak.yaml", "--output", "json"}, []reply{{"[n]", "y\r"}, {"colour (", "red\r"}}, "(secret token)", 1},
		{"declined", []string{"run", "leak.yaml"}, []reply{{"[n]", "n\r"}}, "(secret token)", 3},
		{"dry run", []string{"run", "leak.yaml", "--dry-run"}, nil, "said", 0},
		{"an input", []string{"run", "leak.yaml", "-i", "x=\x1b[2J"}, nil, "no input", 2},
		{"show", []string{"show", "leak.yaml"}, nil, "lamp", 0},
		{"show, with colour", []string{"--color", "always", "show", "leak.yaml"}, nil, "lamp", 0},
		{"list", []string{"list"}, nil, "leak", 0},
		{"validate", []string{"validate", "leak.yaml"}, nil, "", 0},
		{"graph", []string{"graph", "leak.yaml"}, nil, "lamp", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"leak.yaml": playbook, "playbooks/leak.yaml": playbook, "runbook.yaml": environments} {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			screen, exit := converse(t, dir, test.replies, test.words...)
			if exit != test.exit || !strings.Contains(screen, test.shows) {
				t.Errorf("exit %d, want %d; shows %q: %v", exit, test.exit, test.shows, strings.Contains(screen, test.shows))
			}
			after, _ := converse(t, dir, nil, "report", "last")
			journals, err := filepath.Glob(filepath.Join(dir, "runbook", "runs", "*"))
			if err != nil {
				t.Fatal(err)
			}
			texts := map[string]string{"screen": screen, "report": after}
			for _, j := range journals {
				text, err := os.ReadFile(j)
				if err != nil {
					t.Fatal(err)
				}
				texts["journal"] += string(text)
			}
			if test.words[0] == "run" && test.exit != 2 && test.name != "dry run" && texts["journal"] == "" {
				t.Error("there is no journal")
			}
			for name, text := range texts {
				if strings.Contains(text, secret) {
					t.Errorf("the secret is in the %s", name)
				}
				if bad := theirs.FindAllString(text, 3); name != "journal" && bad != nil {
					t.Errorf("the %s has %q", name, bad)
				}
			}
			if t.Failed() {
				t.Logf("%q", screen)
			}
		})
	}
}

// theirs are sequences and characters that runbook does not write itself.
var theirs = regexp.MustCompile(`\x1b\[2J|\x1b\]|\x1b\[35?mone|\x1b\[1A\x1b\[K|\x1b\[1A [(]|\x1b\[31mX|\x{202e}|[\x{80}-\x{9f}]`)

// command is a call of runbook on a terminal.
func command(t *testing.T, dir string, words ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"runbook"}, words...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TERM=xterm", "CI=", "TKN=hunter2-hunter2", "NO_COLOR=1", "LANG=C", "LC_ALL=C")
	return cmd
}

// converse runs runbook on a terminal of its own and answers its questions.
func converse(t *testing.T, dir string, replies []reply, words ...string) (screen string, exit int) {
	t.Helper()
	cmd := command(t, dir, words...)
	tty, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tty.Close() }()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 40, Cols: 92}); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	buffer := make([]byte, 4096)
	if len(replies) > 0 && replies[0].question == "" {
		if _, err := tty.WriteString(replies[0].text); err != nil {
			t.Fatal(err)
		}
		n, err := tty.Read(buffer) // the terminal has it when it echoes it
		if err != nil {
			t.Fatal(err)
		}
		all.Write(buffer[:n])
		replies = replies[1:]
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(cmd.Start(), slave.Close()); err != nil {
		t.Fatal(err)
	}
	dead := time.AfterFunc(60*time.Second, func() { _ = cmd.Process.Kill() })
	defer dead.Stop()
	from := 0
	for {
		for len(replies) > 0 {
			i := strings.Index(all.String()[from:], replies[0].question)
			if i < 0 {
				break
			}
			from += i + len(replies[0].question)
			if _, err := tty.WriteString(replies[0].text); err != nil {
				t.Fatal(err)
			}
			replies = replies[1:]
		}
		n, err := tty.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	err = cmd.Wait()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return all.String(), cmd.ProcessState.ExitCode()
}

// A run goes on when its terminal goes away.
func TestTerminalGoesAway(t *testing.T) {
	dir := t.TempDir()
	text := "playbook: slow\ntitle: Slow\npurpose: To go on.\nexpected: It ends.\nsteps:\n" +
		"  - {id: wait, action: flow.wait, with: {for: 1s}}\n  - {id: touch, action: shell.run, with: {argv: [touch, touched]}}\n"
	if err := os.WriteFile(filepath.Join(dir, "slow.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, dir, "run", "slow.yaml")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 92})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	buffer := make([]byte, 4096)
	for !strings.Contains(all.String(), "wait") {
		n, err := tty.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(buffer[:n])
	}
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the run ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "touched")); err != nil {
		t.Error("the run did not go on")
	}
}

// A question ends with its terminal, also by a signal while the terminal is there: the run
// waits for a person, and says so.
func TestAHangUpSuspendsWhatWaitsForAPerson(t *testing.T) {
	for name, step := range map[string]string{
		"approval": "{approve: true, action: shell.run, with: {argv: [touch, touched]}}", "manual step": "{manual: {text: Look at it.}}",
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "asks.yaml"), []byte("playbook: asks\ntitle: Asks\npurpose: To ask.\nexpected: It ends.\nsteps:\n  - "+step+"\n"), 0o600))
		cmd := command(t, dir, "run", "asks.yaml")
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 92})
		must(t, err)
		dead := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		var all bytes.Buffer
		buffer := make([]byte, 4096)
		for asked := false; ; {
			n, err := tty.Read(buffer)
			all.Write(buffer[:n])
			if err != nil {
				break
			}
			if text := all.String(); !asked && (strings.Contains(text, "[n]") || strings.Contains(text, "Done?")) {
				asked = true
				must(t, cmd.Process.Signal(syscall.SIGHUP))
			}
		}
		_ = cmd.Wait()
		dead.Stop()
		_ = tty.Close()
		if _, err := os.Stat(filepath.Join(dir, "touched")); cmd.ProcessState.ExitCode() != 3 || err == nil || !strings.Contains(all.String(), "closed before an answer") {
			t.Errorf("%s: exit %d\n%s", name, cmd.ProcessState.ExitCode(), &all)
		}
	}
}
