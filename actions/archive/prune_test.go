//go:build unix

package archive

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/dump"
)

// shelf is a directory of archives, each of a database and so many days old.
type shelf struct {
	*testing.T
	dir string
}

func newShelf(t *testing.T, archives ...string) shelf {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := shelf{T: t, dir: dir}
	for _, a := range archives {
		s.put(a)
	}
	return s
}

// put makes an archive by its name: m-3 is of the database m and three days old, and
// m-3-cut does not verify.
func (s shelf) put(name string) {
	s.Helper()
	var days int
	database, rest, _ := strings.Cut(name, "-")
	if _, err := fmt.Sscanf(rest, "%d", &days); err != nil {
		s.Fatal(err)
	}
	made := time.Now().Add(-time.Duration(days) * 24 * time.Hour).UTC()
	w, err := dump.Create(filepath.Join(s.dir, name), dump.Manifest{Kind: "mongo", Database: database, Created: made, Run: "run1"})
	if err != nil {
		s.Fatal(err)
	}
	if err := w.Documents("tasks", func(out io.Writer) (int, error) {
		_, err := out.Write([]byte{5, 0, 0, 0, 0})
		return 1, err
	}); err != nil {
		s.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		s.Fatal(err)
	}
	if strings.HasSuffix(name, "-cut") {
		if err := os.Truncate(filepath.Join(s.dir, name, database, "tasks.bson.gz"), 9); err != nil {
			s.Fatal(err)
		}
	}
}

// names are the last parts of paths.
func names(paths any) string {
	var out []string
	for _, p := range paths.([]any) {
		if m, ok := p.(map[string]any); ok {
			p = m["path"]
		}
		out = append(out, filepath.Base(p.(string)))
	}
	return strings.Join(out, " ")
}

// there is what lies in the directory.
func (s shelf) there() string {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestList(t *testing.T) {
	s := newShelf(t, "m-1", "m-9", "n-3-cut")
	for _, d := range []string{"none", ".m.partial-run1"} {
		if err := os.Mkdir(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("m-1", filepath.Join(s.dir, "link")); err != nil {
		t.Fatal(err)
	}
	s.put("m-2")
	if err := os.WriteFile(filepath.Join(s.dir, "m-2", dump.ManifestName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		with  map[string]any
		want  string
		count int
	}{
		{map[string]any{}, "m-1 n-3-cut m-9", 3},
		{map[string]any{"database": "m"}, "m-1 m-9", 2},
		{map[string]any{"kind": "files"}, "", 0},
		{map[string]any{"limit": 1}, "m-1", 3},
		{map[string]any{"taken_before": time.Now().Add(-2 * 24 * time.Hour)}, "n-3-cut m-9", 2},
	} {
		c.with["path"] = s.dir
		call := actiontest.Call(t)
		call.DryRun = true
		o := actiontest.Run(t, List, call, c.with).Outputs
		if got := names(o["archives"]); got != c.want || o["count"] != c.count || o["truncated"] != (c.with["limit"] != nil) || (o["newest"] == nil) != (c.count == 0) || names(o["unreadable"]) != "m-2" {
			t.Errorf("%v: %s, %v", c.with, got, o)
		}
	}
}

func TestPruneKeepsTheNewestGoodOnes(t *testing.T) {
	for _, c := range []struct {
		name     string
		archives []string
		with     map[string]any
		removed  string
		invalid  string
	}{
		{"by number", []string{"m-1", "m-2", "m-3", "m-4"}, map[string]any{"keep": 2}, "m-4 m-3", ""},
		{"by age and number", []string{"m-1", "m-2", "m-3", "m-4"}, map[string]any{"keep": 1, "older_than": "60h"}, "m-4 m-3", ""},
		{"all are old", []string{"m-40", "m-50"}, map[string]any{"keep": 1, "older_than": "24h"}, "m-50", ""},
		{"few enough", []string{"m-1", "m-2-cut"}, map[string]any{"keep": 2}, "", ""},
		{"none is old enough, and none is read", []string{"m-1-cut", "m-2"}, map[string]any{"keep": 1, "older_than": "72h"}, "", ""},
		{"a broken one does not count", []string{"m-1-cut", "m-2", "m-3", "m-4"}, map[string]any{"keep": 1}, "m-4 m-3", "m-1-cut"},
		{"a broken one goes below a good one", []string{"m-1", "m-2-cut", "m-3"}, map[string]any{"keep": 1}, "m-3 m-2-cut", ""},
		{"all are broken", []string{"m-1-cut", "m-2-cut", "m-3-cut"}, map[string]any{"keep": 1}, "", "m-1-cut m-2-cut m-3-cut"},
		{"the last is the only good one", []string{"m-1-cut", "m-2-cut", "m-3"}, map[string]any{"keep": 1}, "", "m-1-cut m-2-cut"},
		{"each database has its own", []string{"m-1", "m-2", "n-8", "n-9"}, map[string]any{"keep": 1}, "n-9 m-2", ""},
		{"one database", []string{"m-1", "m-2", "n-8", "n-9"}, map[string]any{"keep": 1, "database": "n"}, "n-9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf(t, c.archives...)
			c.with["path"] = s.dir
			call := actiontest.Call(t)
			bound := actiontest.Bind(t, Prune, call, c.with)
			preview, err := bound.Preview(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			var touched []any
			for _, o := range preview.Touches {
				if touched = append(touched, o.Name); !strings.Contains(o.Note, "mongo ") || !strings.HasSuffix(o.Note, "h old") {
					t.Errorf("%+v", o)
				}
			}
			before, err := bound.Subjects(t.Context(), call)
			if err != nil || len(before) != len(touched) {
				t.Fatalf("%v, %v", before, err)
			}
			if applied, _, err := bound.Settle(t.Context(), call, before); len(before) > 0 && (applied != action.AppliedNot || err != nil) {
				t.Errorf("before: %s, %v", applied, err)
			}
			if got := names(touched); got != c.removed || s.there() != strings.Join(c.archives, " ") {
				t.Errorf("it shows %q of %q", got, s.there())
			}
			got := actiontest.Run(t, Prune, call, c.with)
			if names(got.Outputs["removed"]) != c.removed || names(got.Outputs["invalid"]) != c.invalid {
				t.Errorf("%+v", got)
			}
			for _, a := range c.archives {
				_, err := os.Stat(filepath.Join(s.dir, a))
				if gone := strings.Contains(" "+c.removed+" ", " "+a+" "); gone != (err != nil) {
					t.Errorf("%s: %v", a, err)
				}
			}
			if applied, _, err := bound.Settle(t.Context(), call, before); len(before) > 0 && (applied != action.AppliedFully || err != nil) {
				t.Errorf("after: %s, %v", applied, err)
			}
		})
	}
}

// What was removed in part is told as such, no longer verifies, and goes the next time.
func TestPruneThatBreaksOffIsTold(t *testing.T) {
	s := newShelf(t, "m-1", "m-2", "m-3")
	call, with := actiontest.Call(t), map[string]any{"path": s.dir, "keep": 1}
	bound := actiontest.Bind(t, Prune, call, with)
	before, err := bound.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "m-3", "m")); err != nil {
		t.Fatal(err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, before); applied != action.AppliedPart || err != nil {
		t.Errorf("%s, %v", applied, err)
	}
	if again, err := bound.Subjects(t.Context(), call); err != nil || len(again) != 2 || again[0] == before[0] || again[1] != before[1] {
		t.Errorf("%v, %v", again, err)
	}
	r, err := pruneParams{chosen: chosen{Path: s.dir}, Keep: 1, Max: 100}.look(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]action.Applied{0: action.AppliedNot, 1: action.AppliedPart} {
		if err := broken(r, i, late(s.dir, io.ErrUnexpectedEOF)); action.ClassOf(err) != want || len(action.AsFailure(err).Seen) != i {
			t.Errorf("%d: %s: %v", i, action.ClassOf(err), err)
		}
	}
	if got := actiontest.Run(t, Prune, call, with); names(got.Outputs["removed"]) != "m-3 m-2" || s.there() != "m-1" {
		t.Errorf("%+v, %s", got, s.there())
	}
}

func TestPruneRefuses(t *testing.T) {
	s := newShelf(t, "m-1", "m-2", "m-3")
	dry, kept := actiontest.Call(t), actiontest.Call(t)
	dry.DryRun, kept.Confine = true, &action.Confine{Because: "it is kept", Folder: t.TempDir()}
	for _, c := range []struct {
		call action.Call
		with map[string]any
		want string
	}{
		{actiontest.Call(t), map[string]any{"max": 1}, "2 archives would go, and max is 1: nothing is removed"},
		{actiontest.Call(t), map[string]any{"path": s.dir + "x"}, "there is nothing at this path"},
		{dry, map[string]any{}, "dry run"},
		{kept, map[string]any{}, "it is kept"},
	} {
		if c.with["keep"] = 1; c.with["path"] == nil {
			c.with["path"] = s.dir
		}
		if _, err := actiontest.Bind(t, Prune, c.call, c.with).Run(t.Context(), c.call); err == nil || !strings.Contains(err.Error(), c.want) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%v: %v", c.with, err)
		}
	}
	if s.there() != "m-1 m-2 m-3" {
		t.Errorf("left %s", s.there())
	}
}
