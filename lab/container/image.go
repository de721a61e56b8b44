package container

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

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

const (
	imageName = "runbook-lab-app"
	appSource = "runbook/lab/app"
	ownLabel  = "runbook.lab" // of everything that a lab makes on an engine
)

// Image returns the reference of an image that holds the app and nothing else.
// It is built from the source where that and the go tool are there, and named
// after its content; else it is the newest one that was made before.
func Image(ctx context.Context, engine *client.Client) (string, error) {
	binary, missing := build(ctx)
	if missing != nil {
		return imageOfBefore(ctx, engine, missing)
	}
	reference := fmt.Sprintf("%s:%x", imageName, sha256.Sum256(binary))[:len(imageName)+1+12]
	_, err := engine.ImageInspect(ctx, reference)
	if err == nil {
		return reference, nil
	}
	if !errdefs.IsNotFound(err) {
		return "", fmt.Errorf("look for the image %s: %w", reference, err)
	}
	if err := importImage(ctx, engine, reference, binary); err != nil {
		return "", fmt.Errorf("make the image %s: %w", reference, err)
	}
	return reference, nil
}

func imageOfBefore(ctx context.Context, engine *client.Client, missing error) (string, error) {
	list, err := engine.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("reference", imageName)})
	if err != nil {
		return "", fmt.Errorf("look for an image %s: %w", imageName, err)
	}
	reference, newest := "", int64(0)
	for _, i := range list.Items {
		if len(i.RepoTags) > 0 && i.Created > newest {
			reference, newest = i.RepoTags[0], i.Created
		}
	}
	if reference != "" {
		return reference, nil
	}
	return "", &action.Failure{
		What: "there is no image of the app, and it cannot be built: " + missing.Error(), Where: engine.DaemonHost(),
		Do: []string{"run it in a clone of the source, with the go tool", "or do without a real container: runbook lab up"},
	}
}

// build builds the app for a container without a C library.
func build(ctx context.Context) ([]byte, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("the go tool is not there")
	}
	dir, err := os.MkdirTemp("", "runbook-lab-app-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, appSource)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if _, err := cmd.Output(); err != nil {
		return nil, errors.New("the source of the app is not here")
	}
	return os.ReadFile(file)
}

// importImage makes an image FROM scratch out of one file.
func importImage(ctx context.Context, engine *client.Client, reference string, binary []byte) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	err := w.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = w.Write(binary)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	got, err := engine.ImageImport(ctx, client.ImageImportSource{Source: &archive, SourceName: "-"}, reference, client.ImageImportOptions{
		Changes: []string{`ENTRYPOINT ["/app"]`, "EXPOSE 8060 9090", "LABEL " + ownLabel + "=app"},
	})
	if err != nil {
		return err
	}
	defer got.Close()
	return progressError(got)
}

// progressError reads the engine's messages on its progress, which are the only
// place in which it tells that it failed.
func progressError(messages io.Reader) error {
	for decoder := json.NewDecoder(messages); ; {
		var progress struct {
			Error string `json:"error"`
		}
		switch err := decoder.Decode(&progress); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's progress: %w", err)
		case progress.Error != "":
			return errors.New(progress.Error)
		}
	}
}
