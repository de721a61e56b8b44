package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/internal/realtest"
)

const reaches = `playbook: reach
title: Reach beyond the lab
purpose: To find what is not the lab's.
expected: Nothing is found.
inputs: {container: {type: string}}
steps:
  - {id: all, action: docker.list, verify: ["len(outputs.containers) > 0", "none(outputs.containers, .name == inputs.container or .id == inputs.container)"]}
  - {id: named, action: docker.list, with: {name: "${{ inputs.container }}"}, verify: [outputs.count == 0]}
  - {id: hit, action: docker.restart, with: {container: "${{ inputs.container }}"}}
`

// TestLabsReachNoOtherContainerReal holds that a run against a lab, also one with
// a container on the real engine, neither sees nor touches a container of the host.
func TestLabsReachNoOtherContainerReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	env := realtest.Docker(t)
	app := env.App(t, realtest.AppOptions{MemoryMiB: 128})
	since := time.Now()
	for _, flags := range [][]string{nil, {"--docker"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			p := build(t)
			if err := os.MkdirAll(filepath.Join(p.dir, "playbooks"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(p.dir, "playbooks", "reach.yaml"), []byte(reaches), 0o600); err != nil {
				t.Fatal(err)
			}
			defer p.labUp(env.Host, flags...)()
			for _, named := range []string{app.Name, app.ID, app.ID[:12]} {
				out, errs, code := p.run("run", "reach", "--env", "lab", "-i", "container="+named, "--yes", "--output", "json")
				if f := last(t, out); code != 1 || len(f.Changes) != 0 || !strings.Contains(out, "no container or Compose service "+named) {
					t.Errorf("%s: exit %d, %+v\n%s%s", named, code, f, out, errs)
				}
			}
		})
	}
	if seen := dockerEvents(t, env.Client, app, since); len(seen) > 0 {
		t.Errorf("the container saw %v", seen)
	}
}

// labUp starts a lab, and returns what ends it.
func (p *program) labUp(host string, flags ...string) (end func()) {
	p.t.Helper()
	up := p.command(append([]string{"lab", "up"}, flags...)...)
	up.Dir = "" // the source of the app is here
	up.Env = append(up.Env, "DOCKER_HOST="+host)
	var out strings.Builder
	up.Stdout, up.Stderr = &out, &out
	if err := up.Start(); err != nil {
		p.t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, _, code := p.run("lab", "state"); code == 0 {
			break
		}
		if time.Now().After(until) {
			_ = up.Process.Kill()
			p.t.Fatalf("the lab did not start: %v", up.Wait())
		}
	}
	return func() {
		_ = up.Process.Signal(os.Interrupt)
		if err := up.Wait(); err != nil {
			p.t.Errorf("the lab ended with %v\n%s", err, out.String())
		}
	}
}
