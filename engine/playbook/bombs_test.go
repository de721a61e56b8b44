package playbook

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// TestBombs holds that hostile files are refused, soon and in little memory.
func TestBombs(t *testing.T) {
	const head = "playbook: x\nsteps: "
	const many = 4 << 20
	var keys strings.Builder
	for i := range 3_000 {
		keys.WriteString("  k" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + ": 1\n")
	}
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for _, c := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8"} {
		laughs.WriteString("b" + c + ": &b" + c + " [" + strings.Repeat("*a"+c+",", 9) + "]\n")
	}
	for name, test := range map[string]struct{ text, code string }{
		"brackets":         {head + strings.Repeat("[", 100_000), diag.CodeTooLarge},
		"braces":           {head + strings.Repeat("{a: ", 100_000), diag.CodeTooLarge},
		"dashes":           {"steps:\n" + strings.Repeat("- ", 100_000), diag.CodeTooLarge},
		"dashes in lines":  {"steps:\n" + indented("-\n", 1_000), diag.CodeTooLarge},
		"keys in lines":    {indented("a:\n", 1_000), diag.CodeTooLarge},
		"keys":             {"playbook: x\nsteps: []\ninputs:\n" + keys.String(), diag.CodeTooLarge},
		"size":             {strings.Repeat("a", (16<<20)+1), diag.CodeTooLarge},
		"aliases":          {laughs.String(), diag.CodeAlias},
		"merges":           {strings.Repeat("a:\n  <<: *b\n", 100), diag.CodeAlias},
		"open quote":       {head + "\"" + strings.Repeat("a ", many/2), diag.CodeQuote},
		"open parentheses": {head + "[" + strings.Repeat("(,", many/2), diag.CodeTooLarge},
		"quotes":           {head + strings.Repeat(" '", many/2), ""},
		"dollars":          {head + strings.Repeat("${{", many/3), ""},
		"one line":         {head + strings.Repeat("a", many), diag.CodeWrongKind},
		"empty lines":      {head + strings.Repeat("\n", many) + "x", diag.CodeEmptyText},
		"blank block":      {head + "|\n" + strings.Repeat(" \n", many/2), diag.CodeWrongKind},
		"comments":         {strings.Repeat("#\n", many/2), diag.CodeWrongKind},
		"tags":             {head + "[" + strings.Repeat("!a,", 100_000) + "]", diag.CodeTag},
		"mistakes":         {"playbook: x\nsteps:\n" + strings.Repeat("  - b\n", 100_000), diag.CodeWrongKind},
		"lines of nothing": {"playbook: x\n" + strings.Repeat("nothing\n", 100_000), ""},
		"bad bytes":        {strings.Repeat("a", many) + "\xff", diag.CodeEncoding},
		"nothing":          {strings.Repeat("\x00", many), diag.CodeEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			var list diag.List
			source := &yaml.Source{Name: "bomb.yaml", Text: []byte(test.text)}
			took := time.Hour
			for range 3 { // the least of three: other processes may run
				runtime.ReadMemStats(&before)
				start := time.Now()
				_, list = Parse(source)
				took = min(took, time.Since(start))
				runtime.ReadMemStats(&after)
			}
			if list.Errors() == 0 || len(list) > yaml.MaxFaults+1 {
				t.Fatalf("%d diagnostics", len(list))
			}
			if test.code != "" && list[0].Code != test.code && list[len(list)-1].Code != test.code {
				t.Errorf("got %v, want %s", list[0], test.code)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 64 {
				t.Errorf("it took %d MiB", used)
			}
			if took > time.Second {
				t.Errorf("it took %v", took)
			}
			t.Logf("%v, %d KiB: %v", took, (after.TotalAlloc-before.TotalAlloc)>>10, list[0].Code)
		})
	}
}

// indented returns count lines, each deeper than the one before.
func indented(line string, count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(strings.Repeat(" ", i) + line)
	}
	return b.String()
}
