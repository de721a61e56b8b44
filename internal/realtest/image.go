package realtest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// appPackage is the program of the image.
const appPackage = "runbook/lab/app"

// Image returns the reference of an image that holds lab/app and nothing else.
// The image is named after its content, and stays: other tests may use it.
func (e *DockerEnv) Image(t testing.TB) string {
	t.Helper()
	binary := buildApp(t)
	reference := fmt.Sprintf("runbook-lab-app:%x", sha256.Sum256(binary))[:len("runbook-lab-app:")+12]
	unlock, err := acquireLock(filepath.Join(os.TempDir(), "runbook-realtest-image.lock"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err = e.Client.ImageInspect(t.Context(), reference); err == nil {
		return reference
	}
	if !errdefs.IsNotFound(err) {
		t.Fatalf("look for the image %s: %v", reference, err)
	}
	if err := e.importImage(t.Context(), reference, binary); err != nil {
		t.Fatalf("import the image %s: %v", reference, err)
	}
	return reference
}

// buildApp builds lab/app for a container without a C library.
func buildApp(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, appPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", appPackage, err, output)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read what was built: %v", err)
	}
	return binary
}

// importImage makes an image FROM scratch out of one file.
func (e *DockerEnv) importImage(ctx context.Context, reference string, binary []byte) error {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: "app", Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	if _, err := writer.Write(binary); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	source := client.ImageImportSource{Source: &archive, SourceName: "-"}
	result, err := e.Client.ImageImport(ctx, source, reference, client.ImageImportOptions{
		Changes: []string{`ENTRYPOINT ["/app"]`, "EXPOSE 8060 9090"},
	})
	if err != nil {
		return err
	}
	defer result.Close()
	return progressError(result)
}

// progressError reads the engine's messages on its progress, which are the only
// place in which it tells that it failed.
func progressError(messages io.Reader) error {
	decoder := json.NewDecoder(messages)
	for {
		var message struct {
			Error string `json:"error"`
		}
		err := decoder.Decode(&message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the engine's progress: %w", err)
		}
		if message.Error != "" {
			return errors.New(message.Error)
		}
	}
}
