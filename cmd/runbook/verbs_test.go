package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"runbook/engine/event"
)

// TestEachVerbIsExplained says what a verb lacks: it needs a line of help, an
// example that is one of its own, words for each flag, an answer to completion
// where it takes a name, and at the top a row in README.md and a script.
func TestEachVerbIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Commands")
	table, _, _ = strings.Cut(table, "\n## ")
	scripts := scriptsText(t)
	for _, c := range newApp(nil).command().Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		for _, missing := range lacking(c) {
			t.Error(missing)
		}
		if !rowOf(table, c.Name()) {
			t.Errorf("%s: README.md has no row of it under Commands", c.Name())
		}
		if !regexp.MustCompile(`\brunbook ` + regexp.QuoteMeta(c.Name()) + `\s`).MatchString(scripts) {
			t.Errorf("%s: no script in testdata/script shows it at work", c.Name())
		}
	}
}

// TestEachVerbIsAdded names a method that makes a command and that nothing calls.
func TestEachVerbIsAdded(t *testing.T) {
	all := sources(t)
	used := map[string]bool{}
	for _, s := range all {
		maps.Copy(used, s.used())
	}
	for _, s := range all {
		for name := range s.declared() {
			if strings.HasPrefix(name, "a.") && strings.HasSuffix(name, "Command") && !used[name] {
				t.Errorf("%s declares %s, and no command has it: add it to the list in root.go", s.name, name)
			}
		}
	}
}

// scriptsText is the text of all scripts.
func scriptsText(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func rowOf(table, verb string) bool {
	return regexp.MustCompile("`" + regexp.QuoteMeta(verb) + "[` ]").MatchString(table)
}

// lacking is what a verb and those below it lack.
func lacking(c *cobra.Command) []string {
	var out []string
	add := func(missing bool, what string) {
		if missing {
			out = append(out, c.CommandPath()+": "+what)
		}
	}
	add(c.Short == "" || strings.HasSuffix(c.Short, "."), "Short is a line of help without a full stop")
	add(!strings.HasPrefix(c.Example, "  "+c.CommandPath()), "Example begins with two spaces and the command")
	add(c.Args == nil && c.RunE == nil, "it does nothing")
	_, words, _ := strings.Cut(c.Use, " ")
	name := strings.ContainsAny(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	free := strings.Contains(words, "WORDS") || strings.Contains(words, "DURATION")
	add(name && !free && c.ValidArgsFunction == nil, "it takes a name, and completes none: ValidArgsFunction")
	for line := range strings.SplitSeq(c.LocalNonPersistentFlags().FlagUsages(), "\n") {
		flag, usage, _ := strings.Cut(strings.TrimSpace(line), "   ")
		add(flag != "" && strings.TrimSpace(usage) == "" && !strings.HasPrefix(flag, "-h"), flag+" is not explained")
	}
	for _, below := range c.Commands() {
		out = append(out, lacking(below)...)
	}
	return out
}

func TestWhatAVerbCanLack(t *testing.T) {
	root := &cobra.Command{Use: "runbook"}
	bare := &cobra.Command{Use: "bare NAME", Short: "Does nothing."}
	bare.Flags().Bool("quick", false, "")
	whole := &cobra.Command{Use: "whole", Short: "Does it", Example: "  runbook whole", RunE: func(*cobra.Command, []string) error { return nil }}
	root.AddCommand(bare, whole)
	if got := lacking(bare); len(got) != 5 {
		t.Errorf("%d of 5: %q", len(got), got)
	}
	if got := lacking(whole); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if rowOf("| `list [WORDS]`, `show NAME` |", "sho") || !rowOf("| `list [WORDS]`, `show NAME` |", "show") {
		t.Error("rows are not found by the name of the verb")
	}
}

// TestExitCodesAreThoseOfTheReadme holds that README.md lists each exit code.
func TestExitCodesAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Exit codes")
	for e := event.EndJournal; e <= event.EndDone; e++ {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^\| %d[ ,]`, e.Code())).MatchString(table) {
			t.Errorf("README.md has no row of exit code %d, %s", e.Code(), e.Reason())
		}
	}
}
