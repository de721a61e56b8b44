//go:build unix

package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runbook/internal/realtest"
)

// tracer is the program before a dry run that notes what it asks the kernel for; none
// unless real services were asked for.
func tracer(t *testing.T, s *setting) []string {
	t.Helper()
	if !realtest.Enabled() {
		return nil
	}
	return []string{"strace", "-f", "-qq", "-s", "4096", "-o", s.trace(), "-e", "trace=execve,unlink,unlinkat,rename,renameat,renameat2,open,openat,creat,truncate,chmod,fchmodat,mkdir,mkdirat,rmdir,symlink,link,linkat,connect"}
}

func (s *setting) trace() string { return filepath.Join(s.dir, "trace") }

// calls are system calls as strace writes them: whose, which, and with what.
var calls = regexp.MustCompile(`^\d+ +(\w+)\((.*)$`)

// paths are the texts among what a call is asked with.
var paths = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// untraced holds that a dry run started nothing but recording programs, wrote and
// removed nothing outside of its own folder, and connected to this machine alone.
func untraced(t *testing.T, s *setting) {
	t.Helper()
	if left, err := os.ReadDir(filepath.Join(s.dir, "state")); err == nil && len(left) > 0 {
		t.Errorf("a dry run left %v", left)
	}
	if !realtest.Enabled() {
		return
	}
	text, err := os.ReadFile(s.trace())
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, line := range strings.Split(string(text), "\n") {
		m := calls.FindStringSubmatch(line)
		if m == nil {
			continue // the end of a call, or of a process
		}
		if m[1] == "execve" {
			started++
		}
		if why := s.outside(m[1], m[2], started == 1); why != "" {
			t.Errorf("a dry run %s: %s", why, line)
		}
	}
	if started == 0 {
		t.Error("the tracer saw nothing start")
	}
}

// outside says what a system call does that a dry run must not; "" for nothing.
func (s *setting) outside(call, with string, first bool) string {
	names := paths.FindStringSubmatch(with)
	path := ""
	if names != nil {
		path = names[1]
	}
	switch call {
	case "execve":
		if !first && filepath.Dir(path) != s.path {
			return "started a program that is not the recorder's"
		}
		return ""
	case "connect":
		local := strings.Contains(with, `inet_addr("127.`) || strings.Contains(with, `"::1"`) || strings.Contains(with, "AF_UNIX")
		if !local {
			return "connected elsewhere"
		}
		return ""
	case "open", "openat":
		if !writes.MatchString(with) {
			return ""
		}
	}
	for _, dir := range []string{s.dir, s.recorder.dir, "/dev/null", "/dev/tty"} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return ""
		}
	}
	if path != "" && !filepath.IsAbs(path) {
		return "" // below its own folder
	}
	return fmt.Sprintf("touched %q", path)
}

var writes = regexp.MustCompile(`O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND`)

// The judge of system calls lets pass what a dry run needs, and nothing else.
func TestTheJudgeOfSystemCalls(t *testing.T) {
	s := &setting{dir: "/tmp/own", path: "/tmp/rec/bin", recorder: &recorder{dir: "/tmp/rec"}}
	for line, fine := range map[string]bool{
		`execve("/tmp/rec/bin/df", ["df"], 0x1 /* 9 vars */) = 0`:                                  true,
		`execve("/usr/bin/df", ["df"], 0x1 /* 9 vars */) = 0`:                                      false,
		`openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY|O_CLOEXEC) = 3`:                             true,
		`openat(AT_FDCWD, "/tmp/own/state/x", O_RDWR|O_CREAT|O_CLOEXEC, 0600 <unfinished ...>`:     true,
		`openat(AT_FDCWD, "/srv/shop/current", O_WRONLY|O_CREAT|O_TRUNC, 0600) = 3`:                false,
		`openat(AT_FDCWD, "/dev/null", O_RDWR|O_CLOEXEC) = 3`:                                      true,
		`unlinkat(AT_FDCWD, "/srv/shop/current", 0) = 0`:                                           false,
		`renameat2(AT_FDCWD, "/tmp/owner", AT_FDCWD, "/tmp/x", 0) = 0`:                             false,
		`mkdirat(AT_FDCWD, "/root/.local", 0755) = -1 EEXIST (File exists)`:                        false,
		`connect(7, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16)`: true,
		`connect(7, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.4.10")}, 16)`: false,
		`connect(7, {sa_family=AF_UNIX, sun_path="/tmp/rec/s"}, 16) = 0`:                           true,
	} {
		m := calls.FindStringSubmatch("17 " + line)
		if m == nil {
			t.Fatalf("no call: %s", line)
		}
		if why := s.outside(m[1], m[2], false); (why == "") != fine {
			t.Errorf("%s: %q", line, why)
		}
	}
}
