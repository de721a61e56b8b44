//go:build unix

package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/disk"
)

func TestDeclarations(t *testing.T) {
	for _, a := range []*action.Action{Stat, Find, Read, Tail, Checksum, Write, Template, Copy, Move, MakeDir, SetMode, Remove} {
		t.Run(a.Name, func(t *testing.T) { actiontest.Check(t, a) })
	}
}

// folder is a folder with files in it, and their paths.
func folder(t *testing.T, files map[string]string) func(name string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(at(name)), 0o755), os.WriteFile(at(name), []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// fails runs a and holds that it fails with these words, and that nothing was applied
// unless it is said so.
func fails(t *testing.T, a *action.Action, call action.Call, with map[string]any, want string, applied action.Applied) {
	t.Helper()
	_, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call)
	if err == nil || !strings.Contains(err.Error(), want) || len(action.AsFailure(err).Do) == 0 && !strings.HasPrefix(err.Error(), "with.") && !errors.Is(err, action.ErrDryRun) {
		t.Errorf("%s %v: %+v", a.Name, with, err)
		return
	}
	if a.Effect != action.Read && action.ClassOf(err) != applied {
		t.Errorf("%s %v: %s: %v", a.Name, with, action.ClassOf(err), err)
	}
}

func has(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return "none"
	}
	info, _ := os.Lstat(path)
	return disk.Mode(info.Mode()) + " " + string(text)
}

func TestLooking(t *testing.T) {
	at := folder(t, map[string]string{"a.log": "one\ntwo needle\nthree\n", "b": "\xff\xfe"})
	call := actiontest.Call(t)
	call.DryRun = true
	_ = os.Symlink("a.log", at("link"))
	_ = syscall.Mkfifo(at("pipe"), 0o600)
	o := actiontest.Run(t, Stat, call, map[string]any{"path": at("a.log")}).Outputs
	if o["exists"] != true || o["kind"] != "file" || o["size_bytes"] != 21 || o["mode"] != "0640" || o["owner"] == nil || o["age_seconds"].(float64) > 60 {
		t.Errorf("stat: %v", o)
	}
	for name, want := range map[string]string{"none": "nothing is there", "link": "a link to a.log", ".": "directory, ", "pipe": "other, "} {
		if got := actiontest.Run(t, Stat, call, map[string]any{"path": at(name)}); !strings.HasPrefix(got.Summary, want) {
			t.Errorf("stat %s: %q", name, got.Summary)
		}
	}
	if got := actiontest.Run(t, Read, call, map[string]any{"path": at("link")}).Outputs; got["text"] != "one\ntwo needle\nthree\n" {
		t.Errorf("read: %v", got)
	}
	fails(t, Read, call, map[string]any{"path": at("b")}, "no UTF-8", "")
	for _, a := range []*action.Action{Read, Tail, Checksum} {
		fails(t, a, call, map[string]any{"path": at("pipe")}, "a pipe", "")
		fails(t, a, call, map[string]any{"path": at(".")}, "a directory", "")
		fails(t, a, call, map[string]any{"path": at("none")}, "nothing at this path", "")
		fails(t, a, call, map[string]any{"path": "a\x00b"}, "NUL", "")
	}
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of abc, as FIPS 180-4 has it
	_ = os.WriteFile(at("abc"), []byte("abc"), 0o600)
	if got := actiontest.Run(t, Checksum, call, map[string]any{"path": at("abc")}).Outputs; got["checksum"] != want || got["size_bytes"] != 3 {
		t.Errorf("checksum: %v", got)
	}
}

// The end of a file is read, however long it is, in lines that are whole.
func TestTail(t *testing.T) {
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, "line %d of many\n", i)
	}
	at := folder(t, map[string]string{"big": b.String(), "empty": "", "open": "a\nb"})
	call := actiontest.Call(t)
	got := actiontest.Run(t, Tail, call, map[string]any{"path": at("big"), "lines": 3, "count": []any{"999 of", "absent"}, "search": "1MiB"}).Outputs
	lines := got["lines"].([]any)
	if len(lines) != 3 || lines[2] != "line 199999 of many" || got["truncated"] != true || got["total_lines"].(int) > 60_000 || got["counts"].(map[string]any)["absent"] != 0 || got["matches"].(int) < 50 {
		t.Errorf("%v of %v, counts %v", lines, got["total_lines"], got["counts"])
	}
	for name, want := range map[string]string{"empty": "[]", "open": "[a b]"} {
		if got := actiontest.Run(t, Tail, call, map[string]any{"path": at(name)}).Outputs; fmt.Sprint(got["lines"]) != want || got["truncated"] != false {
			t.Errorf("%s: %v", name, got)
		}
	}
	fails(t, Tail, call, map[string]any{"path": at("open"), "count": []any{"("}, "regexp": true}, "no regular expression", "")
}

func TestFind(t *testing.T) {
	at := folder(t, map[string]string{"1.log": "1", "2.log": "22", "3.log": "333", "deep/4.log": "4444", "x.txt": ""})
	for i, name := range []string{"1.log", "2.log", "3.log", "deep/4.log"} {
		old := time.Now().Add(-time.Duration(i+1) * 24 * time.Hour)
		if err := os.Chtimes(at(name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Symlink(at("deep"), at("link"))
	call := actiontest.Call(t)
	for _, c := range []struct {
		with map[string]any
		want string
	}{
		{nil, "1.log 2.log 3.log 4.log x.txt"},
		{map[string]any{"name": "*.log", "depth": 1}, "1.log 2.log 3.log"},
		{map[string]any{"name": "*.log", "older_than": "36h"}, "2.log 3.log 4.log"},
		{map[string]any{"newer_than": "36h"}, "1.log x.txt"},
		{map[string]any{"larger_than": "2B", "sorted": "largest"}, "4.log 3.log"},
		{map[string]any{"name": "*.log", "but_newest": 2, "sorted": "oldest"}, "4.log 3.log"},
		{map[string]any{"name": "*.log", "but_newest": 9}, ""},
		{map[string]any{"kind": "directory"}, "deep"},
		{map[string]any{"kind": "link"}, "link"},
		{map[string]any{"sorted": "newest", "limit": 2}, "x.txt 1.log"},
	} {
		with := map[string]any{"path": at(".")}
		for k, v := range c.with {
			with[k] = v
		}
		o := actiontest.Run(t, Find, call, with).Outputs
		var names []string
		for _, f := range o["files"].([]any) {
			names = append(names, f.(map[string]any)["name"].(string))
		}
		if got := strings.Join(names, " "); got != c.want || (o["truncated"] == true) != (c.with["limit"] != nil) {
			t.Errorf("%v: %q, want %q", c.with, got, c.want)
		}
	}
	fails(t, Find, call, map[string]any{"path": at("1.log")}, "no directory", "")
	fails(t, Find, call, map[string]any{"path": at("."), "name": "["}, "no pattern", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := actiontest.Bind(t, Find, call, map[string]any{"path": at(".")}).Run(ctx, call); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("cancelled: %v", err)
	}
}

// What is written is whole: the file has the former content until it has the new one,
// keeps its permissions, and nothing else is left in its folder.
func TestWrite(t *testing.T) {
	at := folder(t, map[string]string{"a": "one\ntwo\nthree\n", "t": "n = {{ .n }}\n", "endless": "{{ range .list }}{{ range $.list }}xxxxxxxxxx{{ end }}{{ end }}"})
	_ = os.Symlink("a", at("link"))
	call := actiontest.Call(t)
	with := map[string]any{"path": at("link"), "text": "one\n2\nthree\nfour\n", "backup": at("old")}
	p, err := actiontest.Bind(t, Write, call, with).Preview(t.Context(), call)
	if err != nil || fmt.Sprint(p.Changes) != "[{line 2 two 2} {after line 3  four}]" || p.Touches[0].Name != at("a") || p.Touches[1].Name != at("old") {
		t.Errorf("%+v, %v", p, err)
	}
	before, err := actiontest.Bind(t, Write, call, with).Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	settled := func(want action.Applied) {
		t.Helper()
		if applied, _, err := actiontest.Bind(t, Write, call, map[string]any{"path": at("link"), "text": with["text"]}).Settle(t.Context(), call, before); applied != want || err != nil {
			t.Errorf("settled %s, %v", applied, err)
		}
	}
	settled(action.AppliedNot)
	o := actiontest.Run(t, Write, call, with).Outputs
	if has(t, at("a")) != "0640 one\n2\nthree\nfour\n" || has(t, at("old")) != "0640 one\ntwo\nthree\n" || o["changed"] != true || o["created"] != false || o["before_checksum"] != sum([]byte("one\ntwo\nthree\n")) {
		t.Errorf("%q, %q, %v", has(t, at("a")), has(t, at("old")), o)
	}
	settled(action.AppliedFully)
	_ = os.WriteFile(at("a"), []byte("of another"), 0o600)
	settled(action.AppliedLost)
	if again := actiontest.Run(t, Write, call, map[string]any{"path": at("a"), "text": "of another"}); !strings.HasSuffix(again.Summary, "so already: nothing changed") {
		t.Errorf("again: %+v", again)
	}
	if got := actiontest.Run(t, Template, call, map[string]any{"from": at("t"), "path": at("new"), "values": map[string]any{"n": 4}, "mode": "0600"}).Outputs; has(t, at("new")) != "0600 n = 4\n" || got["created"] != true {
		t.Errorf("template: %q, %v", has(t, at("new")), got)
	}
	list := slices.Repeat([]any{"x"}, 2000)
	for want, with := range map[string]map[string]any{
		"no entry for key":     {"from": at("t"), "path": at("new"), "values": map[string]any{"m": 4}},
		"more than 8.00 MiB":   {"from": at("endless"), "path": at("new"), "values": map[string]any{"list": list}},
		"function \"nothing\"": {"from": at("bad"), "path": at("new"), "values": map[string]any{}},
	} {
		_ = os.WriteFile(at("bad"), []byte("{{ nothing }}"), 0o600)
		fails(t, Template, call, with, want, action.AppliedNot)
	}
	_ = os.Symlink("nowhere", at("dangling"))
	fails(t, Write, call, map[string]any{"path": at("dangling"), "text": "x"}, "link to what is not there", action.AppliedNot)
	fails(t, Write, call, map[string]any{"path": at("a"), "text": "x", "backup": at("old")}, "something already", action.AppliedNot)
	fails(t, Write, call, map[string]any{"path": at("."), "text": "x"}, "a directory", action.AppliedNot)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := actiontest.Bind(t, Write, call, map[string]any{"path": at("a"), "text": "x"}).Run(ctx, call); action.ClassOf(err) != action.AppliedNot || has(t, at("a")) != "0640 of another" {
		t.Errorf("cancelled: %v, %q", err, has(t, at("a")))
	}
	if left, _ := filepath.Glob(at(".*runbook*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestChangesOf(t *testing.T) {
	long := strings.Repeat("a\n", 3000)
	for _, c := range []struct{ before, after, want string }{
		{"a\nb\nc\n", "a\nb\nc\n", "[]"},
		{"", "a\nb\n", "[{after line 0  a\nb}]"},
		{"a\nb\nc\nd\n", "b\nc\nx\nd\n", "[{line 1 a } {after line 3  x}]"},
		{"a\nb\nc\nd\n", "d\n", "[{lines 1 to 3 a\nb\nc }]"},
		{"a", "a\n", "[{end of the last line 1 byte, SHA-256 ca978112ca1b 2 bytes, SHA-256 87428fc52280}]"},
		{"a\x00", "b", "[{content 2 bytes, SHA-256 " + sum([]byte("a\x00"))[:12] + " 1 byte, SHA-256 3e23e8160039}]"},
		{long + "x", strings.Repeat("b\n", 3000), "[{lines 1 to 3001 5.86 KiB, SHA-256 " + sum([]byte(long + "x"))[:12] + " 5.86 KiB, SHA-256 " + sum([]byte(strings.Repeat("b\n", 3000)))[:12] + "}]"},
	} {
		if got := fmt.Sprint(changesOf([]byte(c.before), []byte(c.after))); got != c.want {
			t.Errorf("%.20q to %.20q: %s, want %s", c.before, c.after, got, c.want)
		}
	}
}

// A file is copied or moved whole, and nothing is written over unasked.
func TestCopyAndMove(t *testing.T) {
	at := folder(t, map[string]string{"a": "one", "b": "two", "dir/x": ""})
	call := actiontest.Call(t)
	for _, a := range []*action.Action{Copy, Move} {
		fails(t, a, call, map[string]any{"from": at("a"), "to": at("b")}, "not written over", action.AppliedNot)
		fails(t, a, call, map[string]any{"from": at("a"), "to": at("a"), "overwrite": true}, "the same file", action.AppliedNot)
		fails(t, a, call, map[string]any{"from": at("a"), "to": at("dir"), "overwrite": true}, "it is a directory", action.AppliedNot)
		fails(t, a, call, map[string]any{"from": at("dir"), "to": at("c")}, "no regular file", action.AppliedNot)
		fails(t, a, call, map[string]any{"from": at("a"), "to": at("nowhere/c")}, "nothing at this path", action.AppliedNot)
		with := map[string]any{"from": at("a"), "to": at("b"), "overwrite": true}
		if a == Copy {
			with["to"] = at("c")
		}
		bound := actiontest.Bind(t, a, call, with)
		before, err := bound.Subjects(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if applied, _, err := bound.Settle(t.Context(), call, before); applied != action.AppliedNot || err != nil {
			t.Errorf("%s: settled %s before, %v", a.Name, applied, err)
		}
		got := actiontest.Run(t, a, call, with).Outputs
		if has(t, with["to"].(string)) != "0640 one" || got["replaced"] != (a == Move) || (has(t, at("a")) == "none") != (a == Move) {
			t.Errorf("%s: %v", a.Name, got)
		}
		if applied, _, err := bound.Settle(t.Context(), call, before); applied != action.AppliedFully || err != nil {
			t.Errorf("%s: settled %s after, %v", a.Name, applied, err)
		}
	}
	other, err := os.MkdirTemp("/dev/shm", "runbook")
	if err != nil {
		return // there is no second file system
	}
	defer os.RemoveAll(other)
	to := filepath.Join(other, "b")
	if actiontest.Run(t, Move, call, map[string]any{"from": at("b"), "to": to}); has(t, to) != "0640 one" || has(t, at("b")) != "none" {
		t.Errorf("onto another file system: %q", has(t, to))
	}
}

func TestMakeDirAndSetMode(t *testing.T) {
	at := folder(t, map[string]string{"file": "x"})
	call := actiontest.Call(t)
	bound := actiontest.Bind(t, MakeDir, call, map[string]any{"path": at("a/b"), "mode": "2750"})
	before, err := bound.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	got := actiontest.Run(t, MakeDir, call, map[string]any{"path": at("a/b"), "mode": "2750"})
	info, err := os.Stat(at("a/b"))
	if err != nil || disk.Mode(info.Mode()) != "02750" || len(got.Outputs["made"].([]any)) != 2 {
		t.Errorf("%v, %v, %v", got, info, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, before); applied != action.AppliedFully || err != nil {
		t.Errorf("settled %s, %v", applied, err)
	}
	if again := actiontest.Run(t, MakeDir, call, map[string]any{"path": at("a/b")}); !strings.HasSuffix(again.Summary, "nothing changed") {
		t.Errorf("again: %v", again)
	}
	fails(t, MakeDir, call, map[string]any{"path": at("file/x")}, "not a directory", action.AppliedNot)
	o := actiontest.Run(t, SetMode, call, map[string]any{"path": at("file"), "mode": "600"}).Outputs
	if has(t, at("file")) != "0600 x" || o["before_mode"] != "0640" || o["mode"] != "0600" || o["changed"] != true {
		t.Errorf("%v", o)
	}
	p, err := actiontest.Bind(t, SetMode, call, map[string]any{"path": at("file"), "mode": "0644"}).Preview(t.Context(), call)
	if err != nil || fmt.Sprint(p.Changes) != "[{mode 0600 0644}]" {
		t.Errorf("%+v, %v", p, err)
	}
	fails(t, SetMode, call, map[string]any{"path": at("file")}, "nothing to do", action.AppliedNot)
	fails(t, SetMode, call, map[string]any{"path": at("file"), "owner": "nobody-has-this-name"}, "unknown user", action.AppliedNot)
}

// What is removed is what was named, and within the bound; nothing else goes with it.
func TestRemove(t *testing.T) {
	at := folder(t, map[string]string{"a": "1", "b": "22", "dir/x": "333", "dir/y/z": "4444", "kept/k": "k"})
	_ = os.Symlink(at("kept"), at("link"))
	_ = os.Symlink(at("kept"), at("dir/y/link"))
	call := actiontest.Call(t)
	paths := func(names ...string) []any {
		var out []any
		for _, n := range names {
			out = append(out, at(n))
		}
		return out
	}
	fails(t, Remove, call, map[string]any{"paths": paths("a", "b"), "max": 1}, "max is 1", action.AppliedNot)
	fails(t, Remove, call, map[string]any{"paths": paths("a", "dir")}, "recursive", action.AppliedNot)
	home, _ := os.UserHomeDir()
	for path, want := range map[string]string{"/": "the root", "/etc": "just below the root", home: "", "": "empty", at("dir") + "/../../../..": ""} {
		fails(t, Remove, call, map[string]any{"paths": []any{path}, "recursive": true}, want, action.AppliedNot)
	}
	t.Chdir(at("kept"))
	fails(t, Remove, call, map[string]any{"paths": paths("kept"), "recursive": true}, "works in", action.AppliedNot)
	with := map[string]any{"paths": paths("a", "link", "none", "dir/y", "dir"), "recursive": true}
	bound := actiontest.Bind(t, Remove, call, with)
	p, err := bound.Preview(t.Context(), call)
	if err != nil || len(p.Touches) != 3 || !strings.HasPrefix(p.Summary, "remove 7 files, 8 bytes; 1 path at which nothing is") || !strings.HasPrefix(p.Touches[1].Note, "7 bytes, 4 files in it") {
		t.Errorf("%+v, %v", p, err)
	}
	before, err := bound.Subjects(t.Context(), call)
	if err != nil || len(before) != 3 {
		t.Fatal(before, err)
	}
	for i, c := range []struct {
		gone string
		want action.Applied
	}{{"", action.AppliedNot}, {at("a"), action.AppliedPart}} {
		_ = os.Remove(c.gone)
		if applied, _, err := bound.Settle(t.Context(), call, before); applied != c.want || err != nil {
			t.Errorf("%d: settled %s, %v", i, applied, err)
		}
	}
	o := actiontest.Run(t, Remove, call, with).Outputs
	if fmt.Sprint(o["absent"]) != fmt.Sprint(paths("a", "none")) || o["count"] != 6 || o["removed_bytes"] != 7 || has(t, at("kept/k")) != "0640 k" {
		t.Errorf("%v", o)
	}
	if applied, _, err := bound.Settle(t.Context(), call, before); applied != action.AppliedFully || err != nil {
		t.Errorf("settled %s, %v", applied, err)
	}
	if again := actiontest.Run(t, Remove, call, with); !strings.HasSuffix(again.Summary, "nothing changed") {
		t.Errorf("again: %v", again)
	}
}

// Another file that took the name of one that was looked at is not removed.
func TestWhatTookTheNameIsNotRemoved(t *testing.T) {
	at := folder(t, map[string]string{"a": "1", "b": "2"})
	info, err := os.Lstat(at("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at("b"), at("a")); err != nil {
		t.Fatal(err)
	}
	if err := (disk.Tree{Path: at("a"), Info: info}).Remove(""); err == nil || has(t, at("a")) != "0640 2" {
		t.Errorf("%v, %q", err, has(t, at("a")))
	}
}

// Nothing is touched in a dry run or outside of the folder that a run is kept to.
func TestNothingIsTouchedThatMayNot(t *testing.T) {
	at := folder(t, map[string]string{"a": "1", "in/b": "2"})
	_ = os.Symlink(at("a"), at("in/out"))
	for name, call := range map[string]action.Call{"dry": actiontest.Call(t), "kept": actiontest.Call(t)} {
		path, want := at("in/b"), "dry run"
		if name == "dry" {
			call.DryRun = true
		} else {
			call.Confine, path, want = &action.Confine{Because: "it is kept", Folder: at("in")}, at("in/out"), "it is kept"
		}
		for a, with := range map[*action.Action]map[string]any{
			Write: {"path": path, "text": "x"}, Template: {"from": at("in/b"), "path": path, "values": map[string]any{}}, SetMode: {"path": path, "mode": "0600"},
			Copy: {"from": at("in/b"), "to": at("c")}, Move: {"from": at("in/b"), "to": at("c")}, MakeDir: {"path": at("d")}, Remove: {"paths": []any{at("a")}},
		} {
			fails(t, a, call, with, want, action.AppliedNot)
		}
		if name == "kept" {
			for _, a := range []*action.Action{Read, Tail, Checksum} {
				fails(t, a, call, map[string]any{"path": path}, want, "")
			}
		}
	}
	if has(t, at("a")) != "0640 1" || has(t, at("in/b")) != "0640 2" || has(t, at("c")) != "none" {
		t.Error("something was touched")
	}
}
