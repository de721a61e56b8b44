//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What docs/cron.md shows runs by night: with --yes the policy answers, without it the
// run is refused and its lock is free.
func TestNightlyBackup(t *testing.T) {
	page, err := os.ReadFile("../../docs/cron.md")
	if err != nil {
		t.Fatal(err)
	}
	fenced := func(info string) string {
		_, after, _ := strings.Cut(string(page), "```"+info+"\n")
		text, _, _ := strings.Cut(after, "```")
		return text
	}
	dir := t.TempDir()
	here := strings.NewReplacer("/srv/backup", dir, "/etc/runbook/hook", filepath.Join(dir, "hook"), `"10GiB"`, `"1MiB"`)
	for name, text := range map[string]string{
		"runbook.yaml": fenced("yaml environment"), "nightly-backup.yaml": fenced("yaml"),
		"restic": "#!/bin/sh\necho \"$3\" >> " + dir + "/calls\n", "hook": "http://127.0.0.1:1/hook",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(here.Replace(text)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, test := range []struct {
		flags []string
		exit  int
		calls string
	}{
		{nil, 3, "backup check"},
		{[]string{"--yes"}, 0, "backup check forget"},
	} {
		_ = os.Remove(filepath.Join(dir, "calls")) // the first has none
		cmd := command(t, dir, append([]string{"run", "nightly-backup.yaml", "--env", "nightly", "--output", "plain"}, test.flags...)...)
		out, _ := cmd.CombinedOutput()
		calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
		if got := strings.Join(strings.Fields(string(calls)), " "); got != test.calls || cmd.ProcessState.ExitCode() != test.exit {
			t.Errorf("%v: exit %d, %q\n%s", test.flags, cmd.ProcessState.ExitCode(), got, out)
		}
	}
}
