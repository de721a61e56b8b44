package actions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestEveryDeclarationIsComplete(t *testing.T) {
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range registry.All() {
		actiontest.Check(t, a)
		if a.Target == nil {
			continue
		}
		for _, f := range a.Target.Config.Fields {
			if f.Doc == "" {
				t.Errorf("target %s: %s has no doc", a.Target.Name, f.Name)
			}
		}
	}
}

// Sent again after a lost reply is only what changes nothing more by that, whatever others
// did meanwhile. Each of these says why; another one is judged before it stands here.
func TestWhatIsSentAgain(t *testing.T) {
	because := map[string]string{
		"alertmanager.expire_silence": "what has ended never begins again under its id",
		"docker.start":                "who stopped it meanwhile has changed when it was started, which is its subject",
		"docker.stop":                 "who started it meanwhile has changed when it was started, which is its subject",
		"mongo.kill_op":               "no other operation gets its id",
	}
	for _, a := range all() {
		if _, judged := because[a.Name]; a.Effect != action.Read && a.Idempotent != judged {
			t.Errorf("%s is sent again: %v", a.Name, a.Idempotent)
		}
	}
}

// Each action of a family is in the list, and tested in its folder. What is missing is said with its file.
func TestEveryActionIsListedAndTested(t *testing.T) {
	list, err := os.ReadFile("actions.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*/*.go")
	below, bad := filepath.Glob("*/*/*.go") // of a family with many, by object
	if err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	files = append(files, below...)
	tests := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests[filepath.Dir(file)] += string(text)
		}
	}
	listed := 0
	for _, file := range files {
		folder := filepath.Dir(file)
		family := filepath.Base(folder)
		for _, name := range declared(t, file) {
			listed++
			if !strings.Contains(string(list), "\t"+family+"."+name+",\n") {
				t.Errorf("%s declares %s: add %s.%s to All in actions/actions.go", file, name, family, name)
			}
			if !regexp.MustCompile(`[^.\w]` + name + `\b`).MatchString(tests[folder]) { // and no time.Time for a Time
				t.Errorf("%s declares %s: no test in actions/%s runs it, as actiontest.Run(t, %s, …) does", file, name, folder, name)
			}
		}
	}
	if all := len(actions.All()); listed != all {
		t.Errorf("All lists %d actions, the families declare %d", all, listed)
	}
}

// declared returns the exported variables of a file that hold an action: those
// that action.New makes, or a method that is called action.
func declared(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range tree.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			if len(value.Values) != 1 || !value.Names[0].IsExported() {
				continue
			}
			made, ok := value.Values[0].(*ast.CallExpr)
			if !ok {
				continue
			}
			if by, ok := made.Fun.(*ast.SelectorExpr); ok && (by.Sel.Name == "New" || by.Sel.Name == "action") {
				names = append(names, value.Names[0].Name)
			}
		}
	}
	return names
}

// TestActionsOfAHostAskIt holds that each action with a host as its target asks
// the node_exporter of the target where it has one: the figures of this machine
// would be told as those of another.
func TestActionsOfAHostAskIt(t *testing.T) {
	call := actiontest.Call(t, map[string]any{"node_exporter": "http://127.0.0.1:1"})
	for _, a := range actions.All() {
		if a.Target == nil || a.Target.Name != "host" {
			continue
		}
		var with map[string]any
		if _, err := a.Decode(nil, call.Target); err != nil {
			with = map[string]any{"path": "/"}
		}
		if _, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call); err == nil {
			t.Errorf("%s reads this machine where its target has a node_exporter: begin as host.memory does, with remote", a.Name)
		}
	}
}

func TestAddressesShowNoPassword(t *testing.T) {
	for _, kind := range mustRegistry(t).Targets() {
		address, _ := kind.Address(kind.Local)
		if kind.Local != nil && address == "" {
			t.Errorf("target %s has no address for its local configuration", kind.Name)
		}
		for _, key := range []string{"base_url", "uri", "host"} {
			config := map[string]any{key: "https://ann:hunter22@h:1/"}
			if key == "uri" {
				config[key] = "mongodb://ann:hunter22@h:1/"
			}
			if shown, _ := kind.Address(config); strings.Contains(shown, "hunter22") {
				t.Errorf("target %s shows %s", kind.Name, shown)
			}
		}
	}
}

func mustRegistry(t testing.TB) *action.Registry {
	t.Helper()
	r, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
