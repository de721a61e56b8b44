package docker

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
)

func TestRenamesKillsAndRemoves(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := e.Make(t, nil)
		other := name + "-other"
		t.Cleanup(func() {
			_, _ = e.API.ContainerRemove(context.Background(), other, client.ContainerRemoveOptions{Force: true})
		})
		renaming := map[string]any{"container": name, "name": other}
		if _, lines := e.Preview(t, Rename, renaming); fmt.Sprint(lines) != "[name: "+name+" → "+other+"]" {
			t.Errorf("preview %q", lines)
		}
		if applied := e.Settle(t, Rename, renaming, func() {
			if o := e.Run(t, Rename, renaming).Outputs; o["before_name"] != name || o["changed"] != true {
				t.Errorf("got %v", o)
			}
		}); applied != action.AppliedLost && applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if o := e.Run(t, Rename, map[string]any{"container": other, "name": other}).Outputs; o["changed"] != false {
			t.Errorf("again: %v", o)
		}
		if _, err := e.Try(t, Remove, map[string]any{"container": other}); err == nil || action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "only removed by force") {
			t.Errorf("one that runs: %v", err)
		}
		killing := map[string]any{"container": other}
		if p, _ := e.Preview(t, Kill, killing); len(p.Interrupts) != 1 {
			t.Errorf("preview %+v", p)
		}
		if applied := e.Settle(t, Kill, killing, func() {
			e.Run(t, Kill, killing)
			e.Run(t, WaitHealthy, map[string]any{"container": other, "for": "1s"})
		}); applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if _, err := e.Try(t, Kill, killing); err == nil || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("one that does not run: %v", err)
		}
		removing := map[string]any{"container": other}
		if p, lines := e.Preview(t, Remove, removing); len(p.Interrupts) != 0 || !slices.Contains(lines, "container: exited (137) → gone, with its log") {
			t.Errorf("preview %+v", p)
		}
		if applied := e.Settle(t, Remove, removing, func() { e.Run(t, Remove, removing) }); applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if left := there(t, e, name); len(left) > 0 {
			t.Errorf("there are %v", left)
		}
	})
}

func TestCopiesFiles(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name, dir := e.Make(t, nil), t.TempDir()
		from := filepath.Join(dir, "conf")
		if err := os.MkdirAll(filepath.Join(from, "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"a": "one\n", "sub/b": "two\n"} {
			if err := os.WriteFile(filepath.Join(from, file), []byte(text), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("/etc/passwd", filepath.Join(from, "link")); err != nil {
			t.Fatal(err)
		}
		with := map[string]any{"container": name, "from": from, "to": "/etc"}
		if _, lines := e.Preview(t, CopyTo, with); fmt.Sprint(lines) != "[/etc/conf/a: none → from conf/a /etc/conf/sub/b: none → from conf/sub/b]" {
			t.Errorf("preview %q", lines)
		}
		if o := e.Run(t, CopyTo, with).Outputs; fmt.Sprintf("%v %v %v", o["path"], o["file_count"], o["size_bytes"]) != "/etc/conf 2 8" {
			t.Errorf("got %v", o)
		}
		to := filepath.Join(dir, "back")
		back := map[string]any{"container": name, "from": "/etc/conf", "to": to}
		if p, _ := e.Preview(t, CopyFrom, back); !strings.HasSuffix(p.Summary, "nothing changes at the engine") {
			t.Errorf("preview %q", p.Summary)
		}
		if o := e.Run(t, CopyFrom, back).Outputs; fmt.Sprintf("%v %v", o["file_count"], o["size_bytes"]) != "2 8" {
			t.Errorf("got %v", o)
		}
		if text, err := os.ReadFile(filepath.Join(to, "conf/sub/b")); string(text) != "two\n" {
			t.Errorf("%q, %v", text, err)
		}
		for want, values := range map[string]map[string]any{
			"there is a file already":    back,
			"there is no /nowhere in it": {"container": name, "from": "/nowhere", "to": to + "2"},
			"it is more than max":        {"container": name, "from": "/etc/conf", "to": to + "3", "max": "1B"},
			"no container or Compose":    {"container": "nobody", "from": "/etc", "to": to + "4"},
		} {
			if _, err := e.Try(t, CopyFrom, values); err == nil || !strings.Contains(err.Error(), want) || action.ClassOf(err) != action.AppliedNot {
				t.Errorf("want %s: %v", want, err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
			t.Errorf("left over: %v", left)
		}
		for want, values := range map[string]map[string]any{
			"there is no folder /nowhere": {"container": name, "from": from, "to": "/nowhere"},
			"more than max":               {"container": name, "from": from, "to": "/etc", "max": "1B"},
			"no such file":                {"container": name, "from": filepath.Join(dir, "none"), "to": "/etc"},
		} {
			if _, err := e.Try(t, CopyTo, values); err == nil || !strings.Contains(err.Error(), want) || action.ClassOf(err) != action.AppliedNot {
				t.Errorf("want %s: %v", want, err)
			}
		}
	})
}

func TestSavesLogs(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name, dir := e.Make(t, nil), t.TempDir()
		if err := e.Call.Clock.Sleep(t.Context(), 2e9); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "new/app.log.gz")
		o := e.Run(t, SaveLogs, map[string]any{"container": name, "to": to, "timestamps": false}).Outputs
		packed, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || !strings.HasPrefix(string(text), "guest started") || o["line_count"] != strings.Count(string(text), "\n") || o["size_bytes"] != len(packed) || len(o["sha256"].(string)) != 64 {
			t.Errorf("%q, %v, %v", text, err, o)
		}
		if _, err := e.Try(t, SaveLogs, map[string]any{"container": name, "to": to}); err == nil || !strings.Contains(err.Error(), "none is overwritten") {
			t.Errorf("over one that is there: %v", err)
		}
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) != 1 {
			t.Errorf("left over: %v", left)
		}
	})
}

func TestCommits(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name, image := e.Make(t, nil), dockertest.Name()+":1"
		t.Cleanup(func() { _, _ = e.API.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true}) })
		with := map[string]any{"container": name, "image": image}
		if p, lines := e.Preview(t, Commit, with); fmt.Sprint(lines) != "[image "+image+": none → the files of "+name+"]" || len(p.Interrupts) != 1 {
			t.Errorf("preview %q, %v", lines, p.Interrupts)
		}
		applied := e.Settle(t, Commit, with, func() {
			if o := e.Run(t, Commit, with).Outputs; !strings.HasPrefix(o["id"].(string), "sha256:") || o["size_bytes"].(int) <= 0 {
				t.Errorf("got %v", o)
			}
		})
		if applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
	})
}
