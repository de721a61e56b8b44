package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/yaml"
	"runbook/playbooks"
)

// around is the playbook that a fragment of steps stands in.
const around = `playbook: example
title: An example
purpose: Shows one thing.
expected: It is understood.
inputs:
  container: {type: string, default: app}
  window: {type: duration, default: 30s}
steps:
`

// block is a fenced block of a page.
type block struct {
	place string // file:line
	info  string // "yaml", "yaml steps"
	text  string
}

// pages are the pages that people wrote, from this folder.
func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(all, filepath.Join("..", "README.md"), filepath.Join("..", "CONTRIBUTING.md"))
}

// blocks returns the fenced blocks of a page.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var open *block
	for i, line := range strings.Split(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{place: fmt.Sprintf("%s:%d", filepath.Base(page), i+1), info: info}
		case fence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s: the block does not end", open.place)
	}
	return all
}

func registry(t *testing.T) *action.Registry {
	t.Helper()
	r, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// launcher compiles playbooks; what they call is of the catalogue.
func launcher(t *testing.T) *launch.Launcher {
	t.Helper()
	return launch.New(registry(t), launch.NewCatalogue(nil, playbooks.Files(), ""), "test")
}

// compile returns all mistakes of a playbook.
func compile(t *testing.T, name, text string) diag.List {
	t.Helper()
	return launcher(t).Compile(&yaml.Source{Name: name, Text: []byte(text)}, nil).List
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// Every example of the pages compiles: playbooks as they are, steps in a
// playbook around them, environments as a runbook.yaml; and what is shown as
// wrong is refused.
func TestExamples(t *testing.T) {
	compiled := 0
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			var list diag.List
			switch b.info {
			case "yaml", "yaml disk.yaml":
				list = compile(t, b.place, b.text)
			case "yaml steps", "yaml wrong":
				list = compile(t, b.place, around+indented(b.text))
			case "yaml environment":
				_, found, err := environment.Parse(&yaml.Source{Name: b.place, Text: []byte(b.text)}, "", registry(t))
				if err != nil {
					t.Errorf("%s: %v", b.place, err)
				}
				list = found
			case "", "console", "go", "text", "sh", "yaml values", "expressions":
				continue
			case "yaml rehearsal", "yaml workers.rehearsal.yaml", "yaml workers.yaml 1 of 2 fail", "yaml workers.yaml 2 of 2 pass",
				"yaml restart-app.yaml", "yaml restart-app.rehearsal.yaml", "yaml connections.yaml", "yaml connections.rehearsal.yaml", "yaml runbook.yaml":
				continue // rehearsal_test.go plays them, or the transcripts of the page
			default:
				t.Errorf("%s: nothing checks a block of %q", b.place, b.info)
			}
			compiled++
			if wrong := b.info == "yaml wrong"; wrong != (list.Errors() > 0) {
				t.Errorf("%s: %d errors: %v", b.place, list.Errors(), list)
			}
		}
	}
	if compiled < 20 {
		t.Errorf("only %d examples were found", compiled)
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// Every link to a file of the project leads to one.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			path := filepath.Join(filepath.Dir(page), filepath.FromSlash(found[1]))
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", filepath.Base(page), found[1])
			}
		}
	}
}

// Every action that a page names exists.
func TestActionsExist(t *testing.T) {
	r := registry(t)
	name := regexp.MustCompile("`((?:" + strings.Join(r.Families(), "|") + `)\.[a-z][a-z_]*)` + "`")
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAllStringSubmatch(string(text), -1) {
			if _, ok := r.Lookup(found[1]); !ok {
				t.Errorf("%s: there is no action %s", filepath.Base(page), found[1])
			}
		}
	}
}

// Every line of Go that the walk-throughs of CONTRIBUTING.md quote stands in the
// packages that they walk through.
func TestQuotedGo(t *testing.T) {
	var files []string
	for _, folder := range []string{"../actions/redis", "../engine/playbook"} {
		found, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(found) == 0 {
			t.Fatalf("no files in %s: %v", folder, err)
		}
		files = append(files, found...)
	}
	var source strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	quoted := 0
	for _, b := range blocks(t, filepath.Join("..", "CONTRIBUTING.md")) {
		if b.info != "go" {
			continue
		}
		quoted++
		if text := strings.TrimSuffix(b.text, "\t...\n"); !strings.Contains(source.String(), text) {
			t.Errorf("%s: no package that is walked through has this:\n%s", b.place, text)
		}
	}
	if quoted == 0 {
		t.Error("CONTRIBUTING.md quotes nothing")
	}
}
