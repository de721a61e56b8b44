package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// Import builds the guest and makes an image of it, with changes as in a Dockerfile; there
// is no registry. It is removed when t ends.
func (e *Engine) Import(t *testing.T, image string, changes ...string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "guest")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "runbook/actions/docker/dockertest/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, file := range []struct {
		name string
		text []byte
		mode int64
	}{{"guest", program, 0o755}, {"etc/guest.conf", []byte("a = 1\n"), 0o644}} {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Mode: file.mode, Size: int64(len(file.text))}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(file.text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := e.API.ImageImport(t.Context(), client.ImageImportSource{Source: &layer, SourceName: "-"}, image, client.ImageImportOptions{Changes: changes})
	if err != nil {
		t.Fatalf("RUNBOOK_TEST_REAL is set and no engine answers: %v", err)
	}
	defer r.Close()
	var answer bytes.Buffer
	_, _ = answer.ReadFrom(r)
	if strings.Contains(answer.String(), `"error"`) {
		t.Fatal(answer.String())
	}
	t.Cleanup(func() { _, _ = e.API.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true}) })
}
