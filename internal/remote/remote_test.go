package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/internal/realtest"
)

// servers are those that the tests are made against: sshd, and one in this process.
func servers(t *testing.T, test func(*testing.T, *realtest.SSH)) {
	t.Helper()
	own := realtest.StartOwnSSH(t)
	t.Run("own", func(t *testing.T) { test(t, own) })
	if real := realtest.StartSSH(t); real.Real {
		t.Run("sshd", func(t *testing.T) { test(t, real) })
	}
}

func accessTo(s *realtest.SSH) Access {
	return Access{Key: schema.NewText(s.KeyFile), KnownHosts: s.KnownHosts}
}

func hostOf(t *testing.T, url string, access Access) *Host {
	t.Helper()
	call := actiontest.Call(t)
	call.Target = action.Target{Name: "web1", Kind: "shell"}
	h, err := Of(call, url, access)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ran is what a program did, with both outputs.
type ran struct {
	Ending
	out, errs string
	err       error
}

func run(ctx context.Context, h *Host, p Program) ran {
	var out, errs bytes.Buffer
	p.Stdout, p.Stderr, p.Grace, p.Linger = &out, &errs, 500*time.Millisecond, 300*time.Millisecond
	e, err := h.Run(ctx, p)
	return ran{e, out.String(), errs.String(), err}
}

func sh(script string, words ...string) []string {
	return append([]string{"sh", "-c", script}, words...)
}

// What a program gets and gives comes through whole, whatever is in it.
func TestRun(t *testing.T) {
	odd := "it's $HOME \"two\"\n`lines` \\n\\ !x *\t é\xff"
	big := strings.Repeat("0123456789abcde\n", 1<<14) // 256 KiB
	dir := t.TempDir()
	servers(t, func(t *testing.T, s *realtest.SSH) {
		h := hostOf(t, s.URL, accessTo(s))
		for name, c := range map[string]struct {
			p         Program
			out, errs string
			code      int
			signal    string
		}{
			"words":              {p: Program{Argv: []string{"printf", "%s|", odd, "", "-n"}}, out: odd + "||-n|"},
			"variables":          {p: Program{Argv: sh(`printf %s "$ODD$EMPTY"`), Env: []string{"ODD=" + odd, "EMPTY="}}, out: odd},
			"directory":          {p: Program{Argv: []string{"pwd", "-P"}, Dir: dir}, out: dir + "\n"},
			"input":              {p: Program{Argv: []string{"cat"}, Stdin: big}, out: big},
			"no input":           {p: Program{Argv: []string{"cat"}}},
			"both outputs":       {p: Program{Argv: sh("echo out; echo errs >&2; exit 3")}, out: "out\n", errs: "errs\n", code: 3},
			"much":               {p: Program{Argv: sh(`i=0; while [ $i -lt 300 ]; do printf %s "$0"; printf %s "$0" >&2; i=$((i+1)); done`, strings.Repeat("x", 4096))}, out: strings.Repeat("x", 300*4096), errs: strings.Repeat("x", 300*4096)},
			"a signal":           {p: Program{Argv: sh("kill -s KILL $$")}, code: -1, signal: "KILL"},
			"detached":           {p: Program{Argv: sh("cat; echo errs >&2; exit 4"), Stdin: odd, Detach: true}, out: odd, errs: "errs\n", code: 4},
			"nothing of ours":    {p: Program{Argv: sh("echo $line$n$s; set | grep -c '^line=' ; true")}, out: "\n0\n"},
			"not a word of ours": {p: Program{Argv: sh("echo runbook-x start; echo runbook-x gone")}, out: "runbook-x start\nrunbook-x gone\n"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				got := run(t.Context(), h, c.p)
				if got.err != nil || got.out != c.out || got.errs != c.errs || got.Code != c.code || got.Signal != c.signal || got.Held || got.Left != nil {
					t.Errorf("%.100q %.100q %+v %v", got.out, got.errs, got.Ending, got.err)
				}
			})
		}
	})
}

// What is not there starts nothing.
func TestNotStarted(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		h := hostOf(t, s.URL, accessTo(s))
		for what, p := range map[string]Program{
			`no program "no-such-program" there`: {Argv: []string{"no-such-program"}},
			`no directory "/no/such" there`:      {Argv: []string{"true"}, Dir: "/no/such"},
			`env: "A-B" is no name`:              {Argv: []string{"true"}, Env: []string{"A-B=1"}},
			"cannot hold the character NUL":      {Argv: []string{"echo", "a\x00b"}},
		} {
			got := run(t.Context(), h, p)
			if f := action.AsFailure(got.err); f.Applied != action.AppliedNot || !strings.Contains(f.What, what) || !f.Final {
				t.Errorf("%s: %+v", what, f)
			}
		}
	})
}

// pidIn waits for the number that a program wrote to a file.
func pidIn(t *testing.T, file string) string {
	t.Helper()
	for range 1000 {
		if text, _ := os.ReadFile(file); bytes.HasSuffix(text, []byte("\n")) {
			return strings.TrimSpace(string(text))
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("nothing wrote to %s", file)
	return ""
}

func lives(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

func gone(t *testing.T, pid string) {
	t.Helper()
	for range 300 {
		if !lives(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s still runs", pid)
}

// A program whose context ends is ended there with its children, also those that take
// no heed of TERM.
func TestCancelledIsGoneThere(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		for name, script := range map[string]string{
			"it heeds TERM":  `sleep 300 & echo $! > "$0"; wait`,
			"it does not":    `trap "" TERM; (trap "" TERM; while :; do sleep 0.1; done) & echo $! > "$0"; while :; do sleep 0.1; done`,
			"only its child": `(trap "" TERM; while :; do sleep 0.1; done) & echo $! > "$0"; wait`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := hostOf(t, s.URL, accessTo(s))
				file := filepath.Join(t.TempDir(), "pid")
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan ran)
				go func() { done <- run(ctx, h, Program{Argv: sh(`echo begun; `+script, file)}) }()
				pid := pidIn(t, file)
				cancel()
				got := <-done
				if !errors.Is(got.err, context.Canceled) || got.After != "its process group was ended there" || got.out != "begun\n" {
					t.Errorf("%+v", got)
				}
				gone(t, pid)
			})
		}
	})
}

// What a program leaves behind is ended and told by name, unless it was to stay.
func TestLeftBehind(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		h := hostOf(t, s.URL, accessTo(s))
		for name, c := range map[string]struct {
			script              string
			detach, stays, held bool
			left                string
		}{
			"it holds the output": {script: `sleep 321 & echo $! > "$0"; echo started`, left: "sleep 321 (pid "},
			"it holds nothing":    {script: `sleep 321 >/dev/null 2>&1 </dev/null & echo $! > "$0"; echo started`, left: "sleep 321 (pid "},
			"detached":            {script: `sleep 321 & echo $! > "$0"; echo started`, detach: true, stays: true},
			"it ends by itself":   {script: `sleep 0.1 & echo $! > "$0"; echo started`},
			"elsewhere":           {script: `setsid sh -c 'echo $$ > "$1"; exec sleep 321' x "$0" & while [ ! -s "$0" ]; do sleep 0.01; done; echo started`, stays: true, held: true},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "pid")
				got := run(t.Context(), h, Program{Argv: sh(c.script, file), Detach: c.detach})
				left := strings.Join(got.Left, ", ")
				if got.err != nil || got.out != "started\n" || got.Held != c.held || (left == "") != (c.left == "") || !strings.HasPrefix(left, c.left) {
					t.Errorf("%+v", got)
				}
				pid := pidIn(t, file)
				if !c.stays {
					gone(t, pid)
				} else if !lives(pid) {
					t.Error("it was ended")
				} else {
					run(t.Context(), h, Program{Argv: []string{"kill", "-s", "KILL", pid}})
				}
			})
		}
	})
}

// A connection that is cut while a program runs is a lost reply; the next program gets
// another one. One that was cut between two is not told at all.
func TestCut(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		h := hostOf(t, s.URL, accessTo(s))
		file := filepath.Join(t.TempDir(), "pid")
		done := make(chan ran)
		go func() {
			done <- run(t.Context(), h, Program{Argv: sh(`echo $$ > "$0"; echo begun; exec sleep 300 >/dev/null 2>&1`, file)})
		}()
		pid := pidIn(t, file)
		s.Cut()
		got := <-done
		f := action.AsFailure(got.err)
		if f.Applied != action.AppliedLost || !strings.Contains(f.What, "cut before the program had ended; it may still run there as process "+pid) || !strings.Contains(strings.Join(f.Do, ""), "ps -fp "+pid) {
			t.Errorf("%+v", f)
		}
		if next := run(t.Context(), h, Program{Argv: []string{"kill", "-s", "KILL", pid}}); next.err != nil || next.Code != 0 {
			t.Errorf("after it: %+v", next)
		}
		before := s.Connections()
		s.Cut()
		if next := run(t.Context(), h, Program{Argv: []string{"true"}}); next.err != nil || s.Connections() != before+1 {
			t.Errorf("cut between two: %+v, %d connections more", next, s.Connections()-before)
		}
	})
}

// Many programs at once share a connection, which is closed once.
func TestManyAtOnce(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		h := hostOf(t, s.URL, accessTo(s))
		done := make(chan ran)
		for i := range 20 {
			go func() { done <- run(t.Context(), h, Program{Argv: []string{"echo", fmt.Sprint(i)}}) }()
		}
		for range 20 {
			if got := <-done; got.err != nil || got.out == "" {
				t.Errorf("%+v", got)
			}
		}
		if n := s.Connections(); n != 1 {
			t.Errorf("%d connections", n)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Who is not let in, or not sure where, sends nothing, and learns what to do: never to
// look away.
func TestRefusals(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	other, otherFile := realtest.NewKey(t, filepath.Join(dir, "other"), "")
	_, locked := realtest.NewKey(t, filepath.Join(dir, "locked"), "open sesame")
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(other.PublicKey())))
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	servers(t, func(t *testing.T, s *realtest.SSH) {
		at, _ := ParseAddress(s.URL)
		none, wrong := filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "wrong")
		if err := errors.Join(os.WriteFile(none, nil, 0o600), os.WriteFile(wrong, []byte("# hosts\n[127.0.0.1]:"+at.Port+" "+line+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		words := schema.NewSecret("words", "hunter2hunter2")
		text := schema.NewSecret("deploy_key", "no key at all")
		for what, c := range map[string]struct {
			url    string
			change func(*Access)
			do     string
		}{
			"shows another key than line 2 of " + wrong + " says: ssh-ed25519 SHA256:": {change: func(a *Access) { a.KnownHosts = wrong }, do: "find out why"},
			"another key than host_key in runbook.yaml says":                           {change: func(a *Access) { a.HostKey, a.KnownHosts = line, "" }, do: "find out why"},
			"the key of the host is not known: ssh-ed25519 SHA256:":                    {change: func(a *Access) { a.KnownHosts = none }, do: "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"},
			"its known_hosts is not readable":                                          {change: func(a *Access) { a.KnownHosts = none + "x" }, do: "known_hosts of the target web1"},
			"its host_key is no public key":                                            {change: func(a *Access) { a.HostKey = "ssh-ed25519 x" }, do: "host_key:"},
			"does not let " + at.User + " in with " + otherFile:                        {change: func(a *Access) { a.Key = schema.NewText(otherFile) }, do: "authorized_keys"},
			"does not let nobody1 in":                                                  {url: "ssh://nobody1@127.0.0.1:" + at.Port, change: func(a *Access) { a.Key = schema.NewText(otherFile) }, do: "host of the target web1"},
			"is encrypted, and the target has no passphrase":                           {change: func(a *Access) { a.Key = schema.NewText(locked) }, do: "passphrase: {secret: NAME}"},
			"the passphrase does not open its key":                                     {change: func(a *Access) { a.Key, a.Passphrase = schema.NewText(locked), &words }, do: "passphrase of the target web1"},
			"its key, (secret deploy_key), is no private key":                          {change: func(a *Access) { a.Key = schema.SecretText(text) }, do: "-----BEGIN"},
			"its key is not readable":                                                  {change: func(a *Access) { a.Key = schema.NewText(none + "x") }, do: "key of the target web1"},
			"there is no key to offer: SSH_AUTH_SOCK is not set":                       {change: func(a *Access) { a.Key = schema.Text{} }, do: "key: FILE"},
			"connection refused":                                                       {url: "ssh://a@" + closed.Addr().String(), do: "sshd runs and listens at 127.0.0.1:"},
			"no answer in ":                                                            {url: "ssh://a@" + silent.Addr().String(), do: "host of the target web1"},
			"the name no-such-host.invalid":                                            {url: "ssh://a@no-such-host.invalid", do: "host of the target web1"},
		} {
			t.Run(what, func(t *testing.T) {
				access := accessTo(s)
				if c.change != nil {
					c.change(&access)
				}
				if c.url == "" {
					c.url = s.URL
				}
				ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
				defer cancel()
				got := run(ctx, hostOf(t, c.url, access), Program{Argv: []string{"true"}})
				f := action.AsFailure(got.err)
				said := f.Error() + " " + strings.Join(f.Do, " ")
				if !strings.Contains(f.What, what) || !strings.Contains(said, c.do) || f.Applied != action.AppliedNot || !strings.HasPrefix(said, "web1 at ssh://") {
					t.Errorf("%s: %q", f.What, f.Do)
				}
				short := strings.NewReplacer(dir, "/keys", filepath.Dir(none), "/known", filepath.Dir(wrong), "/known", filepath.Dir(s.KeyFile), "/keys").Replace(said)
				if len(short) > 300 {
					t.Errorf("%d characters: %s", len(short), short)
				}
				for _, never := range []string{"hunter2", "no key at all", "StrictHostKeyChecking", "insecure", "ssh-keygen -R"} {
					if strings.Contains(said, never) {
						t.Errorf("%s in %s", never, said)
					}
				}
			})
		}
	})
}

// A key opens a host whole, as a secret without its last line end, by its passphrase, by
// an agent, and as one of this user's own.
func TestKeys(t *testing.T) {
	servers(t, func(t *testing.T, s *realtest.SSH) {
		key := schema.NewSecret("deploy_key", strings.TrimSpace(s.Key))
		home := t.TempDir()
		if err := errors.Join(os.MkdirAll(filepath.Join(home, ".ssh"), 0o700), os.WriteFile(filepath.Join(home, ".ssh", "id_ed25519"), []byte(s.Key), 0o600)); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			home, agent string
			access      Access
		}{
			"a secret":        {access: Access{Key: schema.SecretText(key), HostKey: s.HostKey}},
			"of this user":    {home: home, access: Access{HostKey: s.HostKey + " root@web1"}},
			"by an agent":     {agent: agentWith(t, s.Key), access: Access{KnownHosts: s.KnownHosts}},
			"home is a tilde": {home: home, access: Access{Key: schema.NewText("~/.ssh/id_ed25519"), KnownHosts: s.KnownHosts}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Setenv("SSH_AUTH_SOCK", c.agent)
				t.Setenv("HOME", c.home)
				if got := run(t.Context(), hostOf(t, s.URL, c.access), Program{Argv: []string{"echo", "in"}}); got.err != nil || got.out != "in\n" {
					t.Errorf("%+v", got)
				}
			})
		}
	})
}
