package yaml

import (
	"strings"
	"testing"
)

// eachNode calls f on n and all nodes in it.
func eachNode(n *Node, f func(*Node)) {
	f(n)
	for _, item := range n.Items {
		eachNode(item, f)
	}
	for _, p := range n.Pairs {
		eachNode(p.Key, f)
		eachNode(p.Value, f)
	}
}

// FuzzReadsAsGoccy holds that whatever Read accepts, goccy reads to the same
// tree, as far as goccy accepts it. Left out is what goccy reads otherwise than
// YAML 1.2 says: tabs, space at the end of a line, the end of the last line of a
// file without a line break, a key that ends with a colon, and the line breaks at the end of a block scalar.
func FuzzReadsAsGoccy(f *testing.F) {
	for _, text := range accepted(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text += "\n"
		if len(text) > 4096 || strings.Contains(text, " \n") || strings.Contains(text, "\t") || strings.Contains(text, "::") {
			return
		}
		root, list := Read(&Source{Name: "x", Text: []byte(text)})
		if len(list) > 0 {
			return
		}
		want, err := readGoccy(text)
		if err == nil && withoutEnds(dump(root)) != withoutEnds(want) {
			t.Errorf("%q\n got   %s\n goccy %s", text, dump(root), want)
		}
	})
}

// withoutEnds takes the line breaks off the ends of the texts of a dump.
func withoutEnds(dump string) string {
	for strings.Contains(dump, `\n"`) {
		dump = strings.ReplaceAll(dump, `\n"`, `"`)
	}
	return dump
}
