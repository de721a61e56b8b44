package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` says of a package of this module.
type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string // of GoFiles
}

// listed returns all packages of the module, those too that do not compile.
func listed(t *testing.T) []goPackage {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir, cmd.Stderr = "..", &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

// within says whether path is the package or lies below it.
func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

// foreign says whether path is neither of the standard library nor of this
// module: its first element is a host.
func foreign(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return strings.Contains(host, ".")
}

// engineMay are the foreign packages that the engine is built on: the two
// languages, the system, the width and the look of text. A driver of a protocol is never
// among them.
var engineMay = []string{
	"github.com/goccy/go-yaml", "github.com/expr-lang/expr", "golang.org/x",
	"github.com/charmbracelet/x/ansi", "charm.land/lipgloss/v2",
}

// ownYAML are the packages that read YAML: the one that all files go through, and the one
// that helps the tests of actions to read their examples. Files of Prometheus'
// rules are no playbooks: they are YAML as Prometheus reads it.
var ownYAML = []string{"runbook/engine/yaml", "runbook/engine/action/actiontest", "runbook/lab/prometheus"}

// reflects are the packages of the engine that may look into structs; the one of
// actions only names the types that it hands to schema.
var reflects = []string{"runbook/engine/schema", "runbook/engine/yaml", "runbook/engine/action", "runbook/engine/diag/diagtest"} // the last reads tags for tests

// violation says why the package may not import that path; "" if it may.
func violation(from, path string) string {
	if within(from, "runbook/engine") {
		if within(path, "runbook/actions") {
			return "the engine knows no action"
		}
		if foreign(path) && !slices.ContainsFunc(engineMay, func(root string) bool { return within(path, root) }) {
			return "the engine imports no driver; if this is none, add it to engineMay"
		}
		if within(path, "runbook/cmd") || within(path, "runbook/internal") || within(path, "runbook/lab") || within(path, "runbook/playbooks") {
			return "the engine stands by itself"
		}
	}
	if family, ok := strings.CutPrefix(from, "runbook/actions/"); ok {
		family, _, _ = strings.Cut(family, "/")
		if within(path, "runbook/actions") && !within(path, "runbook/actions/"+family) {
			return "families never import each other"
		}
	}
	if why := upward(from, path); why != "" {
		return why
	}
	if within(from, "runbook/lab") && (within(path, "runbook/actions") || within(path, "runbook/cmd") || within(path, "runbook/playbooks")) {
		return "the lab knows protocols, not who speaks them"
	}
	switch {
	case within(path, "github.com/goccy/go-yaml") && !slices.Contains(ownYAML, from):
		return "only engine/yaml reads YAML"
	case within(path, "charm.land/log") && from != "runbook/internal/console":
		return "only internal/console knows who writes the program's log"
	case within(path, "charm.land/lipgloss") && from != "runbook/engine/page":
		return "only engine/page knows how a terminal is written to"
	case within(path, "runbook/engine/action/actiontest"):
		return "it is for tests only"
	case within(path, "runbook/internal/console") && !within(from, "runbook/cmd"):
		return "only the program has a console; what prints is given a writer"
	case within(path, "github.com/expr-lang/expr") && !within(from, "runbook/engine/expression"):
		return "only engine/expression parses expressions"
	case within(from, "runbook/engine") && within(path, "runbook/engine/launch"):
		return "who starts a run is above all of the engine"
	case within(from, "runbook/engine") && path == "reflect" && !slices.Contains(reflects, from):
		return "only engine/schema and the decoder of engine/yaml look into structs, by the same tags"
	case within(from, "runbook/engine/run") && within(path, "runbook/engine/playbook"):
		return "a run knows the plan, not the file"
	case within(from, "runbook/engine/report") && (within(path, "runbook/engine/plan") || within(path, "runbook/engine/run")):
		return "a report is made from events alone"
	case within(from, "runbook/engine/history") && within(path, "runbook/engine") && !within(path, "runbook/engine/event") && !within(path, "runbook/engine/action"):
		return "what happened is folded from facts, whoever keeps, prints or makes them"
	}
	return ""
}

// upward says why a package of the lab may not import another of it: documents
// know no service, the service no face, a face no lab, and the app in a container
// no lab either, for tests of the faces start it too.
func upward(from, path string) string {
	const lab = "runbook/lab"
	mine := func(rooms ...string) bool {
		return slices.ContainsFunc(rooms, func(room string) bool { return within(path, lab+"/"+room) })
	}
	switch {
	case within(from, lab+"/document") && within(path, lab) && !mine("document"):
		return "documents know no service"
	case within(from, lab+"/model") && within(path, lab) && !mine("model", "document"):
		return "the service knows no face"
	case within(from, lab+"/container") && within(path, lab):
		return "the app in a container knows no lab"
	case (path == lab || mine("control", "container", "rehearsal")) && slices.ContainsFunc([]string{"docker", "redis", "mongo", "prometheus", "alertmanager", "service", "gate", "clock"}, func(face string) bool { return within(from, lab+"/"+face) }):
		return "a face knows the model, not the lab"
	}
	return ""
}

func TestDirectionOfImports(t *testing.T) {
	packages := listed(t)
	if len(packages) < 20 {
		t.Fatalf("go list shows %d packages only", len(packages))
	}
	for _, p := range packages {
		for _, path := range p.Imports {
			if why := violation(p.ImportPath, path); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, path, why)
			}
		}
	}
}

func TestViolation(t *testing.T) {
	for _, c := range []struct {
		from, path string
		bad        bool
	}{
		{"runbook/engine/run", "runbook/engine/plan", false},
		{"runbook/lab/rehearsal", "runbook/engine/run", false},
		{"runbook/lab/rehearsal", "runbook/actions", true},
		{"runbook/lab", "runbook/playbooks", true},
		{"runbook/lab/document", "runbook/lab/model", true},
		{"runbook/lab/document", "runbook/lab/document/query", false},
		{"runbook/lab/model", "runbook/lab/document", false},
		{"runbook/lab/model", "runbook/lab/gate", true},
		{"runbook/lab/redis", "runbook/lab/model", false},
		{"runbook/lab/redis", "runbook/lab", true},
		{"runbook/lab/alertmanager", "runbook/lab/prometheus", false},
		{"runbook/lab/container", "runbook/lab", true},
		{"runbook/lab/control", "runbook/lab/container", false},
		{"runbook/lab/control", "runbook/actions", true},
		{"runbook/engine/run", "runbook/engine/playbook", true},
		{"runbook/engine/launch", "runbook/engine/run", false},
		{"runbook/engine/run", "runbook/engine/launch", true},
		{"runbook/engine/launch", "runbook/actions", true},
		{"runbook/lab/rehearsal", "runbook/engine/launch", false},
		{"runbook/engine/report", "runbook/engine/event", false},
		{"runbook/engine/report", "runbook/engine/plan", true},
		{"runbook/engine/report", "runbook/engine/run", true},
		{"runbook/engine/journal", "runbook/engine/history", false},
		{"runbook/engine/history", "runbook/engine/event", false},
		{"runbook/engine/history", "runbook/engine/journal", true},
		{"runbook/engine/reference", "runbook/engine/action", false},
		{"runbook/engine/action", "runbook/actions/redis", true},
		{"runbook/engine/action", "github.com/redis/go-redis/v9", true},
		{"runbook/engine/journal", "golang.org/x/sys/unix", false},
		{"runbook/engine/yaml", "github.com/goccy/go-yaml/parser", false},
		{"runbook/engine/playbook", "github.com/goccy/go-yaml", true},
		{"runbook/engine/yaml", "reflect", false},
		{"runbook/engine/playbook", "reflect", true},
		{"runbook/engine/reference", "runbook/engine/action/actiontest", true},
		{"runbook/cmd/runbook", "github.com/goccy/go-yaml", true},
		{"runbook/engine/page", "charm.land/lipgloss/v2", false},
		{"runbook/engine/report", "charm.land/lipgloss/v2", true},
		{"runbook/internal/console", "charm.land/log/v2", false},
		{"runbook/cmd/runbook", "charm.land/log/v2", true},
		{"runbook/cmd/runbook", "charm.land/lipgloss/v2/table", true},
		{"runbook/engine/expression", "github.com/expr-lang/expr/ast", false},
		{"runbook/engine/plan", "github.com/expr-lang/expr", true},
		{"runbook/actions/redis", "github.com/redis/go-redis/v9", false},
		{"runbook/actions/redis", "runbook/actions/docker", true},
		{"runbook/actions/docker", "runbook/actions", true},
		{"runbook/actions/docker/fake", "runbook/actions/docker", false},
		{"runbook/actions", "runbook/actions/docker", false},
		{"runbook/cmd/runbook", "runbook/actions", false},
		{"runbook/cmd/runbook", "runbook/internal/console", false},
		{"runbook/lab/rehearsal", "runbook/internal/console", true},
	} {
		if why := violation(c.from, c.path); (why != "") != c.bad {
			t.Errorf("%s imports %s: %q", c.from, c.path, why)
		}
	}
}

// Nothing happens when a package is loaded: what there is stands in a list that
// somebody passes on.
func TestNothingRegistersItself(t *testing.T) {
	for _, p := range listed(t) {
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%s/%s: %v", p.ImportPath, name, err)
				continue
			}
			for _, found := range hidden(file) {
				t.Errorf("%s/%s: %s", p.ImportPath, name, found)
			}
		}
	}
}

// hidden finds blank imports and functions init. A blank import of embed is the
// language's own way to embed text.
func hidden(file *ast.File) []string {
	var found []string
	for _, i := range file.Imports {
		if i.Name != nil && i.Name.Name == "_" && i.Path.Value != `"embed"` {
			found = append(found, "blank import of "+i.Path.Value)
		}
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, "a function init")
		}
	}
	return found
}

func TestHidden(t *testing.T) {
	for _, c := range []struct {
		source string
		want   int
	}{
		{`package a; import _ "embed"`, 0},
		{`package a; import "net/http"; func run() { http.NewServeMux() }`, 0},
		{`package a; type t int; func (t) init() {}`, 0},
		{`package a; import _ "net/http/pprof"`, 1},
		{`package a; import _ "net/http/pprof"; func init() {}`, 2},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", c.source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := hidden(file); len(got) != c.want {
			t.Errorf("%s: %q", c.source, got)
		}
	}
}
