//go:build unix

package archive

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/dump"
)

// tree makes files, by their paths, in a folder that is kept apart from what is made.
func tree(t *testing.T, files map[string]string) (from, to string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	from = filepath.Join(dir, "from")
	for name, text := range files {
		full := filepath.Join(from, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	return from, filepath.Join(dir, "backups", "one")
}

// entries are those of an archive's tar, with what is in them or where they lead to.
func entries(t *testing.T, archive string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(archive, dump.FilesName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for in := tar.NewReader(zipped); ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(found, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, head.Name+"="+string(text)+head.Linkname)
	}
}

func TestCreate(t *testing.T) {
	from, to := tree(t, map[string]string{"a": "1", "d/b": "22", "d/e/c": "333", "other": "x"})
	if err := errors.Join(os.Symlink("../a", filepath.Join(from, "d", "l")), os.Symlink("/etc", filepath.Join(from, "d", "out")), syscall.Mkfifo(filepath.Join(from, "d", "p"), 0o600)); err != nil {
		t.Fatal(err)
	}
	call := actiontest.Call(t)
	with := map[string]any{"from": from, "paths": []any{"d", "a", "d/e", "./a"}, "to": to}
	bound := actiontest.Bind(t, Create, call, with)
	preview, err := bound.Preview(t.Context(), call)
	if err != nil || !strings.Contains(preview.Summary, "write 3 files and 2 directories, 6 bytes") || !strings.Contains(preview.Summary, "1 socket, pipe or device is left out: "+from+"/d/p") || len(preview.Changes) != 2 || preview.Changes[1].After != "2 files, 5 bytes" {
		t.Errorf("%+v, %v", preview, err)
	}
	before, err := bound.Subjects(t.Context(), call)
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	settles := func(call action.Call, want action.Applied) {
		t.Helper()
		if applied, _, err := bound.Settle(t.Context(), call, before); applied != want || err != nil {
			t.Errorf("%s, %v", applied, err)
		}
	}
	settles(call, action.AppliedNot)
	o := actiontest.Run(t, Create, call, with).Outputs
	if o["files"] != 3 || o["directories"] != 2 || o["links"] != 2 || o["content_bytes"] != 6 || len(o["skipped"].([]any)) != 1 || o["path"] != to {
		t.Errorf("%+v", o)
	}
	if got, want := entries(t, to), "a=1 d/= d/b=22 d/e/= d/e/c=333 d/l=../a d/out=/etc"; got != want {
		t.Errorf("%s", got)
	}
	settles(call, action.AppliedFully)
	if _, again, err := bound.Settle(t.Context(), call, before); err != nil || again.Outputs["files"] != 3 || again.Outputs["directories"] != 2 || again.Outputs["links"] != 2 || again.Outputs["content_bytes"] != 6 || again.Outputs["size_bytes"] != o["size_bytes"] {
		t.Errorf("%+v, %v", again, err)
	}
	other := call
	other.Run = "another"
	settles(other, action.AppliedLost)
	got := actiontest.Run(t, Verify, call, map[string]any{"path": to})
	if got.Outputs["valid"] != true || got.Outputs["kind"] != "files" || got.Outputs["entries"] != 7 || !strings.HasPrefix(got.Summary, "valid: 7 entries, ") {
		t.Errorf("%+v", got)
	}
	if listed := actiontest.Run(t, List, call, map[string]any{"path": filepath.Dir(to), "kind": "files"}).Outputs; names(listed["archives"]) != "one" {
		t.Errorf("%+v", listed)
	}
}

// An archive of files that was changed is found: a byte, a cut, an entry.
func TestAChangedArchiveOfFilesDoesNotVerify(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"has another checksum": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"bytes, the manifest":  func(b []byte) []byte { return b[:len(b)-1] },
		"":                     func(b []byte) []byte { return b },
	} {
		from, to := tree(t, map[string]string{"a": strings.Repeat("text", 1000)})
		call := actiontest.Call(t)
		actiontest.Run(t, Create, call, map[string]any{"from": from, "to": to})
		file := filepath.Join(to, dump.FilesName)
		if name == "" { // the count alone is wrong
			name, file = "has 1 entries, the manifest says 2", filepath.Join(to, dump.ManifestName)
			damage = func(b []byte) []byte { return []byte(strings.Replace(string(b), `"entries": 1`, `"entries": 2`, 1)) }
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, damage(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if o := actiontest.Run(t, Verify, call, map[string]any{"path": to}).Outputs; o["valid"] != false || !strings.Contains(o["reason"].(string), name) {
			t.Errorf("%s: %v", name, o["reason"])
		}
	}
}

func TestCreateRefusesAndLeavesNothing(t *testing.T) {
	from, to := tree(t, map[string]string{"a": "1", "d/b": "2"})
	if err := os.Symlink(from, from+"-link"); err != nil {
		t.Fatal(err)
	}
	dry, kept, late := actiontest.Call(t), actiontest.Call(t), actiontest.Call(t)
	dry.DryRun, kept.Confine = true, &action.Confine{Because: "it is kept", Folder: from}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		call action.Call
		ctx  context.Context
		with map[string]any
		want string
	}{
		{dry, t.Context(), map[string]any{}, "dry run"},
		{kept, t.Context(), map[string]any{}, "it is kept"},
		{late, gone, map[string]any{}, "in time"},
		{late, t.Context(), map[string]any{"from": from + "x"}, "there is nothing at this path"},
		{late, t.Context(), map[string]any{"from": filepath.Join(from, "a")}, "it is no directory"},
		{late, t.Context(), map[string]any{"paths": []any{"none"}}, "there is nothing at this path"},
		{late, t.Context(), map[string]any{"paths": []any{"../x"}}, "does not lie below from"},
		{late, t.Context(), map[string]any{"paths": []any{"/etc"}}, "does not lie below from"},
		{late, t.Context(), map[string]any{"to": filepath.Join(from, "one")}, "an archive cannot hold itself"},
		{late, t.Context(), map[string]any{"to": filepath.Join(from+"-link", "d", "one"), "paths": []any{"d"}}, "an archive cannot hold itself"},
		{late, t.Context(), map[string]any{"to": filepath.Join(from, "a")}, "there is something already"},
	} {
		for key, value := range map[string]any{"from": from, "to": to} {
			if c.with[key] == nil {
				c.with[key] = value
			}
		}
		if _, err := actiontest.Bind(t, Create, c.call, c.with).Run(c.ctx, c.call); err == nil || !strings.Contains(err.Error(), c.want) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%v: %v", c.with, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) > 0 {
			t.Errorf("%v: left %v", c.with, left)
		}
	}
}

// A large file goes through without being held.
func TestCreateHoldsNoFile(t *testing.T) {
	from, to := tree(t, map[string]string{"big": ""})
	if err := os.Truncate(filepath.Join(from, "big"), 256<<20); err != nil {
		t.Fatal(err)
	}
	var was, is runtime.MemStats
	runtime.ReadMemStats(&was)
	actiontest.Run(t, Create, actiontest.Call(t), map[string]any{"from": from, "to": to})
	runtime.ReadMemStats(&is)
	if grown := is.TotalAlloc - was.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d bytes were taken for 256 MiB", grown)
	}
}
