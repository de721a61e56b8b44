package excerpt_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/diag/excerpt"
	"runbook/engine/page"
)

var update = flag.Bool("update", false, "write the golden files")

const text = "playbook: x\n" +
	"inputs:\n" +
	"  profile:   {type: string, enum: [read-heavy, write-heavy], default: read-heavy}\n" +
	"\ttab: \"\x1b[31m\"\n" +
	"名前: 値 wrong\n" +
	"steps:\n" +
	"  - id: memory\n" +
	"    when: inputs.window >= duration(\"10s\")\n" +
	"  - with: {container: app, path: /a/very/long/path/that/goes/on/and/on, headers: {accept: text/plain, x: y}, last: wrong}\n" +
	"    when: steps.memory.outputs.slope > 0\n"

func span(line, column, length int) diag.Span {
	return diag.At(diag.Position{Line: line, Column: column}, length)
}

func findings() diag.List {
	const source = "troubleshoot/memory-leak.yaml"
	return diag.List{
		{Code: "RB1407", Severity: diag.Warning, Source: source, Span: span(3, 3, 7), Message: `input "profile" is never used`, Hint: "remove it, or use inputs.profile in a step"},
		{Code: "RB1004", Source: source, Span: span(4, 1, 1), Message: "a tab indents this line\x1b", Hint: "indent with spaces"},
		{Code: "RB1205", Source: source, Span: span(5, 7, 5), Message: "wide characters take two columns"},
		{Code: "RB1105", Source: source, Span: span(9, 110, 5), Message: "far to the right", Hint: strings.Repeat("a hint is wrapped ", 7) + "here"},
		{Code: "RB1203", Source: source, Span: span(10, 11, 30), Message: `output of "memory", which may be skipped`, Hint: "write (steps.memory.outputs?.slope ?? 0) > 0",
			Notes: []diag.Note{{Span: span(8, 11, 32), Message: "skipped when this is false"}, {Span: span(10, 5, 4), Message: "here"}}},
		{Code: "RB1003", Source: source, Span: diag.Span{Start: diag.Position{Line: 7, Column: 5}, End: diag.Position{Line: 8, Column: 9}}, Message: "over two lines"},
		{Code: "RB1003", Source: source, Span: span(11, 1, 1), Message: "behind the end"},
		{Code: "RB1000", Source: "other.yaml", Message: "the file cannot be read: permission denied", Hint: "make it readable"},
	}
}

func TestPrint(t *testing.T) {
	texts := func(source string) []byte {
		if source == "other.yaml" {
			return nil
		}
		return []byte(text)
	}
	for name, k := range map[string]page.Look{
		"plain.golden":  {Width: 92, Unicode: true},
		"narrow.golden": {Width: 60, Unicode: true},
		"colour.golden": {Width: 92, Unicode: true, Color: true},
	} {
		var b strings.Builder
		if err := excerpt.Print(&b, findings(), texts, k); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s differs (-update writes it):\n%s", name, b.String())
		}
	}
}

// A line in which a secret may stand is named and not shown.
func TestNoExcerpt(t *testing.T) {
	list := diag.List{{Code: "RB1502", Source: "a.yaml", Span: diag.At(diag.Position{Line: 1, Column: 4}, 1), Message: "no", NoExcerpt: true}}
	var b strings.Builder
	text := func(string) []byte { return []byte("a: hunter2") }
	if err := excerpt.Print(&b, list, text, page.Look{Width: 92}); err != nil || b.String() != "a.yaml:1:4: error RB1502: no\n" {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestMarksStandUnderTheirText holds the marks to cells, not characters.
func TestMarksStandUnderTheirText(t *testing.T) {
	for _, c := range []struct {
		line           string
		column, length int
		want           string
	}{
		{"名前: wrong", 5, 5, "1 | 名前: wrong\n  |       ^^^^^"},
		{"e\u0301e\u0301: wrong", 7, 5, "1 | e\u0301e\u0301: wrong\n  |     ^^^^^"},
		{"🚀🇩🇪: wrong", 6, 5, "1 | 🚀🇩🇪: wrong\n  |       ^^^^^"},
		{"\t\x1b[31m: wrong", 9, 5, "1 |     \\x1b[31m: wrong\n  |               ^^^^^"},
		{"\u202e: wrong", 4, 5, "1 | \\u202e: wrong\n  |         ^^^^^"},
		{"wrong", 1, 0, "1 | wrong\n  | ^"},
		{"short", 40, 3, "1 | short\n  |      ^"},
	} {
		var b strings.Builder
		list := diag.List{{Code: "RB1000", Source: "x", Span: span(1, c.column, c.length), Message: "m"}}
		if err := excerpt.Print(&b, list, func(string) []byte { return []byte(c.line) }, page.Look{Width: 60, Unicode: true}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		if got := strings.Join(lines[2:4], "\n"); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.line, got, c.want)
		}
	}
}

// TestWorkGrowsWithTheFindings holds that a finding costs no more in a long line than
// in a short one: twice as many in a line that is twice as long take twice the memory.
func TestWorkGrowsWithTheFindings(t *testing.T) {
	allocated := func(n int) uint64 {
		const item, head = "{text: ${{ inputs.abc }}}, ", "{text: ${{ "
		line := []byte(strings.Repeat(item, n))
		var list diag.List
		for i := range n {
			list = append(list, diag.Diagnostic{Code: "RB1000", Source: "x", Span: span(1, 1+i*len(item)+len(head), 10), Message: "m"})
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := excerpt.Print(io.Discard, list, func(string) []byte { return line }, page.Look{Width: 92, Unicode: true}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if one, two := allocated(200), allocated(400); two > one*5/2 {
		t.Errorf("200 findings take %d bytes, 400 take %d", one, two)
	}
}

// TestLongLinesAreCutAlike holds that what is far from a mark does not move it.
func TestLongLinesAreCutAlike(t *testing.T) {
	printed := func(far int) string {
		line := strings.Repeat("é", far) + strings.Repeat("名 ", 40) + "wrong" + strings.Repeat(" 値", 40) + strings.Repeat("x", far)
		list := diag.List{{Code: "RB1000", Source: "x", Span: span(1, far+81, 5), Message: "m"}}
		var b strings.Builder
		if err := excerpt.Print(&b, list, func(string) []byte { return []byte(line) }, page.Look{Width: 60, Unicode: true}); err != nil {
			t.Fatal(err)
		}
		_, excerpt, _ := strings.Cut(b.String(), "\n")
		return excerpt
	}
	if near, far := printed(7), printed(100_000); near != far || !strings.Contains(near, "wrong") {
		t.Errorf("%s\nfar\n%s", near, far)
	}
}

// FuzzPrint holds that no line of a file controls the terminal, and that an
// excerpt keeps to the width.
func FuzzPrint(f *testing.F) {
	f.Add("名前: 値 \x1b[31m wrong", 5, 3, 60)
	f.Add(strings.Repeat("long ", 100), 300, 9, 40)
	f.Add("\t\t\u202e\xff\u009b", 1, 1, 30)
	f.Add(strings.Repeat("🚀", 60), 50, 2, 41)
	f.Fuzz(func(t *testing.T, line string, column, length, width int) {
		width = 30 + max(width, 0)%70
		line, _, _ = strings.Cut(line, "\n")
		var b strings.Builder
		list := diag.List{{Code: "RB1000", Source: "x", Span: span(1, 1+max(column, 0)%1000, max(length, 0)%1000), Message: "m"}}
		if err := excerpt.Print(&b, list, func(string) []byte { return []byte(line) }, page.Look{Width: width, Unicode: true}); err != nil {
			t.Fatal(err)
		}
		for shown := range strings.Lines(b.String()) {
			shown = strings.TrimSuffix(shown, "\n")
			if page.Width(shown) > width {
				t.Errorf("%q is %d cells wide, of %d", shown, page.Width(shown), width)
			}
			if shown != page.Clean(shown, false) {
				t.Errorf("%q controls the terminal", shown)
			}
		}
	})
}
