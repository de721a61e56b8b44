package yaml

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"runbook/engine/diag"
)

// cost is what reading a text took.
type cost struct {
	took  time.Duration // of processors: what else a busy machine does is not in it
	bytes uint64
}

func costOf(text string) (c cost, list diag.List) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := spent()
	_, list = Read(&Source{Name: "bomb.yaml", Text: []byte(text)})
	c.took = spent() - start
	runtime.ReadMemStats(&after)
	c.bytes = after.TotalAlloc - before.TotalAlloc
	return c, list
}

// honest is as large a file as is read, of nothing but steps.
func honest() string {
	var b strings.Builder
	b.WriteString("playbook: x\nsteps:\n")
	for i := 0; b.Len() < maxSize-200; i++ {
		fmt.Fprintf(&b, "  - id: step_%d\n    title: Step number %d\n    action: flow.assert\n    with: {that: \"1 + %d > 0\"}\n", i, i, i)
	}
	return b.String()
}

// indented returns count lines, each deeper than the one before.
func indented(line string, count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(strings.Repeat(" ", i) + line)
	}
	return b.String()
}

// laughs is a list of ten aliases of a list of ten aliases, and so on.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 10))
	}
	return b.String()
}

// doubled are mappings that each merge the one before and hold it twice.
func doubled(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 {k0: 1}\n")
	for i := range levels {
		fmt.Fprintf(&b, "a%d: &a%d {<<: *a%d, l%d: *a%d, r%d: *a%d}\n", i+1, i+1, i, i, i, i, i)
	}
	return b.String()
}

// deeper are lists that each hold the one before.
func deeper(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "- &a%d [*a%d]\n", i+1, i)
	}
	return b.String()
}

func keys(count int, format string) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestBombs holds that hostile files are refused, or read, at a cost that is not
// far from that of an honest file of the size that is allowed.
func TestBombs(t *testing.T) {
	const head = "playbook: x\nsteps: "
	const many = maxSize - 100
	control, list := costOf(honest())
	if len(list) > 0 {
		t.Fatal(list)
	}
	t.Logf("control: %v, %d MiB", control.took, control.bytes>>20)
	for name, test := range map[string]struct{ text, code string }{
		"brackets":         {head + strings.Repeat("[", 100_000), diag.CodeTooLarge},
		"braces":           {head + strings.Repeat("{a: ", 100_000), diag.CodeTooLarge},
		"dashes":           {"steps:\n" + strings.Repeat("- ", 100_000), diag.CodeTooLarge},
		"dashes in lines":  {"steps:\n" + indented("-\n", 1_000), diag.CodeTooLarge},
		"keys in lines":    {indented("a:\n", 1_000), diag.CodeTooLarge},
		"keys":             {"inputs:\n" + keys(2_001, "  k%d: 1\n"), diag.CodeTooLarge},
		"keys in braces":   {"inputs: {" + keys(2_002, "k%d: 1, ") + "}", diag.CodeTooLarge},
		"size":             {strings.Repeat("a", maxSize+1), diag.CodeTooLarge},
		"aliases":          {laughs(), diag.CodeTooLarge},
		"doubled":          {doubled(40), diag.CodeTooLarge},
		"deep aliases":     {"- &a0 [x]\n" + deeper(70), diag.CodeTooLarge},
		"itself":           {"a: &a [*a]\n", diag.CodeAlias},
		"one quote":        {"playbook: a\nsteps:\n\"\n" + strings.Repeat("  - {action: flow.log, with: {text: a}}\n", 20_000), diag.CodeQuote},
		"open quote":       {head + "\"" + strings.Repeat("a ", many/2), diag.CodeQuote},
		"open parentheses": {head + "[" + strings.Repeat("(,", many/2), diag.CodeQuote},
		"quotes":           {head + strings.Repeat(" '", many/2), diag.CodeQuote},
		"dollars":          {head + strings.Repeat("${{", many/3), ""},
		"one line":         {head + strings.Repeat("a", many), ""},
		"empty lines":      {head + strings.Repeat("\n", many) + "x", ""},
		"blank block":      {head + "|\n" + strings.Repeat(" \n", many/2), diag.CodeTooLarge},
		"blank blocks":     {strings.Repeat("- >\n"+strings.Repeat("\n", maxBlank)+"  x\n", many/(maxBlank+8)), ""},
		"tabs":             {head + "\"" + strings.Repeat("\t", many) + "\"", diag.CodeTooLarge},
		"lines of tabs":    {head + "\"" + strings.Repeat(strings.Repeat("\t", maxTabs)+strings.Repeat("a", 10_000)+"\n", many/(maxTabs+10_001)) + "\"", diag.CodeIndentation},
		"spaces":           {head + "[\n- " + strings.Repeat(" ", many) + "x # ]", diag.CodeQuote},
		"spaced quote":     {head + "'" + strings.Repeat(" ", many) + "x\n y'", ""},
		"comments":         {strings.Repeat("#\n", many/2), ""},
		"tags":             {head + "[" + strings.Repeat("!a,", 100_000) + "]", diag.CodeTag},
		"reserved":         {head + strings.Repeat("\n- @", 100_000), diag.CodeYAML},
		"mistakes":         {"steps:\n" + strings.Repeat("  - b\n   - c\n", 50_000), diag.CodeIndentation},
		"lines of nothing": {"playbook: x\n" + strings.Repeat("nothing\n", 100_000), diag.CodeYAML},
		"bad bytes":        {strings.Repeat("a", many) + "\xff", diag.CodeEncoding},
		"nothing":          {strings.Repeat("\x00", many), diag.CodeEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			took, list := costOf(test.text)
			for range 3 { // other programs may have run
				if took.took > 5*control.took {
					took, _ = costOf(test.text)
				}
			}
			t.Logf("%v, %d MiB: %v", took.took, took.bytes>>20, list[:min(1, len(list))])
			if len(list) > MaxFaults+1 {
				t.Errorf("%d diagnostics", len(list))
			}
			if test.code == "" != (len(list) == 0) || len(list) > 0 && list[0].Code != test.code && list[len(list)-1].Code != test.code {
				t.Errorf("got %v, want %q", list[:min(1, len(list))], test.code)
			}
			if took.took > 5*control.took || took.bytes > 5*control.bytes {
				t.Errorf("it took %v and %d MiB, an honest file %v and %d MiB", took.took, took.bytes>>20, control.took, control.bytes>>20)
			}
		})
	}
}
