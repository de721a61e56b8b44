package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/page"
	"runbook/engine/procedure"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestProcedureGolden holds what `show` and `graph` print of the catalogue, at
// two widths, with and without colour.
func TestProcedureGolden(t *testing.T) {
	a := newApp(nil)
	for _, name := range []string{"memory-leak", "api-down", "quick-health"} {
		p, err := a.plan(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{92, 60} {
			golden(t, fmt.Sprintf("show-%s-%d", name, width), procedure.Page(p, name, effects(p), page.Look{Width: width, Unicode: true}).String())
		}
		golden(t, "show-"+name+"-92-colour", procedure.Page(p, name, effects(p), page.Look{Width: 92, Unicode: true, Color: true}).String())
		golden(t, "graph-"+name, procedure.ASCII(p).String())
	}
}

// TestProcedureFits holds that a terminal breaks no word of a procedure: a line is
// wider than it only where one piece is.
func TestProcedureFits(t *testing.T) {
	a := newApp(nil)
	for _, name := range []string{"memory-leak", "api-down", "quick-health", "download-stuck"} {
		p, err := a.plan(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{40, 60, 80, 92} {
			for line := range strings.Lines(procedure.Page(p, name, effects(p), page.Look{Width: width, Unicode: true}).String()) {
				line = strings.TrimSpace(line)
				if page.Width(line) > width && len(page.Wrap(line, width)) > 1 {
					t.Errorf("%s in %d columns: %s", name, width, line)
				}
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it\n%s", err, got)
	}
	if got != string(want) {
		t.Errorf("%s is not as in %s; with -update it is written anew\n%s", name, path, got)
	}
}

func TestNumbered(t *testing.T) {
	for _, c := range []struct {
		name, want string
		number     int
	}{
		{"memory-leak", "memory-leak", 0},
		{"memory-leak/2", "memory-leak", 2},
		{"./a/b.yaml/3", "./a/b.yaml", 3},
		{"./a/b.yaml", "./a/b.yaml", 0},
		{"memory-leak/0", "memory-leak/0", 0},
	} {
		if name, number := numbered(c.name); name != c.want || number != c.number {
			t.Errorf("%s is %s, %d", c.name, name, number)
		}
	}
}
