package playbook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// corpus adds all texts of the tests to f.
func corpus(f *testing.F) {
	var files []string
	for _, pattern := range []string{"testdata/ok/*.yaml", "testdata/err/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			f.Fatalf("no files %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}

// lineLengths returns how many characters each line of text has.
func lineLengths(text string) []int {
	text = strings.TrimPrefix(text, "\uFEFF")
	lines := strings.Split(text, "\n")
	lengths := make([]int, len(lines))
	for i, line := range lines {
		lengths[i] = utf8.RuneCountInString(line)
	}
	return lengths
}

func inside(s diag.Span, lengths []int) bool {
	in := func(p diag.Position) bool {
		return p.Line >= 1 && p.Line <= len(lengths) && p.Column >= 1 && p.Column <= lengths[p.Line-1]+1
	}
	return in(s.Start) && (!s.End.IsValid() || in(s.End) && s.Start.Compare(s.End) <= 0)
}

// eachNode calls f on n and all nodes in it.
func eachNode(n *yaml.Node, f func(*yaml.Node)) {
	f(n)
	for _, item := range n.Items {
		eachNode(item, f)
	}
	for _, p := range n.Pairs {
		eachNode(p.Key, f)
		eachNode(p.Value, f)
	}
}

// FuzzParse holds that no text makes Parse panic, and that each span, also of
// each character of each text, is inside of the file.
func FuzzParse(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, text string) {
		source := &yaml.Source{Name: "x", Text: []byte(text)}
		lengths := lineLengths(text)
		p, list := Parse(source)
		if p == nil && list.Errors() == 0 {
			t.Fatal("no playbook and no error")
		}
		for _, d := range list {
			if !inside(d.Span, lengths) {
				t.Errorf("%v: %v is not inside", d, d.Span)
			}
			for _, n := range d.Notes {
				if !inside(n.Span, lengths) {
					t.Errorf("%v: note %v is not inside", d, n.Span)
				}
			}
		}
		root, _ := yaml.Read(source)
		if root == nil {
			return
		}
		eachNode(root, func(n *yaml.Node) {
			if !inside(n.Span, lengths) {
				t.Errorf("%v %q: %v is not inside", n.Kind, n.Text, n.Span)
			}
			for i := range min(utf8.RuneCountInString(n.Text), 50) {
				if s := n.At(i, 1); !inside(s, lengths) || s.Start.Compare(n.Span.Start) < 0 || !n.Quoted && s.End.Compare(n.Span.End) > 0 {
					t.Errorf("%q: character %d at %v is not inside %v", n.Text, i, s, n.Span)
				}
			}
		})
	})
}
