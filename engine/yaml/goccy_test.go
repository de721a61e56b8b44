package yaml

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// dump writes a tree so that two readings can be compared.
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

// dumpGoccy writes goccy's tree in the same way.
func dumpGoccy(n ast.Node) string {
	switch n := n.(type) {
	case nil:
		return "~"
	case *ast.NullNode:
		return "~"
	case *ast.LiteralNode:
		return fmt.Sprintf("%q", n.Value.Value)
	case *ast.SequenceNode:
		parts := make([]string, len(n.Values))
		for i, item := range n.Values {
			parts[i] = dumpGoccy(item)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *ast.MappingNode:
		parts := make([]string, len(n.Values))
		for i, p := range n.Values {
			parts[i] = dumpGoccyPair(p)
		}
		return "{" + strings.Join(parts, " ") + "}"
	case *ast.MappingValueNode:
		return "{" + dumpGoccyPair(n) + "}"
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	}
	return fmt.Sprintf("%q", n.GetToken().Value)
}

func dumpGoccyPair(p *ast.MappingValueNode) string {
	key := dumpGoccy(p.Key)
	if key == "~" {
		key = fmt.Sprintf("%q", p.Key.GetToken().Value)
	}
	return key + ":" + dumpGoccy(p.Value)
}

// readGoccy reads text with goccy.
func readGoccy(text string) (tree string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("goccy panics: %v", r)
		}
	}()
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return "", err
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return "~", nil
	}
	if len(file.Docs) > 1 {
		return "", fmt.Errorf("%d documents", len(file.Docs))
	}
	return dumpGoccy(file.Docs[0].Body), nil
}

// accepted are texts that both read to the same tree.
func accepted(t testing.TB) []string {
	texts := []string{
		"", "a", "a: 1\n", "a: b\nc: d\n", "a:\n  b: c\n  d:\n  - 1\n  - 2\ne: f\n",
		"- a\n- b\n-\n- - c\n  - d\n- e: 1\n  f: 2\n", "a: [1, 2, [3, x y], {k: v, w: }]\n",
		"a: {\n  b: 1,\n  c: [x,\n    y],\n}\n", "a: \"x\\ty\\u00e9 \\\"q\\\" \\\\\"\n", "a: 'it''s'\n",
		"a: \"one\n  two\n\n  three\"\n", "a: 'one\n  two'\n", "a: one\n  two\n\n  three\nb: c\n",
		"a: |\n  one\n   two\n\n  three\nb: |-\n  x\nc: |+\n  y\n\nd: z\n",
		"a: >\n  one\n  two\n\n  three\n   more\n    deep\n  back\nb: >-\n  x\n  y\n",
		"a: | # note\n  x # no comment\n", "# only\na: b # c\n\n# d\nc: d\n", "---\na: b\n", "a: b\n...\n",
		"a: ~\nb: null\nc:\nd: ''\n", "a: x#y\nb: x:y\nc: http://h/p?q=1,2\n", "\"a b\": c\n'd': e\n",
		"- - - a\n- {}\n- []\n", "a: -1\nb: - \nc: -x\n", "a: {\"b\":1,\"c\":[2]}\n", "a:\n- b: c\n  d: e\n- f\n",
		"a: é ü\nb: 日本: x\n", "a: |2\n    x\n   y\n", "- |\n  x\n- >-\n  y\n  z\n", "a: b\r\nc: |\r\n  d\r\n  e\r\n",
	}
	files, err := filepath.Glob("../playbook/testdata/ok/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of playbooks: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

func TestReadsAsGoccy(t *testing.T) {
	for _, text := range accepted(t) {
		want, wrong := readGoccy(text)
		root, list := Read(&Source{Name: "x.yaml", Text: []byte(text)})
		switch {
		case len(list) > 0 && wrong == nil:
			t.Errorf("%q is refused: %v; goccy reads %s", text, list, want)
		case len(list) == 0 && wrong != nil:
			t.Errorf("%q is read as %s; goccy says %v", text, dump(root), wrong)
		case len(list) == 0:
			if got := dump(root); got != want {
				t.Errorf("%q\n got   %s\n goccy %s", text, got, want)
			}
		}
	}
}
