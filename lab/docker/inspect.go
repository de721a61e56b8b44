package docker

import (
	"net/http"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/storage"

	"runbook/lab/model"
)

// inspect answers docker inspect.
func (s *Server) inspect(w *model.World, c *model.Container, r *http.Request) (any, error) {
	o := s.details(w, c)
	if flag(r, "size") {
		written, root := int64(c.Written), c.Image.Size+int64(c.Written)
		o.SizeRw, o.SizeRootFs = &written, &root
	}
	return o, nil
}

func (s *Server) details(w *model.World, c *model.Container) container.InspectResponse {
	dir := "/var/lib/docker/containers/" + c.ID + "/"
	path, args := "", []string{}
	if len(c.Command) > 0 {
		path, args = c.Command[0], c.Command[1:]
	}
	return container.InspectResponse{
		ID: c.ID, Created: stamp(c.Created), Path: path, Args: args, State: state(c), Image: c.Image.ID, Name: "/" + c.Name,
		ResolvConfPath: dir + "resolv.conf", HostnamePath: dir + "hostname", HostsPath: dir + "hosts", LogPath: dir + c.ID + "-json.log",
		RestartCount: c.Restarts, Driver: "overlay2", Platform: "linux", ExecIDs: s.execs.of(c.ID), HostConfig: hostConfig(c),
		GraphDriver: &storage.DriverData{Name: "overlay2", Data: map[string]string{"MergedDir": "/var/lib/docker/overlay2/" + c.ID + "/merged"}},
		Mounts:      mounts(c), Config: config(c),
		NetworkSettings: &container.NetworkSettings{SandboxID: w.ID(c.ID + " sandbox"), SandboxKey: "/var/run/docker/netns/" + shortID(c.ID), Ports: livePorts(c), Networks: endpoints(w, c)},
	}
}

// livePorts are those that are published now.
func livePorts(c *model.Container) network.PortMap {
	if !c.Running() {
		return network.PortMap{}
	}
	return portMap(c)
}

func state(c *model.Container) *container.State {
	o := &container.State{
		Status: container.ContainerState(c.State), Running: c.Running(), Paused: c.State == model.Paused, OOMKilled: c.OOMKilled,
		ExitCode: c.ExitCode, StartedAt: stamp(c.Started), FinishedAt: stamp(c.Finished),
	}
	if c.Running() {
		o.Pid = hostPID(c, 1)
	}
	if h := c.Health; h != nil {
		o.Health = &container.Health{Status: container.HealthStatus(h.Status), FailingStreak: h.Failing, Log: []*container.HealthcheckResult{}}
		for _, check := range h.Log {
			o.Health.Log = append(o.Health.Log, &container.HealthcheckResult{
				Start: check.At.UTC(), End: check.At.UTC().Add(30 * time.Millisecond), ExitCode: check.ExitCode, Output: check.Output,
			})
		}
	}
	return o
}

// hostPID is the process of a container as the host numbers it.
func hostPID(c *model.Container, pid int) int {
	n := 0
	for _, digit := range []byte(c.ID[:4]) {
		n = n*16 + int(digit)%16
	}
	return 2000 + n%20000 + pid
}

func config(c *model.Container) *container.Config {
	o := &container.Config{
		Hostname: shortID(c.ID), Env: append([]string{}, c.Env...), Cmd: c.Command, Image: c.Image.Name(), Labels: labels(c),
		AttachStdout: c.Service == "", AttachStderr: c.Service == "",
	}
	for _, p := range c.Ports {
		if port, ok := network.PortFrom(p.Private, network.TCP); ok {
			if o.ExposedPorts == nil {
				o.ExposedPorts = network.PortSet{}
			}
			o.ExposedPorts[port] = struct{}{}
		}
	}
	if c.Health != nil {
		o.Healthcheck = &container.HealthConfig{Test: []string{"CMD-SHELL", "healthcheck"}, Interval: c.Health.Interval, Timeout: 3 * time.Second, Retries: 3}
	}
	return o
}

func hostConfig(c *model.Container) *container.HostConfig {
	swap := c.SwapLimit
	o := &container.HostConfig{
		LogConfig: container.LogConfig{Type: "json-file", Config: map[string]string{}}, NetworkMode: container.NetworkMode(networkMode(c)),
		PortBindings: portMap(c), RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyMode(policy(c))},
		CgroupnsMode: "private", IpcMode: "private", Privileged: c.Privileged, ReadonlyRootfs: c.ReadOnly, ShmSize: 64 << 20, Runtime: "runc",
		Resources: container.Resources{Memory: c.MemoryLimit, MemorySwap: swap, NanoCPUs: int64(c.CPULimit*1e9 + 0.5)},
	}
	if q := c.Quota; q != nil {
		o.NanoCPUs, o.CPUPeriod, o.CPUQuota = 0, q.Period, q.Quota
	}
	if c.HostPID {
		o.PidMode = "host"
	}
	for _, m := range c.Mounts {
		from := m.Source
		if m.Type == "volume" {
			from = m.Name
		}
		mode := "rw"
		if m.ReadOnly {
			mode = "ro"
		}
		o.Binds = append(o.Binds, from+":"+m.Target+":"+mode)
	}
	return o
}

// policy is the restart policy; none is "no".
func policy(c *model.Container) string {
	if c.Restart == "" {
		return "no"
	}
	return c.Restart
}
