package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/internal/realtest"
)

// step writes a playbook of one step and returns its path.
func (p *program) step(step string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, "one.yaml")
	text := "playbook: one\ntitle: One step\npurpose: A test.\nexpected: A failure.\nsteps:\n  - " + step + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// tells checks that a failed run says all of this, and shows no stack trace.
func (p *program) tells(step string, want ...string) {
	p.t.Helper()
	stdout, stderr, code := p.run("run", p.step(step), "--output", "plain")
	if code != 1 {
		p.t.Errorf("exit %d, want 1\n%s%s", code, stdout, stderr)
	}
	for _, w := range append(want, " what ", " where ", " tried ") {
		if !strings.Contains(stdout, w) {
			p.t.Errorf("it does not say %q\n%s", w, stdout)
		}
	}
	if all := stdout + stderr; strings.Contains(all, "goroutine ") || strings.Contains(all, "panic") {
		p.t.Errorf("it shows a stack trace\n%s", all)
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	p := build(t)
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	closed.Close()
	socket := filepath.Join(p.dir, "none.sock")
	p.environment("      docker: {host: \"unix://" + socket + "\"}\n      http: {base_url: \"http://" + refused + "\"}\n")

	t.Run("a hanging target", func(t *testing.T) {
		address := hanging.Addr().String()
		p.tells(`{id: web, action: http.request, timeout: 1s, with: {url: "http://`+address+`/health"}}`,
			"http GET http://"+address+"/health", "request sent, no first byte", "one.yaml:6:5", "no answer in 1s", "raise the step's timeout")
	})
	t.Run("a refused port", func(t *testing.T) {
		p.tells(`{id: web, action: http.request, with: {url: "http://`+refused+`/health"}}`,
			"connection refused", "http GET http://"+refused+"/health", "check that the service runs and listens at "+refused)
	})
	t.Run("a stopped Docker daemon", func(t *testing.T) {
		p.tells(`{id: c, action: docker.inspect, with: {container: app}}`,
			"docker at unix://"+socket, "the Docker daemon is stopped or listens elsewhere", "set host of the target docker")
	})
}

func TestMissingContainerReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	env := realtest.Docker(t)
	p := build(t)
	p.environment("      docker: {host: \"" + env.Host + "\"}\n")
	p.tells(`{id: c, action: docker.inspect, with: {container: not-there}}`,
		"no container or Compose service not-there", "docker at "+env.Host, "ps -a")
}
