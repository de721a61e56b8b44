package yaml

import (
	"strings"
	"testing"
)

// TestAt finds the word "here" of a text again in the file.
func TestAt(t *testing.T) {
	for name, text := range map[string]string{
		"plain":            "a: is it here now\n",
		"wide":             "a: 日本 é here\n",
		"key":              "a:\n  - is here: 1\n",
		"single":           "a: 'it''s here'\n",
		"double":           "a: \"\\u00e9 \\x41 \\\"\\n here\"\n",
		"flow":             "a: {b: [x, 'it''s ''here']}\n",
		"literal":          "a: |\n    one\n\n      two here\n",
		"folded":           "a:\n  - >-\n    one\n    two\n\n    three here\n",
		"lines":            "a: one\n  two\n\n  and here\n",
		"lines in quotes":  "a: \"one\\\n  two\n\n  \\u0041nd here\"\n",
		"carriage returns": "a: |\r\n  one\r\n  two here\r\n",
		"trap":             "a: [any(x, here)]\n",
	} {
		root, _ := Read(&Source{Name: "x", Text: []byte(text)})
		found := false
		eachNode(root, func(n *Node) {
			i := strings.Index(n.Text, "here")
			if i < 0 {
				return
			}
			found = true
			s := n.At(len([]rune(n.Text[:i])), 4)
			line := []rune(strings.Split(text, "\n")[s.Start.Line-1])
			if s.End.Line != s.Start.Line || string(line[s.Start.Column-1:s.End.Column-1]) != "here" {
				t.Errorf("%s: %q is placed at %v", name, n.Text, s)
			}
		})
		if !found {
			t.Errorf("%s: %s has no text with the word", name, dump(root))
		}
	}
}

func TestGet(t *testing.T) {
	root, _ := Read(&Source{Name: "x", Text: []byte("a: {b: c}\n")})
	if got := root.Get("a").Get("b"); got == nil || got.Text != "c" {
		t.Errorf("got %v", got)
	}
	if got := root.Get("x").Get("b"); got != nil {
		t.Errorf("got %v", got)
	}
}
