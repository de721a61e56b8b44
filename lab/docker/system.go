package docker

import (
	"io"
	"net/http"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/system"

	"runbook/lab/model"
)

// The rest of the lab's host.
const (
	kernel    = "6.1.0-28-amd64"
	buildTime = "2026-05-07T21:09:36.000000000+00:00"
)

func (s *Server) ping(w http.ResponseWriter, r *http.Request) error {
	if err := s.take(r, time.Millisecond); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if r.Method == http.MethodHead {
		h.Set("Content-Length", "0")
		return nil
	}
	_, _ = io.WriteString(w, "OK") // a client that is gone needs none
	return nil
}

func (s *Server) version(w http.ResponseWriter, r *http.Request) error {
	if err := s.take(r, time.Millisecond); err != nil {
		return err
	}
	reply(w, http.StatusOK, system.VersionResponse{
		Version: engineVersion, APIVersion: apiVersion, MinAPIVersion: minAPIVersion, Os: "linux", Arch: "amd64", GitCommit: "5d6db84",
		GoVersion: "go1.19.8", KernelVersion: kernel, BuildTime: buildTime,
		Components: []system.ComponentVersion{
			{Name: "Engine", Version: engineVersion, Details: map[string]string{
				"ApiVersion": apiVersion, "MinAPIVersion": minAPIVersion, "Arch": "amd64", "Os": "linux", "GitCommit": "5d6db84", "GoVersion": "go1.19.8",
				"KernelVersion": kernel, "BuildTime": buildTime, "Experimental": "false",
			}},
			{Name: "containerd", Version: "1.6.20", Details: map[string]string{"GitCommit": ""}},
			{Name: "runc", Version: "1.1.5", Details: map[string]string{"GitCommit": ""}},
		},
	})
	return nil
}

func info(w *model.World, _ *http.Request) (any, error) {
	o := system.Info{
		Driver: "overlay2", DriverStatus: [][2]string{{"Backing Filesystem", "extfs"}}, MemoryLimit: true, SwapLimit: true, CPUCfsPeriod: true, CPUCfsQuota: true,
		CPUShares: true, CPUSet: true, PidsLimit: true, IPv4Forwarding: true, LoggingDriver: "json-file", CgroupDriver: "systemd", CgroupVersion: "2",
		KernelVersion: kernel, OperatingSystem: "Debian GNU/Linux 12 (bookworm)", OSVersion: "12", OSType: "linux", Architecture: "x86_64",
		NCPU: model.HostProcessors, MemTotal: model.HostMemory(), DockerRootDir: "/var/lib/docker", Name: "host", ServerVersion: engineVersion,
		IndexServerAddress: "https://index.docker.io/v1/", DefaultRuntime: "runc", Runtimes: map[string]system.RuntimeWithStatus{"runc": {}},
		InitBinary: "docker-init", SecurityOptions: []string{"name=seccomp,profile=default", "name=cgroupns"}, Labels: []string{},
		Plugins: system.PluginsInfo{Volume: []string{"local"}, Network: []string{"bridge", "host", "null"}, Log: []string{"json-file", "local"}},
	}
	o.Swarm.LocalNodeState = "inactive"
	o.ID, o.SystemTime, o.Images, o.Containers = w.ID("engine")[:12], stamp(w.Now), len(w.Images), len(w.Containers)
	for _, c := range w.Containers {
		switch c.State {
		case model.Running:
			o.ContainersRunning++
		case model.Paused:
			o.ContainersPaused++
		default:
			o.ContainersStopped++
		}
	}
	return struct { // with what later versions do not tell any more
		system.Info
		BridgeNfIptables  bool
		BridgeNfIP6tables bool `json:"BridgeNfIp6tables"`
	}{o, true, true}, nil
}

// diskUsage answers docker system df.
func diskUsage(w *model.World, _ *http.Request) (any, error) {
	images, containers, volumes := []map[string]any{}, []container.Summary{}, []map[string]any{}
	builds := []map[string]any{}
	layers := int64(0)
	for _, i := range w.Images {
		layers += i.Size
		images = append(images, imageRow(w, i, true))
	}
	for _, c := range w.Containers {
		containers = append(containers, summary(w, c, true))
	}
	for _, v := range volumesOf(w) {
		volumes = append(volumes, map[string]any{
			"Name": v.Name, "Driver": v.Driver, "Mountpoint": v.Mountpoint, "CreatedAt": v.CreatedAt, "Labels": v.Labels, "Options": v.Options, "Scope": v.Scope,
			"UsageData": map[string]int64{"RefCount": 1, "Size": volumeSize(w, v.Name)},
		})
	}
	if cache := w.BuildCache(); cache > 0 {
		builds = append(builds, map[string]any{
			"ID": w.ID("build cache")[:25], "Parent": "", "Type": "regular", "Description": "build of mltb/app", "InUse": false, "Shared": false,
			"Size": int64(cache), "CreatedAt": stamp(w.Began().Add(-72 * time.Hour)), "LastUsedAt": nil, "UsageCount": 1,
		})
	}
	return map[string]any{"LayersSize": layers, "Images": images, "Containers": containers, "Volumes": volumes, "BuildCache": builds}, nil
}

// volumeSize is about what a volume holds, in bytes.
func volumeSize(w *model.World, name string) int64 {
	switch name {
	case model.Project + "_redis":
		return int64(w.Redis.UsedBytes / 2)
	case model.Project + "_mongo":
		return 2 * model.GiB
	}
	return 0
}
