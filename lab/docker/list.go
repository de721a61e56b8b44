package docker

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"runbook/lab/model"
)

// list answers docker ps.
func (s *Server) list(w http.ResponseWriter, r *http.Request) error {
	wanted, err := readFilters(r, containerFilters()...)
	if err != nil {
		return err
	}
	if err := wanted.check(); err != nil {
		return err
	}
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	all := flag(r, "all") || limit > 0 || len(wanted["status"])+len(wanted["exited"]) > 0
	rows := []container.Summary{}
	s.model.Look(func(world *model.World) {
		for _, c := range selected(world, wanted) {
			if (all || c.Running()) && (limit <= 0 || len(rows) < limit) {
				rows = append(rows, summary(world, c, flag(r, "size")))
			}
		}
	})
	if err := s.take(r, time.Millisecond*time.Duration(2+len(rows))); err != nil {
		return err
	}
	reply(w, http.StatusOK, rows)
	return nil
}

// selected are the containers that are wanted, the newest first as in Docker.
func selected(w *model.World, wanted filters) []*model.Container {
	list := slices.DeleteFunc(slices.Clone(w.Containers), func(c *model.Container) bool { return !wanted.take(c) })
	slices.SortStableFunc(list, func(a, b *model.Container) int { return b.Created.Compare(a.Created) })
	return list
}

func summary(w *model.World, c *model.Container, size bool) container.Summary {
	o := container.Summary{
		ID: c.ID, Names: []string{"/" + c.Name}, Image: c.Image.Name(), ImageID: c.Image.ID,
		Command: strings.Join(c.Command, " "), Created: c.Created.Unix(), Ports: ports(c), Labels: labels(c),
		State: container.ContainerState(c.State), Status: status(c, w.Now), Mounts: mounts(c),
		NetworkSettings: &container.NetworkSettingsSummary{Networks: endpoints(w, c)},
	}
	o.HostConfig.NetworkMode = networkMode(c)
	if size {
		o.SizeRw, o.SizeRootFs = int64(c.Written), c.Image.Size+int64(c.Written)
	}
	return o
}

// labels are never null.
func labels(c *model.Container) map[string]string {
	if c.Labels == nil {
		return map[string]string{}
	}
	return c.Labels
}

func ports(c *model.Container) []container.PortSummary {
	all := []container.PortSummary{}
	for _, p := range c.Ports {
		o := container.PortSummary{PrivatePort: p.Private, Type: "tcp"}
		if p.Public != 0 && c.Running() {
			o.PublicPort, o.IP = p.Public, hostAddress(p)
		}
		all = append(all, o)
	}
	return all
}

// hostAddress is where a port is published.
func hostAddress(p model.Port) netip.Addr {
	if a, err := netip.ParseAddr(p.Host); err == nil {
		return a
	}
	return netip.IPv4Unspecified()
}

// portMap are the ports as HostConfig and NetworkSettings have them.
func portMap(c *model.Container) network.PortMap {
	all := network.PortMap{}
	for _, p := range c.Ports {
		port, ok := network.PortFrom(p.Private, network.TCP)
		if !ok {
			continue
		}
		all[port] = nil
		if p.Public != 0 {
			all[port] = []network.PortBinding{{HostIP: hostAddress(p), HostPort: strconv.Itoa(int(p.Public))}}
		}
	}
	return all
}

func mounts(c *model.Container) []container.MountPoint {
	all := []container.MountPoint{}
	for _, m := range c.Mounts {
		o := container.MountPoint{Type: mount.Type(m.Type), Name: m.Name, Source: m.Source, Destination: m.Target, RW: !m.ReadOnly}
		if m.Type == "volume" {
			o.Driver, o.Mode = "local", "rw"
		} else {
			o.Propagation = mount.PropagationRPrivate
		}
		all = append(all, o)
	}
	return all
}
