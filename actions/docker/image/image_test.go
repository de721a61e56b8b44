package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
	"runbook/engine/schema"
)

func TestListsImages(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		e.Make(t, nil)
		o := e.Run(t, List, map[string]any{"reference": e.Image}).Outputs
		rows := o["images"].([]any)
		if len(rows) != 1 || o["count"] != 1 || o["dangling_count"] != 0 || o["unused_count"] != 0 {
			t.Fatalf("got %v", o)
		}
		row := rows[0].(map[string]any)
		if fmt.Sprint(row["tags"]) != "["+e.Image+"]" || row["size_bytes"].(int) < 1<<10 || row["container_count"].(int) < 1 {
			t.Errorf("got %v", row)
		}
		if o := e.Run(t, List, map[string]any{"reference": "nowhere/none"}).Outputs; o["count"] != 0 {
			t.Errorf("of a name that is none: %v", o)
		}
		for _, row := range e.Run(t, List, map[string]any{"dangling": true}).Outputs["images"].([]any) {
			if tags := row.(map[string]any)["tags"].([]any); len(tags) > 0 {
				t.Errorf("not dangling: %v", tags)
			}
		}
	})
}

func TestInspectsAnImage(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		image := e.Image
		if e.Real {
			image = dockertest.Name() + ":1"
			e.Import(t, image, "ENV SECRET=hunter22", "USER 1000", "EXPOSE 8080", `CMD ["/guest", "http", "8080"]`, `HEALTHCHECK CMD ["/guest", "check", "8080"]`, "LABEL a=b")
		}
		o := e.Run(t, Inspect, map[string]any{"image": image}).Outputs
		if fmt.Sprint(o["tags"]) != "["+image+"]" || o["size_bytes"].(int) <= 0 || o["os"] != "linux" || o["created_at"] == nil || strings.Contains(fmt.Sprint(o), "hunter22") {
			t.Errorf("got %v", o)
		}
		if e.Real && fmt.Sprintf("%v %v %v %v %v %v", o["user"], o["exposed_ports"], o["command"], o["has_health_check"], o["labels"], o["env_names"]) != "1000 [8080/tcp] [/guest http 8080] true map[a:b] [SECRET]" {
			t.Errorf("got %v", o)
		}
		id := o["id"].(string)
		for _, reference := range []string{id, short(id)} {
			if again := e.Run(t, Inspect, map[string]any{"image": reference}).Outputs; again["id"] != id {
				t.Errorf("by %s: %v", reference, again["id"])
			}
		}
		_, err := e.Try(t, Inspect, map[string]any{"image": image + "0"})
		if f := action.AsFailure(err); err == nil || !slices.Contains(f.Nearest, image) || f.Applied != action.AppliedNot {
			t.Errorf("of an image that is none: %+v", f)
		}
	})
}

func TestTagsAndRemovesImages(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := dockertest.Name() + ":kept"
		tagging := map[string]any{"image": e.Image, "name": name}
		if _, lines := e.Preview(t, Tag, tagging); !strings.HasPrefix(lines[0], "image "+name+": none → ") {
			t.Errorf("preview %q", lines)
		}
		if applied := e.Settle(t, Tag, tagging, func() { e.Run(t, Tag, tagging) }); applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if o := e.Run(t, Tag, tagging).Outputs; o["changed"] != false {
			t.Errorf("again: %v", o)
		}
		e.Make(t, nil)
		removing := map[string]any{"image": name}
		if p, lines := e.Preview(t, Remove, removing); !strings.Contains(p.Summary, "take the name "+name) || !strings.HasSuffix(lines[0], " → "+e.Image) {
			t.Errorf("preview %q, %q", p.Summary, lines)
		}
		if applied := e.Settle(t, Remove, removing, func() {
			if o := e.Run(t, Remove, removing).Outputs; o["deleted"] != false || fmt.Sprint(o["untagged"]) != "["+name+"]" {
				t.Errorf("got %v", o)
			}
		}); applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if _, err := e.Try(t, Remove, map[string]any{"image": e.Image}); err == nil || action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "containers were made of") {
			t.Errorf("one in use: %v", err)
		}
		if o := e.Run(t, Inspect, map[string]any{"image": e.Image}).Outputs; o["id"] == "" {
			t.Errorf("got %v", o)
		}
	})
}

func TestSavesImages(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		to := filepath.Join(t.TempDir(), "image.tar")
		o := e.Run(t, Save, map[string]any{"images": []any{e.Image}, "to": to}).Outputs
		f, err := os.Open(to)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var names []string
		for r := tar.NewReader(f); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			names = append(names, h.Name)
		}
		if !slices.Contains(names, "manifest.json") || o["size_bytes"].(int) < 1000 || len(o["ids"].([]any)) != 1 {
			t.Errorf("%v, %v", names, o)
		}
		if _, err := e.Try(t, Save, map[string]any{"images": []any{"nowhere"}, "to": to + "2"}); err == nil || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("one that is not there: %v", err)
		}
	})
}

func TestPullsLab(t *testing.T) {
	e := dockertest.Lab(t)
	if o := e.Run(t, Pull, map[string]any{"image": e.Image}).Outputs; o["changed"] != false || o["before_id"] != o["id"] {
		t.Errorf("got %v", o)
	}
	_, err := e.Try(t, Pull, map[string]any{"image": "nowhere/none:1"})
	if err == nil || action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "pull access denied") {
		t.Errorf("one that is not there: %v", err)
	}
}

// registry is one with one image, as the specification of OCI's distribution has it.
func registry(t *testing.T, user, password string) (name string) {
	t.Helper()
	config, layer := []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"]}}`), make([]byte, 1024) // an empty tar
	digest := func(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }
	manifest := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":%q},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":%d,"digest":%q}]}`,
		len(config), digest(config), len(layer), digest(layer)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); user != "" && (u != user || p != password) {
			w.Header().Set("Www-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body := map[string][]byte{"/v2/": []byte("{}"), "/v2/app/manifests/1": manifest, "/v2/app/manifests/" + digest(manifest): manifest, "/v2/app/blobs/" + digest(config): config, "/v2/app/blobs/" + digest(layer): layer}[r.URL.Path]
		if body == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if strings.Contains(r.URL.Path, "manifests") {
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
			w.Header().Set("Docker-Content-Digest", digest(manifest))
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/app"
}

func TestPullsReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	e := dockertest.Real(t)
	name := registry(t, "ann", "hunter22")
	with := map[string]any{"image": name + ":1", "username": "ann", "password": schema.NewSecret("registry", "hunter22")}
	t.Cleanup(func() {
		_, _ = e.API.ImageRemove(context.Background(), name+":1", client.ImageRemoveOptions{Force: true})
	})
	applied := e.Settle(t, Pull, with, func() {
		if o := e.Run(t, Pull, with).Outputs; o["changed"] != true || o["before_id"] != "" || len(o["digests"].([]any)) != 1 {
			t.Errorf("got %v", o)
		}
	})
	if applied != action.AppliedFully {
		t.Errorf("settled as %s", applied)
	}
	if o := e.Run(t, Pull, with).Outputs; o["changed"] != false {
		t.Errorf("again: %v", o)
	}
	for what, values := range map[string]map[string]any{
		"no password": {"image": name + ":1"}, "no such tag": {"image": name + ":2", "username": "ann", "password": schema.NewSecret("registry", "hunter22")},
		"no registry": {"image": "127.0.0.1:1/app:1"},
	} {
		_, err := e.Try(t, Pull, values)
		if err == nil || action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "could not pull") {
			t.Errorf("%s: %s, %v", what, action.ClassOf(err), err)
		}
		t.Log(err)
	}
}
