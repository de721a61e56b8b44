package realtest

import (
	"testing"

	"runbook/lab/container"
)

// Image returns the reference of an image that holds lab/app and nothing else.
// It stays: other tests may use it.
func (e *DockerEnv) Image(t testing.TB) string {
	t.Helper()
	reference, err := container.Image(t.Context(), e.Client)
	if err != nil {
		t.Fatal(err)
	}
	return reference
}
