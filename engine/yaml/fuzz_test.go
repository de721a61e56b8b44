package yaml

import (
	"reflect"
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

// FuzzReadsAsGoccy holds that whatever Read accepts, goccy's decoder reads to
// the same values, as far as it accepts it.
func FuzzReadsAsGoccy(f *testing.F) {
	for _, text := range examples(f) {
		f.Add(text)
	}
	for _, file := range corpus(f) {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		text += "\n"
		if len(text) > 4096 || strings.Contains(text, " \n") || strings.ContainsAny(text, "\t\r") {
			return // goccy keeps some of this space
		}
		root, list := Read(&Source{Name: "x", Text: []byte(text)})
		if len(list) > 0 {
			return
		}
		if root == nil {
			t.Fatalf("%q: no tree and no mistake", text)
		}
		if readOtherwise(root) {
			return
		}
		want, err := decoded(text)
		if got := value(t, root); err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got   %v\n goccy %v", text, got, want)
		}
	})
}

// readOtherwise says whether a tree holds what goccy's lexer reads otherwise
// than YAML 1.2 says, and Read mends: a colon without a space in brackets, an
// empty item above a key, a line break in a text that goes on with a dash.
func readOtherwise(root *Node) bool {
	found := false
	eachNode(root, func(n *Node) {
		found = found || !n.Quoted && n.Flow && strings.Contains(n.Text, ":") || !n.Quoted && strings.Contains(n.Text, " -") || strings.HasSuffix(n.Text, ":") ||
			n.Kind == List && len(n.Items) > 0 && n.Items[len(n.Items)-1].Kind == Null
	})
	return found
}
