package yaml

import (
	"fmt"
	"strings"
	"testing"
)

// readAll returns the tree of a text in one line, and its diagnostics with their
// notes.
func readAll(text string) (tree, faults string) {
	root, list := Read(&Source{Name: "x", Text: []byte(text)})
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%v %s", d.Span.Start, d.Message)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, " (%v %s)", n.Span.Start, n.Message)
		}
		b.WriteString("\n")
	}
	if root != nil {
		tree = dump(root)
	}
	return tree, b.String()
}

func TestReads(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"alias":                      {"a: &x 1\nb: *x\nc: [*x, *x]\n", `{"a":"1" "b":"1" "c":["1" "1"]}`},
		"alias inside another":       {"a: &x {b: &y [1], c: *y}\nd: *x\n", `{"a":{"b":["1"] "c":["1"]} "d":{"b":["1"] "c":["1"]}}`},
		"alias as a key":             {"a: &x k\nb: {*x : 1}\n*x : 2\n", `{"a":"k" "b":{"k":"1"} "k":"2"}`},
		"anchor that is used again":  {"a: &x 1\nb: *x\nc: &x 2\nd: *x\n", `{"a":"1" "b":"1" "c":"2" "d":"2"}`},
		"anchor of nothing":          {"a: &x\nb: *x\n", `{"a":~ "b":~}`},
		"own keys win":               {"a: &x {k: 1, l: 2}\nb:\n  k: own\n  <<: *x\nc:\n  <<: *x\n  k: own\n", `{"a":{"k":"1" "l":"2"} "b":{"k":"own" "l":"2"} "c":{"k":"own" "l":"2"}}`},
		"the first merge wins":       {"a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y]}\n", `{"a":{"k":"1"} "b":{"k":"2" "l":"3"} "c":{"k":"1" "l":"3"}}`},
		"a merge of a merge":         {"a: &x {k: 1}\nb: &y {<<: *x, l: 2}\nc: {<<: *y, m: {<<: *x}}\n", `{"a":{"k":"1"} "b":{"l":"2" "k":"1"} "c":{"m":{"k":"1"} "l":"2" "k":"1"}}`},
		"a mapping merged in place":  {"a:\n  x: 2\n  <<: {x: 1, y: 3}\n", `{"a":{"x":"2" "y":"3"}}`},
		"<< in quotes":               {"a: {\"<<\": b}\n", `{"a":{"<<":"b"}}`},
		"tabs between tokens":        {"a:\tb\nc: 1\t# d\ne:\n  g: {\n\t\t\"f\":\t1,\n\t\"g\": [\t2 ]\n  }\n", `{"a":"b" "c":"1" "e":{"g":{"f":"1" "g":["2"]}}}`},
		"comments in braces":         {"a: {b: 1,\n  # c\n  d: 2} # e\nf: [ # g\n  ]\n", `{"a":{"b":"1" "d":"2"} "f":[]}`},
		"block scalars with CRLF":    {"a: |\r\n  b\r\n  c\r\nd: >-\r\n  e\r\n  f\r\n", `{"a":"b\nc\n" "d":"e f"}`},
		"indentation indicators":     {"a:\n  b: |2-\n\n        c\n  d: >1\n     e\n     f\n    g\n", `{"a":{"b":"\n    c" "d":"  e\n  f\n g\n"}}`},
		"numbers keep their letters": {"a: 72225e2\nb: 1.10\nc: 0123\nd: 0x1F\ne: 1_000\nf: -0\ng: .inf\n", `{"a":"72225e2" "b":"1.10" "c":"0123" "d":"0x1F" "e":"1_000" "f":"-0" "g":".inf"}`},
		// What goccy's lexer reads otherwise than YAML 1.2 says.
		"a colon in brackets":        {"a: [8060:8060, b:c]\nd: {e: f:g, h:i: j}\n", `{"a":["8060:8060" "b:c"] "d":{"e":"f:g" "h:i":"j"}}`},
		"an empty item above a key":  {"a:\n- b\n-\nc: d\n", `{"a":["b" ~] "c":"d"}`},
		"a line of space in a text":  {"a: b\n \n\n  c\n", `{"a":"b\n\nc"}`},
		"a comment below a dash":     {"a: b\n  --c # d\n", `{"a":"b --c"}`},
		"the last line has no end":   {"a: >\n  b\n  c", `{"a":"b c"}`},
		"dots that end no document":  {"a: b\n...c: d\n", `{"a":"b" "...c":"d"}`},
		"a text with < before its :": {"a<<: b\n", `{"a<<":"b"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if tree, faults := readAll(test.text); tree != test.want || faults != "" {
				t.Errorf("%q\n got  %s\n want %s\n%s", test.text, tree, test.want, faults)
			}
		})
	}
}

// TestTellsOnce holds that one slip is told once, and not with all that follows
// from it.
func TestTellsOnce(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n    - b: c\n      d: e\n  - f: g\n    h: i\n  - j\nk: l\n": "4:3 the indentation of this line fits nothing above\n",
		"a:\n  b: c\n   d: e\n":                          "3:4 a key stands inside a text that goes on from a line above (2:6 the text begins here)\n",
		"a:\n  b: 1\n  - c\n":                            "3:3 a list item stands among keys\n",
		"a:\n  b: 1\n  c\n":                              "3:3 this line is no key with a value\n",
		"a:\n  @ b: c\nd: e\n":                           "2:3 a text may not begin with @\n",
		"a: {b: c\n  d: e\n  f ? g : h\ni: j\nk: l: m\n": "1:4 the { is not closed\n5:5 YAML takes \": \" for the end of a key (5:4 this is one text)\n",
		"a: [b, c}\nd: e\n":                              "1:4 the [ is not closed\n",
		"a: [b, , c]\nd: [- e]\n":                        "1:8 there is no value before this comma\n2:5 a dash begins no item inside brackets\n",
		"a: - b\nc: d\n":                                 "1:4 a list item may not begin in the line of its key\n",
		"a: [b] c\nd: e\n":                               "1:8 there is text behind the closing bracket\n",
		"a: !x\n  b: c\nd: [!y z, e]\n":                  "1:4 YAML takes !x for a tag, which is not in the language\n3:5 YAML takes !y for a tag, which is not in the language\n",
		"a: |\n     \n  b\nc: \"\\xZZ \\q\"\n":           "3:1 an empty line above has more spaces than this first line of the text\n4:5 \\x wants 2 hexadecimal digits of a character\n4:10 \\q is no escape\n",
		"%YAML 1.2\n---\na: %b\n":                        "1:1 a YAML directive may not stand here\n3:4 a text may not begin with %\n",
		"? a\n: b\n":                                     "1:1 a key that begins with ? is not in the language\n",
		"[a]: b\nc: d\n":                                 "1:1 a key must be a text\n",
		"a:\n\t- b\n":                                    "2:1 a tab indents this line\n",
	} {
		if _, faults := readAll(text); faults != want {
			t.Errorf("%q\n got  %s want %s", text, faults, want)
		}
	}
}

func TestWrongAliases(t *testing.T) {
	for text, want := range map[string]string{
		"a: *x\n":                                "1:4 no anchor above is called \"x\"\n",
		"a: *b\nc: &b 1\n":                       "1:4 no anchor above is called \"b\"\n",
		"a: &x [1, *x]\n":                        "1:11 the value \"x\" would hold itself\n",
		"a: {<<: 1}\n":                           "1:5 only a mapping can be merged, this is text\n",
		"a: &x {k: 1}\nb: {<<: [*x, 2]}\n":       "2:5 only a mapping can be merged, this is text\n",
		"a: &x {}\nb:\n  <<: *x\n  <<: *x\n":     "4:3 the key \"<<\" stands twice (3:3 it stands here first)\n",
		"a: &x k\n*x : 1\nk: 2\n":                "3:1 the key \"k\" stands twice (1:7 it stands here first)\n",
		"a: &x &y 1\n":                           "1:7 an anchor names the value behind it, and there is none that it can name\n",
		"a: {b: one\n  two, c: d}\ne: *f\n":      "2:3 a comma or a closing bracket is missing before this\n3:4 no anchor above is called \"f\"\n",
		"000\n<<:\n":                             "1:1 the text is no YAML\n",
		"a: {b: &x {k: 1, k: 2}, c: [*x, *x]}\n": "1:18 the key \"k\" stands twice (1:12 it stands here first)\n",
	} {
		if _, faults := readAll(text); faults != want {
			t.Errorf("%q\n got  %s want %s", text, faults, want)
		}
	}
}

// TestUse holds that what an alias puts somewhere says where it is written and
// where it is used, also through several aliases.
func TestUse(t *testing.T) {
	root, list := Read(&Source{Name: "x", Text: []byte("a: &x {k: [one, here]}\nb: &y {l: *x}\nc: *y\n")})
	if len(list) > 0 {
		t.Fatal(list)
	}
	for _, test := range []struct {
		n    *Node
		want string
	}{
		{root.Get("a"), "1:19"},
		{root.Get("b").Get("l"), "1:19 used at 2:11"},
		{root.Get("c").Get("l"), "1:19 used at 2:11 used at 3:4"},
	} {
		item := test.n.Get("k").Items[1]
		span := item.At(2, 2)
		got := fmt.Sprintf("%d:%d", span.Start.Line, span.Start.Column)
		for use := span.Use; use != nil; use = use.Use {
			got += " used at " + use.Start.String()
		}
		if got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
