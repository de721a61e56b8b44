package diag_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/diag"
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

func TestRender(t *testing.T) {
	texts := func(source string) []byte {
		if source == "other.yaml" {
			return nil
		}
		return []byte(text)
	}
	for name, opt := range map[string]diag.Options{
		"plain.golden":  {Width: 92},
		"narrow.golden": {Width: 60},
		"colour.golden": {Width: 92, Color: true},
	} {
		var b strings.Builder
		if err := diag.Render(&b, findings(), texts, opt); err != nil {
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

func TestSummary(t *testing.T) {
	for want, list := range map[string]diag.List{
		"no findings":         nil,
		"1 error":             {{}},
		"2 warnings":          {{Severity: diag.Warning}, {Severity: diag.Warning}},
		"2 errors, 1 warning": {{}, {}, {Severity: diag.Warning}},
	} {
		if got := list.Summary(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, code := range []string{diag.CodeUnreadable, diag.CodeEmptyText, diag.CodeUnknownKey, diag.CodeEmptyList} {
		if diag.Title(code) == "" {
			t.Errorf("%s has no title", code)
		}
	}
}
