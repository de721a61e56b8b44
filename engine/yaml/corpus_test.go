package yaml

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"
)

// dump writes a tree in one line.
func dump(n *Node) string {
	switch n.Kind {
	case Scalar:
		return fmt.Sprintf("%q", n.Text)
	case List:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = dump(item)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case Map:
		parts := make([]string, len(n.Pairs))
		for i, p := range n.Pairs {
			parts[i] = fmt.Sprintf("%q", p.Key.Text) + ":" + dump(p.Value)
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return "~"
}

// value returns what goccy's decoder makes of a tree, scalar by scalar.
func value(t *testing.T, n *Node) any {
	switch {
	case n.Kind == List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = value(t, item)
		}
		return list
	case n.Kind == Map:
		pairs := map[string]any{}
		for _, p := range n.Pairs {
			pairs[fmt.Sprint(value(t, p.Key))] = value(t, p.Value)
		}
		return pairs
	case n.Kind == Null:
		return nil
	case n.Quoted || strings.ContainsAny(n.Text, "\n:#"): // no number and no word
		return n.Text
	}
	var v any
	if err := yaml.Unmarshal([]byte("- "+n.Text), &v); err != nil {
		return n.Text
	}
	if list, ok := v.([]any); ok && len(list) == 1 {
		switch list[0].(type) {
		case []any, map[string]any:
		default:
			return list[0]
		}
	}
	return n.Text
}

// decoded returns what goccy's decoder makes of a text.
func decoded(text string) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("goccy panics: %v", p)
		}
	}()
	err = yaml.UnmarshalWithOptions([]byte(strings.ReplaceAll(strings.TrimPrefix(text, "\uFEFF"), "\r\n", "\n")), &v)
	return plainKeys(v), err
}

// plainKeys gives mappings with keys of other types the texts of these.
func plainKeys(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = plainKeys(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainKeys(v[k])
		}
	case map[any]any:
		texts := map[string]any{}
		for k, value := range v {
			texts[fmt.Sprint(k)] = plainKeys(value)
		}
		return texts
	}
	return v
}

// corpus returns the files of the archives in testdata/corpus.
func corpus(t testing.TB) []txtar.File {
	names, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	var all []txtar.File
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasPrefix(f.Name, "no-end") { // an archive ends each file with a line break
				f.Data = f.Data[:len(f.Data)-1]
			}
			all = append(all, f)
		}
	}
	if len(all) < 200 {
		t.Fatalf("the corpus has %d files only", len(all))
	}
	return all
}

// TestCorpus holds that the files that people write are read to what goccy's
// decoder makes of them.
func TestCorpus(t *testing.T) {
	for _, f := range corpus(t) {
		text := string(f.Data)
		want, err := decoded(text)
		if err != nil {
			t.Errorf("%s: goccy refuses it: %v", f.Name, err)
			continue
		}
		root, list := Read(&Source{Name: f.Name, Text: f.Data})
		if len(list) > 0 {
			t.Errorf("refused: %v", list)
			continue
		}
		if got := value(t, root); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got   %v\n goccy %v\n%s", f.Name, got, want, text)
		}
		if damage := placed(root, text); damage != "" {
			t.Errorf("%s: %s", f.Name, damage)
		}
	}
}

// placed says which text of a tree does not stand where its places say: each
// letter and digit that is no escape is found again.
func placed(root *Node, text string) (damage string) {
	lines := strings.Split(strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\uFEFF"), "\n")
	eachNode(root, func(n *Node) {
		if n.Kind != Scalar || damage != "" {
			return
		}
		for i, c := range []rune(n.Text) {
			at := n.At(i, 1).Start
			line := append([]rune(lines[at.Line-1]), '\n')
			found := line[at.Column-1]
			if found != c && found != '\\' && c != '\n' && c != ' ' {
				damage = fmt.Sprintf("character %d of %q is placed at %v, where %q stands", i, n.Text, at, found)
				return
			}
		}
	})
	return damage
}

// examples are the playbooks of the tests.
func examples(t testing.TB) []string {
	files, err := filepath.Glob("../playbook/testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of playbooks: %v", err)
	}
	var texts []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}
