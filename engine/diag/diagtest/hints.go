// Package diagtest holds hints to what they say: each has been tried.
package diagtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"runbook/engine/diag"
)

// Tried is a mistake, and what is without a finding once its hint was followed.
type Tried struct{ Mistake, Mended string }

// Hints fails for a mistake of which no finding has a hint, for one that is still there
// when the hint was followed, and for words of a hint in the Go files of the folder that
// none of the mistakes is answered with.
func Hints(t *testing.T, folder string, tried []Tried, find func(text string) diag.List) {
	t.Helper()
	var given strings.Builder
	for _, x := range tried {
		before := given.Len()
		for _, d := range find(x.Mistake) {
			given.WriteString(d.Hint)
		}
		if given.Len() == before {
			t.Errorf("no hint is given for %q", x.Mistake)
		}
		given.WriteByte('\n')
		if left := find(x.Mended); len(left) > 0 {
			t.Errorf("%s\nwhat the hint says to write is wrong, too: %v", x.Mended, left)
		}
	}
	written, err := words(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(written) == 0 {
		t.Errorf("no hint is written in %s", folder)
	}
	for _, text := range slices.Sorted(maps.Keys(written)) {
		if !strings.Contains(given.String(), text) {
			t.Errorf("%s: the hint %q was never tried", written[text], text)
		}
	}
}

// source is a folder of Go files in which hints are looked for.
type source struct {
	set    *token.FileSet
	consts map[string]ast.Expr
	funcs  map[string]*ast.FuncDecl
	found  map[string]string // words of hints, with their places
	seen   map[string]bool   // functions of which the results are among them
}

// words are the constant parts of the hints in the Go files of a folder.
func words(folder string) (map[string]string, error) {
	s := source{set: token.NewFileSet(), consts: map[string]ast.Expr{}, funcs: map[string]*ast.FuncDecl{}, found: map[string]string{}, seen: map[string]bool{}}
	files, err := s.parse(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				s.funcs[d.Name.Name] = d
			case *ast.GenDecl:
				s.declared(d)
			}
		}
	}
	for _, f := range files {
		var in *ast.FuncDecl
		ast.Inspect(f, func(n ast.Node) bool {
			if d, ok := n.(*ast.FuncDecl); ok {
				in = d
			}
			if hint := hintOf(n); hint != nil {
				s.collect(hint, in)
			}
			return true
		})
	}
	return s.found, nil
}

func (s *source) parse(folder string) ([]*ast.File, error) {
	names, err := filesOf(folder)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(s.set, name, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func (s *source) declared(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for i, value := range v.Values {
			s.consts[v.Names[i].Name] = value
		}
	}
}

// hintOf is the hint that a node gives: a field of that name, its tag, or the last argument
// of what reports. Nil: none.
func hintOf(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Hint" {
			return n.Value
		}
	case *ast.AssignStmt:
		if field, ok := n.Lhs[0].(*ast.SelectorExpr); ok && field.Sel.Name == "Hint" {
			return n.Rhs[0]
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "fail" || f.Sel.Name == "warn") && len(n.Args) >= 4 {
			return n.Args[len(n.Args)-1]
		}
	case *ast.Field:
		if n.Tag == nil {
			return nil
		}
		tag, err := strconv.Unquote(n.Tag.Value)
		of := reflect.StructTag(tag)
		if hint := of.Get("hint") + of.Get("large"); err == nil && hint != "" {
			return &ast.BasicLit{ValuePos: n.Tag.ValuePos, Kind: token.STRING, Value: strconv.Quote(hint)}
		}
	}
	return nil
}

// verbs stand for what is not constant in a format.
var verbs = regexp.MustCompile("%[a-z]")

// code is the code of a finding, which its hint is asked for with.
var code = regexp.MustCompile("^RB[0-9]+$")

// collect adds the constant parts of an expression: of a name those of what is assigned to
// it in the function, of a call those of the last result.
func (s *source) collect(e ast.Expr, in *ast.FuncDecl) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			s.add(n)
		case *ast.Ident:
			if value, ok := s.consts[n.Name]; ok {
				s.collect(value, nil)
			} else if in != nil {
				s.assigned(n.Name, in)
			}
		case *ast.SelectorExpr:
			return false
		case *ast.CallExpr:
			s.results(n)
		}
		return true
	})
}

func (s *source) add(l *ast.BasicLit) {
	text, err := strconv.Unquote(l.Value)
	if l.Kind != token.STRING || err != nil {
		return
	}
	for _, part := range verbs.Split(text, -1) {
		if part = strings.TrimSpace(part); len(part) > 5 && !code.MatchString(part) {
			s.found[part] = s.set.Position(l.Pos()).String()
		}
	}
}

func (s *source) assigned(name string, in *ast.FuncDecl) {
	ast.Inspect(in.Body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for i, to := range a.Lhs {
			if x, ok := to.(*ast.Ident); !ok || x.Name != name {
				continue
			}
			from := a.Rhs[min(i, len(a.Rhs)-1)]
			if call, ok := from.(*ast.CallExpr); ok {
				s.results(call)
			}
			s.collect(from, nil)
		}
		return true
	})
}

// results adds what the function of a call returns at last.
func (s *source) results(call *ast.CallExpr) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	d := s.funcs[name]
	if d == nil || s.seen[name] {
		return
	}
	s.seen[name] = true
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			s.collect(r.Results[len(r.Results)-1], d)
		}
		return true
	})
}
