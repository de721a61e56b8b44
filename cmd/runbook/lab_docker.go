package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/lab"
)

const (
	realImage   = "runbook-lab-app"
	realPackage = "runbook/lab/app"
	realLabel   = "runbook.lab" // of everything that a lab makes on an engine
	realLimit   = 256 << 20     // bytes of memory
	realLeak    = "2MiB"        // each second
)

// realApp is the app of the lab in a real container.
type realApp struct {
	client       *client.Client
	host         string // of the engine
	id           string
	name         string
	api, metrics int // ports on loopback
}

// leakOf is which switch of the app makes a fault; "" for none.
func leakOf(fault string) string {
	switch fault {
	case "memory-leak":
		return "heap"
	case "cache-leak":
		return "cache"
	}
	return ""
}

// startRealApp makes the container of the app and waits until it answers.
func startRealApp(ctx context.Context) (*realApp, error) {
	r := &realApp{host: cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost), name: fmt.Sprintf("runbook-lab-%d-app-1", os.Getpid())}
	var err error
	if r.client, err = client.New(client.WithHost(r.host), client.WithTLSClientConfigFromEnv()); err != nil {
		return nil, noEngine(r.host, err)
	}
	if err := r.make(ctx); err != nil {
		return nil, errors.Join(err, r.remove())
	}
	return r, nil
}

func noEngine(host string, err error) error {
	return &problem{code: exitFailed, failure: &action.Failure{
		What: "--docker needs a Docker engine: " + err.Error(), Where: host,
		Do: []string{"start it, or name another with DOCKER_HOST", "or do without a real container: runbook lab up"}, Err: err,
	}}
}

func (r *realApp) make(ctx context.Context) error {
	if _, err := r.client.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return noEngine(r.host, err)
	}
	image, err := r.image(ctx)
	if err != nil {
		return err
	}
	if r.api, err = freePort(); err != nil {
		return err
	}
	if r.metrics, err = freePort(); err != nil {
		return err
	}
	on := func(port int) []network.PortBinding {
		return []network.PortBinding{{HostIP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), HostPort: strconv.Itoa(port)}}
	}
	created, err := r.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: r.name,
		Config: &container.Config{
			Image: image,
			Labels: map[string]string{
				realLabel: strconv.Itoa(os.Getpid()), "com.docker.compose.project": r.project(),
				"com.docker.compose.service": "app", "com.docker.compose.container-number": "1",
			},
			Healthcheck: &container.HealthConfig{
				Test: []string{"CMD", "/app", "-check", "http://127.0.0.1:8060/health"}, Interval: time.Second, Timeout: 3 * time.Second, Retries: 2,
			},
		},
		HostConfig: &container.HostConfig{
			Resources:    container.Resources{Memory: realLimit},
			PortBindings: network.PortMap{network.MustParsePort("8060/tcp"): on(r.api), network.MustParsePort("9090/tcp"): on(r.metrics)},
		},
	})
	if err != nil {
		return fmt.Errorf("create the container %s: %w", r.name, err)
	}
	r.id = created.ID
	if _, err := r.client.ContainerStart(ctx, r.id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start the container %s: %w", r.name, err)
	}
	return r.answers(ctx)
}

// project is the Compose project of the container, so that no playbook finds
// another one.
func (r *realApp) project() string { return fmt.Sprintf("runbook-lab-%d", os.Getpid()) }

func (r *realApp) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		err := r.ask(ctx, http.MethodGet, "/health")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the container %s does not answer: %w", r.name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (r *realApp) ask(ctx context.Context, method, path string) error {
	request, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", r.api, path), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<12))
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("the app answers %s: %s", response.Status, text)
	}
	return err
}

// leak lets the app leak that much each second; where is heap or cache, rate "0"
// ends it.
func (r *realApp) leak(ctx context.Context, where, rate string) error {
	return r.ask(ctx, http.MethodPost, "/lab/leak?"+url.Values{"where": {where}, "rate": {rate}}.Encode())
}

// remove removes the container of this lab and nothing else.
func (r *realApp) remove() error {
	defer r.client.Close()
	if r.id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := r.client.ContainerRemove(ctx, r.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove the container %s: %w", r.name, err)
	}
	return nil
}

// memory is the memory of the container now, for people.
func (r *realApp) memory(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	got, err := r.client.ContainerStats(ctx, r.id, client.ContainerStatsOptions{})
	if err != nil {
		return "unknown"
	}
	defer got.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(got.Body).Decode(&s); err != nil || s.MemoryStats.Limit == 0 {
		return "unknown"
	}
	return schema.HumanPercent(100 * float64(s.MemoryStats.Usage) / float64(s.MemoryStats.Limit))
}

// address is where a target of the lab is real; "" for one that is not.
func (r *realApp) address(target string) string {
	switch target {
	case lab.Docker:
		return r.host
	case lab.HTTP:
		return fmt.Sprintf("127.0.0.1:%d", r.api)
	case lab.Metrics:
		return fmt.Sprintf("127.0.0.1:%d", r.metrics)
	}
	return ""
}

// configure puts the real targets into a runbook.yaml of the lab.
func (r *realApp) configure(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch name, _, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case lab.Docker:
			lines[i] = fmt.Sprintf("      docker: {host: %q, project: %s}", r.host, r.project())
		case lab.HTTP:
			lines[i] = fmt.Sprintf("      http: {base_url: %q}", "http://"+r.address(lab.HTTP))
		case lab.Metrics:
			lines[i] = fmt.Sprintf("      metrics: {kind: http, base_url: %q}", "http://"+r.address(lab.Metrics))
		}
	}
	return strings.Join(lines, "\n")
}

// image is the reference of the app's image: built from the source where that
// and the go tool are there, else one that was made before.
func (r *realApp) image(ctx context.Context) (string, error) {
	binary, missing := buildRealApp(ctx)
	if missing != nil {
		return r.imageOfBefore(ctx, missing)
	}
	reference := fmt.Sprintf("%s:%x", realImage, sha256.Sum256(binary))[:len(realImage)+1+12]
	_, err := r.client.ImageInspect(ctx, reference)
	if err == nil {
		return reference, nil
	}
	if !errdefs.IsNotFound(err) {
		return "", fmt.Errorf("look for the image %s: %w", reference, err)
	}
	return reference, r.importImage(ctx, reference, binary)
}

func (r *realApp) imageOfBefore(ctx context.Context, missing error) (string, error) {
	list, err := r.client.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("reference", realImage)})
	if err != nil {
		return "", fmt.Errorf("look for an image %s: %w", realImage, err)
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
	return "", &problem{code: exitFailed, failure: &action.Failure{
		What: "there is no image of the app, and it cannot be built: " + missing.Error(), Where: r.host,
		Do: []string{"run it in a clone of the source, with the go tool", "or do without a real container: runbook lab up"},
	}}
}

// buildRealApp builds the app for a container without a C library.
func buildRealApp(ctx context.Context) ([]byte, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("the go tool is not there")
	}
	dir, err := os.MkdirTemp("", "runbook-lab-app-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, realPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if _, err := cmd.Output(); err != nil {
		return nil, errors.New("the source of the app is not here")
	}
	return os.ReadFile(file)
}

// importImage makes an image FROM scratch out of one file.
func (r *realApp) importImage(ctx context.Context, reference string, binary []byte) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	err := w.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = w.Write(binary)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	got, err := r.client.ImageImport(ctx, client.ImageImportSource{Source: &archive, SourceName: "-"}, reference, client.ImageImportOptions{
		Changes: []string{`ENTRYPOINT ["/app"]`, "EXPOSE 8060 9090", "LABEL " + realLabel + "=app"},
	})
	if err != nil {
		return fmt.Errorf("make the image %s: %w", reference, err)
	}
	defer got.Close()
	for decoder := json.NewDecoder(got); ; {
		var progress struct {
			Error string `json:"error"`
		}
		switch err := decoder.Decode(&progress); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("make the image %s: %w", reference, err)
		case progress.Error != "":
			return fmt.Errorf("make the image %s: %s", reference, progress.Error)
		}
	}
}

// freePort is a port on loopback at which nothing listens, below those that
// systems give to outgoing connections: it outlasts a restart of the container.
func freePort() (int, error) {
	const lowest, count = 20_000, 12_000
	for range 100 {
		port := lowest + rand.IntN(count)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("100 ports from %d to %d are all taken", lowest, lowest+count)
}
