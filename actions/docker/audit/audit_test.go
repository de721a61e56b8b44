package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
)

// found are the findings about a container, as rule: what was seen.
func found(t *testing.T, e *dockertest.Engine, with map[string]any) []string {
	t.Helper()
	var all []string
	for _, row := range e.Run(t, Audit, with).Outputs["findings"].([]any) {
		r := row.(map[string]any)
		all = append(all, fmt.Sprintf("%s %s: %s", r["severity"], r["rule"], r["seen"]))
	}
	return all
}

func TestAuditsContainers(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		e.Make(t, nil)
		bad := dockertest.Name() // is made and not started, which not every host of tests lets
		if _, err := e.API.ContainerCreate(t.Context(), client.ContainerCreateOptions{
			Name: bad, Config: &container.Config{Image: e.Image, Cmd: e.Argv},
			HostConfig: &container.HostConfig{Privileged: true, PidMode: "host", Binds: []string{"/etc:/host-etc", "/usr:/host-usr:ro"}},
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_, _ = e.API.ContainerRemove(context.Background(), bad, client.ContainerRemoveOptions{Force: true})
		})
		all := found(t, e, map[string]any{"containers": []any{bad}})
		if !strings.HasPrefix(all[0], "critical privileged: ") {
			t.Errorf("the worst is %s", all[0])
		}
		for _, want := range []string{
			"high host_folders: it may write to /etc of the host, at /host-etc", "high host_pid: it sees the processes of the host",
			"medium memory: it has no limit of memory", "low read_only: its files can be written to", "low health_check: it has no health check",
		} {
			if !slices.Contains(all, want) {
				t.Errorf("%s is not among %q", want, all)
			}
		}
		if slices.ContainsFunc(all, func(f string) bool { return strings.Contains(f, "/usr") }) {
			t.Errorf("what is read-only is told: %q", all)
		}
		if got := found(t, e, map[string]any{"containers": []any{bad}, "at_least": "critical"}); len(got) != 1 {
			t.Errorf("critical ones: %q", got)
		}
		if got := found(t, e, map[string]any{"containers": []any{bad}, "at_least": "critical", "except": []any{"privileged"}}); len(got) != 0 {
			t.Errorf("but for privileged: %q", got)
		}
		o := e.Run(t, Audit, map[string]any{"at_least": "critical"}).Outputs
		if o["container_count"].(int) < 1 || o["count"] != o["by_severity"].(map[string]any)["critical"] {
			t.Errorf("of all: %v", o)
		}
		if _, err := e.Try(t, Audit, map[string]any{"except": []any{"none"}}); err == nil || !strings.Contains(err.Error(), "there is no rule none") {
			t.Errorf("a rule that is none: %v", err)
		}
	})
}

// Each rule holds of a container that is made as it asks, and sees one that is not.
func TestEachRule(t *testing.T) {
	limit := int64(100)
	good := func() container.InspectResponse {
		return container.InspectResponse{
			Name: "/app", Config: &container.Config{User: "1000:1000", Healthcheck: &container.HealthConfig{Test: []string{"CMD", "x"}}},
			HostConfig: &container.HostConfig{
				ReadonlyRootfs: true, SecurityOpt: []string{"no-new-privileges"},
				Resources: container.Resources{Memory: 1 << 30, NanoCPUs: 1e9, PidsLimit: &limit},
			},
		}
	}
	if found := judge(good(), nil); len(found) > 0 {
		t.Errorf("a good one: %+v", found)
	}
	bind := func(source string, propagation mount.Propagation) func(*container.InspectResponse) {
		return func(c *container.InspectResponse) {
			c.Mounts = []container.MountPoint{{Type: "bind", Source: source, Destination: "/x", RW: true, Propagation: propagation}}
		}
	}
	breaks := map[string]func(*container.InspectResponse){
		"user":         func(c *container.InspectResponse) { c.Config.User = "0:0" },
		"capabilities": func(c *container.InspectResponse) { c.HostConfig.CapAdd = []string{"cap_sys_admin"} },
		"privileged":   func(c *container.InspectResponse) { c.HostConfig.Privileged = true },
		"host_folders": bind("/etc/cron.d", ""),
		"low_ports":    ports(`{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"80"}]}`),
		"host_network": func(c *container.InspectResponse) { c.HostConfig.NetworkMode = "host" },
		"memory":       func(c *container.InspectResponse) { c.HostConfig.Memory = 0 },
		"cpus":         func(c *container.InspectResponse) { c.HostConfig.NanoCPUs = 0 },
		"read_only":    func(c *container.InspectResponse) { c.HostConfig.ReadonlyRootfs = false },
		"open_ports":   ports(`{"8080/tcp":[{"HostIp":"","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]}`),
		"host_pid":     func(c *container.InspectResponse) { c.HostConfig.PidMode = "host" },
		"host_ipc":     func(c *container.InspectResponse) { c.HostConfig.IpcMode = "host" },
		"devices": func(c *container.InspectResponse) {
			c.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: "/dev/sda"}}
		},
		"propagation": bind("/srv", mount.PropagationRShared),
		"host_uts":    func(c *container.InspectResponse) { c.HostConfig.UTSMode = "host" },
		"seccomp": func(c *container.InspectResponse) {
			c.HostConfig.SecurityOpt = append(c.HostConfig.SecurityOpt, "seccomp=unconfined")
		},
		"new_privileges": func(c *container.InspectResponse) { c.HostConfig.SecurityOpt = nil },
		"health_check":   func(c *container.InspectResponse) { c.Config.Healthcheck.Test = []string{"NONE"} },
		"pids":           func(c *container.InspectResponse) { c.HostConfig.PidsLimit = nil },
		"host_users":     func(c *container.InspectResponse) { c.HostConfig.UsernsMode = "host" },
		"docker_socket":  bind("/var/run/docker.sock", ""),
	}
	list, _ := Audit.Outputs.Field("findings")
	told, _ := list.Type.Elem.Field("rule")
	for _, r := range rules() {
		if !strings.Contains(told.Doc, " "+r.name+" "+r.cis) {
			t.Errorf("%s %s is not in the documentation: %s", r.name, r.cis, told.Doc)
		}
		broken := breaks[r.name]
		if broken == nil {
			t.Errorf("%s: nothing breaks it here", r.name)
			continue
		}
		c := good()
		broken(&c)
		found := judge(c, nil)
		if len(found) != 1 || found[0].Rule != r.name || found[0].Do == "" || !strings.HasSuffix(found[0].Source, ", "+r.cis) {
			t.Errorf("%s: %+v", r.name, found)
		}
	}
}

func ports(text string) func(*container.InspectResponse) {
	return func(c *container.InspectResponse) {
		if err := json.Unmarshal([]byte(text), &c.HostConfig.PortBindings); err != nil {
			panic(err)
		}
	}
}
