package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
)

// rule is one recommendation of the benchmark, https://www.cisecurity.org/benchmark/docker,
// by its number in version 1.6.0. What sees gives is what was seen against it.
type rule struct {
	name, cis, severity, do string
	sees                    func(container.InspectResponse) []string
}

// rules are all rules, in the order of the benchmark.
func rules() []rule {
	host := func(is func(*container.HostConfig) bool, seen string) func(container.InspectResponse) []string {
		return func(c container.InspectResponse) []string { return when(is(c.HostConfig), seen) }
	}
	return []rule{
		{"user", "4.1", "medium", "give the image a USER, or the container a user", func(c container.InspectResponse) []string {
			name, _, _ := strings.Cut(c.Config.User, ":")
			return when(name == "" || name == "root" || name == "0", "it runs as root")
		}},
		{"capabilities", "5.4", "high", "drop all capabilities, and add those that it needs", func(c container.InspectResponse) []string {
			return when(len(risky(c)) > 0, "it has "+strings.Join(risky(c), ", "))
		}},
		{"privileged", "5.5", "critical", "make it anew without --privileged", host(func(h *container.HostConfig) bool { return h.Privileged }, "it may do what root may on the host")},
		{"host_folders", "5.6", "high", "mount only what it needs, and read-only", hostFolders},
		{"low_ports", "5.8", "low", "publish it at a port from 1024 on", lowPorts},
		{"host_network", "5.10", "high", "give it a network of its own", host(func(h *container.HostConfig) bool { return h.NetworkMode.IsHost() }, "it has the network of the host")},
		{"memory", "5.11", "medium", "give it a limit of memory: docker.update_limits", host(func(h *container.HostConfig) bool { return h.Memory <= 0 }, "it has no limit of memory")},
		{"cpus", "5.12", "low", "give it a limit or a weight of processors: docker.update_limits", host(func(h *container.HostConfig) bool {
			return h.NanoCPUs == 0 && h.CPUQuota <= 0 && h.CPUShares == 0
		}, "it has no limit and no weight of processors")},
		{"read_only", "5.13", "low", "make it anew with --read-only, and volumes for what it writes", host(func(h *container.HostConfig) bool { return !h.ReadonlyRootfs }, "its files can be written to")},
		{"open_ports", "5.14", "medium", "publish it at one address of the host, as 127.0.0.1", openPorts},
		{"host_pid", "5.16", "high", "make it anew without --pid host", host(func(h *container.HostConfig) bool { return h.PidMode.IsHost() }, "it sees the processes of the host")},
		{"host_ipc", "5.17", "high", "make it anew without --ipc host", host(func(h *container.HostConfig) bool { return h.IpcMode.IsHost() }, "it shares memory with the host")},
		{"devices", "5.18", "high", "give it no device that it does not need", func(c container.InspectResponse) []string {
			var seen []string
			for _, d := range c.HostConfig.Devices {
				seen = append(seen, "it has the device "+d.PathOnHost)
			}
			return seen
		}},
		{"propagation", "5.20", "medium", "mount it with rprivate", func(c container.InspectResponse) []string {
			var seen []string
			for _, m := range c.Mounts {
				seen = append(seen, when(strings.HasSuffix(string(m.Propagation), "shared"), "what it mounts below "+m.Destination+" is mounted on the host")...)
			}
			return seen
		}},
		{"host_uts", "5.21", "medium", "make it anew without --uts host", host(func(h *container.HostConfig) bool { return h.UTSMode.IsHost() }, "it may rename the host")},
		{"seccomp", "5.22", "high", "make it anew without seccomp=unconfined", host(func(h *container.HostConfig) bool {
			return slices.Contains(h.SecurityOpt, "seccomp=unconfined") || slices.Contains(h.SecurityOpt, "seccomp:unconfined")
		}, "any call of the kernel is open to it")},
		{"new_privileges", "5.26", "low", "make it anew with --security-opt no-new-privileges", host(func(h *container.HostConfig) bool {
			return !slices.ContainsFunc(h.SecurityOpt, func(o string) bool {
				return o == "no-new-privileges" || strings.HasSuffix(o, "no-new-privileges:true") || strings.HasSuffix(o, "no-new-privileges=true")
			})
		}, "its programs may gain rights, as by setuid")},
		{"health_check", "5.27", "low", "declare a HEALTHCHECK in its image", func(c container.InspectResponse) []string {
			h := c.Config.Healthcheck
			return when(h == nil || len(h.Test) == 0 || h.Test[0] == "NONE", "it has no health check")
		}},
		{"pids", "5.29", "low", "make it anew with --pids-limit", host(func(h *container.HostConfig) bool { return h.PidsLimit == nil || *h.PidsLimit <= 0 }, "it may start any number of processes")},
		{"host_users", "5.31", "medium", "make it anew without --userns host", host(func(h *container.HostConfig) bool { return h.UsernsMode.IsHost() }, "its users are those of the host")},
		{"docker_socket", "5.32", "critical", "take the socket away, or put a proxy that only reads before it", func(c container.InspectResponse) []string {
			var seen []string
			for _, m := range c.Mounts {
				seen = append(seen, when(strings.HasSuffix(m.Source, "docker.sock"), "it has the engine's socket at "+m.Destination+", which is root on the host")...)
			}
			return seen
		}},
	}
}

func when(is bool, seen string) []string {
	if !is {
		return nil
	}
	return []string{seen}
}

// risky are the capabilities beyond Docker's own that lead out of a container.
func risky(c container.InspectResponse) []string {
	var all []string
	for _, name := range c.HostConfig.CapAdd {
		name = strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		if slices.Contains([]string{"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "NET_ADMIN", "BPF", "SYS_BOOT", "SYS_TIME"}, name) {
			all = append(all, name)
		}
	}
	return all
}

// hostFolders are those that the benchmark calls sensitive, where they can be written to.
func hostFolders(c container.InspectResponse) []string {
	var seen []string
	for _, m := range c.Mounts {
		sensitive := slices.ContainsFunc([]string{"/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr"}, func(folder string) bool {
			return m.Source == folder || strings.HasPrefix(m.Source, folder+"/")
		})
		if m.Type == "bind" && m.RW && (sensitive || m.Source == "/") {
			seen = append(seen, fmt.Sprintf("it may write to %s of the host, at %s", m.Source, m.Destination))
		}
	}
	return seen
}

func lowPorts(c container.InspectResponse) []string {
	var seen []string
	for port, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			var n int
			if _, err := fmt.Sscan(b.HostPort, &n); err == nil && n > 0 && n < 1024 {
				seen = append(seen, fmt.Sprintf("%s is published at port %d of the host", port, n))
			}
		}
	}
	slices.Sort(seen)
	return slices.Compact(seen)
}

func openPorts(c container.InspectResponse) []string {
	var seen []string
	for port, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			if !b.HostIP.IsValid() || b.HostIP.IsUnspecified() {
				seen = append(seen, fmt.Sprintf("%s is published at every address of the host", port))
			}
		}
	}
	slices.Sort(seen)
	return slices.Compact(seen)
}
