package console_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	slashes "path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"runbook/engine/schema"
	"runbook/internal/console"
)

// written returns what a file gets of what write writes.
func written(t *testing.T, write func(*console.Console)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	c := console.New(f, f)
	write(c)
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNothingControlsTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"text\twith\nlines":                "text\twith\nlines",
		"\x1b[31mred\x1b[0m":               `\x1b[31mred\x1b[0m`, // there is no colour
		"\x1b[2J\x1b[H":                    `\x1b[2J\x1b[H`,
		"\x1b[1A\x1b[K\x1b7":               `\x1b[1A\x1b[K\x1b7`, // only the screen draws
		"\x1b]52;c;aGk=\a":                 `\x1b]52;c;aGk=\x07`,
		"\x1b[?25l\x1b[1;2;3x":             `\x1b[?25l\x1b[1;2;3x`,
		"over\rwritten\b\b":                `over\x0dwritten\x08\x08`,
		"\u009b31m \x7f":                   `\u009b31m \u007f`,
		"\u202etxt\u202c \u2028":           `\u202etxt\u202c \u2028`,
		"\U000e0041":                       `\udb40\udc41`,
		"ä → 漢 \U0001f600":                 "ä → 漢 \U0001f600",
		"bad \xff\xc3":                     `bad \xff\xc3`,
		"\x1b":                             `\x1b`,
		"\x1b[" + strings.Repeat("1;", 20): `\x1b[` + strings.Repeat("1;", 20),
	} {
		got := written(t, func(c *console.Console) { _, _ = io.WriteString(c.Out, text) })
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := written(t, func(c *console.Console) {
			for i := range len(text) {
				_, _ = c.Out.Screen().Write([]byte{text[i]}) // a file is no screen
			}
		}); got != want {
			t.Errorf("%q byte by byte: %q, want %q", text, got, want)
		}
	}
}

// What draws may draw, and what is written may have colour where there is some.
func TestWhatGetsThroughWhere(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		screen           bool
		colour           string
	}{
		{"colour", "\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m", false, "always"},
		{"no drawing in text", "\x1b[1A\r\x1b[J\a", `\x1b[1A\x0d\x1b[J\x07`, false, "always"},
		{"drawing", "\x1b[12A\r\x1b[J\x1b[K\x1b7\x1b8\a", "\x1b[12A\r\x1b[J\x1b[K\x1b7\x1b8\a", true, "never"},
		{"no colour in a drawing", "\x1b[12A\x1b[31m", "\x1b[12A" + `\x1b[31m`, true, "never"},
		{"nothing else", "\x1b[2J\x1b[3A\x1b[1;1H\x1b]0;x\a\x1bc\b", `\x1b[2J` + "\x1b[3A" + `\x1b[1;1H\x1b]0;x` + "\a" + `\x1bc\x08`, true, "always"},
	} {
		ours, theirs, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := term.MakeRaw(int(theirs.Fd())); err != nil {
			t.Fatal(err)
		}
		c := console.New(theirs, theirs)
		c.Color = test.colour
		var w io.Writer = c.Out
		if test.screen {
			w = c.Out.Screen()
		}
		got := make([]byte, len(test.want))
		if _, err := io.WriteString(w, test.text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(ours, got); err != nil || string(got) != test.want {
			t.Errorf("%s: %q, want %q, %v", test.name, got, test.want, err)
		}
		_, _ = ours.Close(), theirs.Close()
	}
}

func TestHiddenCharactersStayWhatTheyAreInJSON(t *testing.T) {
	const text = "\u202e\u009b\x7f\U000e0041\x1b[2J"
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	got := written(t, func(c *console.Console) { _, _ = c.Out.Write(raw) })
	var back string
	if err := json.Unmarshal([]byte(got), &back); err != nil || back != text {
		t.Errorf("%s became %q, %v", got, back, err)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("%q is not plain", got)
	}
}

func TestSecretsStayInside(t *testing.T) {
	got := written(t, func(c *console.Console) {
		_, _ = io.WriteString(c.Out, "before hunter2-hunter2\n")
		c.Secrets.Add(schema.NewSecret("token", "hunter2-hunter2"))
		_, _ = io.WriteString(c.Out, "after hunter2-")
		_, _ = io.WriteString(c.Out, "hunter2\n")
		_, _ = io.WriteString(c.Err, "there hunter2-hunter2\n")
		_, _ = io.WriteString(c.Out.Screen(), "drawn hunter2-hunter2, hunter")
	})
	want := "before hunter2-hunter2\nafter (secret token)\nthere (secret token)\ndrawn (secret token), hunter"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The programs that are not runbook write for themselves.
var others = []string{"internal/gen", "internal/console", "lab/app", "actions/docker/dockertest"}

// TestOneWayOut finds what would write past the console.
func TestOneWayOut(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		place = filepath.ToSlash(place)
		if d.IsDir() {
			if d.Name() == "testdata" || place != "." && strings.HasPrefix(d.Name(), ".") || slices.Contains(others, place) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(place, ".go") || strings.HasSuffix(place, "_test.go") {
			return nil
		}
		seen++
		for _, name := range doors(t, path) {
			t.Errorf("%s names %s: what runbook writes goes to its console", place, name)
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Errorf("%d files, %v", seen, err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "doors.go"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := doors(t, filepath.Join("testdata", "doors.go")), strings.Count(string(text), "door\n"); len(got) != want || want < 20 {
		t.Errorf("of %d doors %v are found", want, got)
	}
}

// ways are the names by which a package leads to the process's outputs. A name that ends
// with a star stands for all that begin so.
var ways = map[string][]string{
	"os":   {"Stdout", "Stderr", "NewFile"},
	"fmt":  {"Print*"},
	"log":  {"Print*", "Fatal*", "Panic*", "Writer", "Default", "Output"},
	"flag": {"*"}, "syscall": {"Write", "Stdout", "Stderr"}, "golang.org/x/sys/unix": {"Write*", "Stdout", "Stderr"}, "golang.org/x/sys/windows": {"Write*", "GetStdHandle", "Stdout", "Stderr"},
	"runtime/debug":          {"PrintStack", "SetCrashOutput"},
	"charm.land/log/v2":      {"Print*", "Debug*", "Info*", "Warn*", "Error*", "Fatal*", "Default"},
	"charm.land/lipgloss/v2": {"Print*", "Writer"},
}

// devices are files that are the process's outputs by another name.
var devices = []string{"/dev/tty", "/dev/std", "/dev/fd", "/dev/console", "/proc/self/fd", "CONOUT$"}

// doors returns the names by which the file could write to the process's outputs.
func doors(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	packages := map[string]string{} // paths by the names that the file gives them
	for _, spec := range file.Imports {
		from, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := slashes.Base(strings.TrimSuffix(from, "/v2"))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." && ways[from] != nil {
			out = append(out, "all of "+from)
		}
		packages[name] = from
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && slices.ContainsFunc(ways[packages[of.Name]], func(way string) bool {
				start, all := strings.CutSuffix(way, "*")
				return n.Sel.Name == way || all && strings.HasPrefix(n.Sel.Name, start)
			}) {
				out = append(out, of.Name+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				out = append(out, f.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && slices.ContainsFunc(devices, func(d string) bool { return strings.Contains(n.Value, d) }) {
				out = append(out, n.Value)
			}
		}
		return true
	})
	return out
}
