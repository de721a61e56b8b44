package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layer is where a file of this package stands. None uses what is declared above
// it, and verbs use nothing of each other.
type layer int

const (
	isPage   layer = iota // x_page.go: what is drawn, of values that were gathered
	isGround              // what all verbs are given: the app, the terminal, the launcher
	isVerb                // x.go with a command: its flags and its calls
)

func (l layer) String() string { return [...]string{"a page", "the ground", "a verb"}[l] }

// source is a file of this package.
type source struct {
	name  string
	layer layer
	file  *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []source
	lines := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
		s, err := newSource(name, text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	others := 0
	for _, s := range out {
		if s.layer != isVerb {
			others++
		}
	}
	if lines > 3500 || others > 18 {
		t.Errorf("%d lines, and %d files that are no verb: what does not belong to a command line has a room of its own elsewhere", lines, others)
	}
	return out
}

func newSource(name string, text []byte) (source, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
	s := source{name: name, layer: isGround, file: file}
	if err != nil {
		return s, err
	}
	for declared := range s.declared() {
		if strings.HasSuffix(declared, "Command") {
			s.layer = isVerb
		}
	}
	if strings.HasSuffix(name, "_page.go") {
		s.layer = isPage
	}
	return s, nil
}

// declared are the names at the top of the file; those of methods of the app are
// written as they are called, "a.run".
func (s source) declared() map[string]bool {
	names := map[string]bool{}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names[d.Name.Name] = true
			} else if star, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok && star.X.(*ast.Ident).Name == "app" {
				names["a."+d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names[spec.Name.Name] = true
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names[n.Name] = true
					}
				}
			}
		}
	}
	return names
}

// used are the names that the file takes from others, or from imports.
func (s source) used() map[string]bool {
	names := map[string]bool{}
	for _, n := range s.file.Unresolved {
		names[n.Name] = true
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "a" {
				names["a."+sel.Sel.Name] = true
			}
		}
		return true
	})
	return names
}

// wrong says which names of to may not be used in from.
func wrong(from, to source) []string {
	var out []string
	used := from.used()
	for name := range to.declared() {
		upward := to.layer > from.layer || to.layer == isVerb && from.layer == isVerb
		if used[name] && upward && !strings.HasSuffix(name, "Command") {
			out = append(out, from.name+", "+from.layer.String()+", uses "+name+" of "+to.name+", "+to.layer.String())
		}
	}
	for _, i := range from.file.Imports {
		if from.layer == isPage && (strings.Contains(i.Path.Value, "cobra") || strings.Contains(i.Path.Value, "console") || i.Path.Value == `"os"`) {
			out = append(out, from.name+" draws, and imports "+i.Path.Value)
		}
	}
	return out
}

func TestLayers(t *testing.T) {
	all := sources(t)
	for _, from := range all {
		for _, to := range all {
			if from.name == to.name {
				continue
			}
			for _, why := range wrong(from, to) {
				t.Error(why)
			}
		}
	}
}

func TestWhatIsWrongBetweenLayers(t *testing.T) {
	parse := func(name, text string) source {
		s, err := newSource(name, []byte("package main\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	verb := parse("a.go", "func (a *app) aCommand() { a.run() }\nfunc (a *app) run() {}\ntype flags struct{}")
	other := parse("b.go", "func (a *app) bCommand() { a.aCommand() }")
	for text, want := range map[string]int{
		"func (a *app) cCommand() { a.aCommand() }":            0,
		"func (a *app) cCommand() { a.run() }":                 1,
		"func (a *app) cCommand(f *flags) { _ = []flags{*f} }": 1,
		"func (a *app) ground() { a.aCommand() }":              0,
		"func (a *app) ground(flags int) { a.run() }":          1,
		"var x = y.flags": 0,
	} {
		if got := wrong(parse("c.go", text), verb); len(got) != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	page := parse("c_page.go", "import \"os\"\nfunc drawn() { _ = os.Args }")
	if len(wrong(page, other)) != 1 || len(wrong(other, page)) != 0 || page.layer != isPage || verb.layer != isVerb {
		t.Error("a page may see the process")
	}
}
