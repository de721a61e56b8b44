//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// Every transcript of the pages is what their commands print on a terminal, one after
// the other in a folder that holds what the page says to save. Of times, ids and figures
// only the shape is compared; "..." stands for lines that the page leaves out.
func TestTranscripts(t *testing.T) {
	commands := 0
	for page, all := range written(t) {
		for _, b := range all {
			if b.info == "console" {
				commands += len(b.commands())
			}
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, b := range all {
				b.play(t, dir)
			}
		})
	}
	if commands < 7 {
		t.Errorf("only %d commands were found", commands)
	}
}

// A page calls runbook as it stands on the PATH, or where it was just built, and the
// first page says how it comes there before it is called.
func TestPagesCallWhatIsOnThePath(t *testing.T) {
	for page, all := range written(t) {
		installed := filepath.Base(page) != "README.md"
		for _, b := range all {
			if b.info != "sh" && b.info != "console" {
				continue
			}
			installed = installed || strings.Contains(b.text, "go install ./cmd/runbook\n")
			if strings.Contains(b.text, "./runbook ") && !strings.Contains(b.text, "make build\n") {
				t.Errorf("%s calls ./runbook, which was not built there", b.place)
			}
			if calls.MatchString(b.text) && !installed {
				t.Errorf("%s calls runbook before it is installed", b.place)
			}
		}
	}
}

var calls = regexp.MustCompile(`(?m)^(\$ )?runbook `)

// passage is a fenced block of a page.
type passage struct{ place, info, text string }

// written are the fenced blocks of the pages, by page.
func written(t *testing.T) map[string][]passage {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]passage{}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range fenced.FindAllSubmatchIndex(text, -1) {
			place := fmt.Sprintf("%s:%d", filepath.Base(page), 1+bytes.Count(text[:b[0]], []byte("\n")))
			out[page] = append(out[page], passage{place, string(text[b[2]:b[3]]), string(text[b[4]:b[5]])})
		}
	}
	return out
}

var fenced = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

// commands are the command lines of a transcript, each with what it prints.
func (p passage) commands() []string { return strings.Split("\n"+p.text, "\n$ ")[1:] }

// play saves a file in dir, or plays the commands of a transcript there and compares what
// each prints.
func (p passage) play(t *testing.T, dir string) {
	t.Helper()
	words := strings.Fields(p.info)
	switch {
	case p.info != "console" && len(p.commands()) > 0:
		t.Errorf("%s: a transcript is a block of console", p.place)
	case len(words) > 1 && strings.HasSuffix(words[1], ".yaml"):
		if err := os.WriteFile(filepath.Join(dir, words[1]), []byte(p.text), 0o600); err != nil {
			t.Fatal(err)
		}
	case p.info == "console":
		for _, command := range p.commands() {
			line, want, _ := strings.Cut(command, "\n")
			if got := onTerminal(t, dir, line); !elided(normal(want)).MatchString(normal(got)) {
				t.Errorf("%s: $ %s\nprints\n%s\nand not\n%s", p.place, line, got, want)
			}
		}
	}
}

// elided matches a text in which "..." on a line of its own stands for any lines.
func elided(want string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(want)
	return regexp.MustCompile(`(?s)^` + regexp.MustCompile(`(?m)^\\\.\\\.\\\.$`).ReplaceAllString(quoted, "(?:.*)") + `$`)
}

// figures are what is another one each time, and what it is compared as.
var figures = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`\b\d{8}-[0-9a-z]{4}\b`), "RUN"},
	{regexp.MustCompile(`\brunbook report [0-9a-z]{4}\b`), "runbook report RUN"},
	{regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`), "TIME"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?(ms|µs|[smh])( |\b))+`), "TOOK "},
	{regexp.MustCompile(`\d+\.\d+( [KMGT]iB)?`), "FIGURE"},
	{regexp.MustCompile(`\bby \S+$`), "by PERSON"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

// normal is a text without what differs from time to time, line by line.
func normal(text string) string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		for _, f := range figures {
			line = f.is.ReplaceAllString(line, f.as)
		}
		out = append(out, strings.TrimSpace(line))
	}
	return strings.Join(out, "\n")
}

// onTerminal is what stands on a terminal after a command line, played in dir with
// runbook on the PATH.
func onTerminal(t *testing.T, dir, line string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "runbook")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "XDG_STATE_HOME="+filepath.Join(bin, "state"),
		"TERM=xterm", "CI=", "NO_COLOR=1", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "RUNBOOK_OUTPUT=", "RUNBOOK_ASCII=")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 100, Cols: 92})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tty.Close() }()
	var all bytes.Buffer
	_, _ = all.ReadFrom(tty) // until the other end is closed, which is an error
	_ = cmd.Wait()           // what it prints says how it ended
	return settled(all.String())
}

var moves = regexp.MustCompile(`\x1b\[(\d*)([A-Za-z])`)

// settled is what is left of what was drawn and drawn again.
func settled(drawn string) string {
	var lines []string
	drawn = strings.ReplaceAll(drawn, "\r", "")
	for _, line := range strings.Split(drawn, "\n") {
		for _, m := range moves.FindAllStringSubmatch(line, -1) {
			var n int
			if _, err := fmt.Sscan(m[1], &n); err == nil && m[2] == "A" {
				lines = lines[:max(0, len(lines)-n)]
			}
		}
		lines = append(lines, moves.ReplaceAllString(line, ""))
	}
	return strings.Join(lines, "\n")
}
