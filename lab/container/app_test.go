package container_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/internal/realtest"
	"runbook/lab"
	"runbook/lab/container"
)

func TestNoEngineIsSaid(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	_, err := container.Start(t.Context())
	var f *action.Failure
	if !errors.As(err, &f) || !strings.Contains(f.What, "--docker needs a Docker engine") || len(f.Do) == 0 {
		t.Errorf("without an engine: %v", err)
	}
}

// TestOnlyLeaksAreReal holds which faults the app makes itself.
func TestOnlyLeaksAreReal(t *testing.T) {
	app := &container.App{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is sent
	for _, f := range lab.Faults() {
		_, done, err := app.Inject(ctx, f.Name)
		_, healed, _ := app.Heal(ctx, f.Name)
		if leak := strings.HasSuffix(f.Name, "-leak"); done != leak || healed != leak || (err != nil) != leak {
			t.Errorf("%s: made %v, healed %v, %v", f.Name, done, healed, err)
		}
	}
}

// TestAppReal runs the app in a container, leaks and removes it.
func TestAppReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	t.Setenv("DOCKER_HOST", realtest.Docker(t).Host)
	app, err := container.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if told, done, err := app.Inject(t.Context(), "memory-leak"); err != nil || !done || !strings.Contains(told, app.Name()) {
		t.Errorf("%q, %v, %v", told, done, err)
	}
	time.Sleep(3 * time.Second)
	if got := app.Memory(t.Context()); got == "unknown" || strings.HasPrefix(got, "0") {
		t.Errorf("the memory of the container is %s", got)
	}
	if err := app.Remove(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+app.Addresses()["http"]+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("the app answers after its end")
	}
}
