package docker

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/model"
)

// create makes a container of an image that is there, as docker run and Compose
// do before they start it.
func (s *Server) create(w http.ResponseWriter, r *http.Request) error {
	body := container.CreateRequest{Config: &container.Config{}, HostConfig: &container.HostConfig{}}
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Config == nil || body.Config.Image == "" {
		return failure{http.StatusBadRequest, "Config cannot be empty in order to create a container"}
	}
	if body.HostConfig == nil {
		body.HostConfig = &container.HostConfig{}
	}
	if err := checkResources(body.HostConfig.Resources); err != nil {
		return err
	}
	if err := checkPolicy(string(body.HostConfig.RestartPolicy.Name)); err != nil {
		return err
	}
	var c *model.Container
	var err error
	s.model.Change(func(world *model.World) { c, err = s.made(world, r.FormValue("name"), body) })
	if err != nil {
		return err
	}
	if err := s.insist(r, 80*time.Millisecond); err != nil {
		return err
	}
	reply(w, http.StatusCreated, map[string]any{"Id": c.ID, "Warnings": []string{}})
	return nil
}

// made puts a container in that is to be as body says.
func (s *Server) made(w *model.World, name string, body container.CreateRequest) (*model.Container, error) {
	image := findImage(w, body.Config.Image)
	if image == nil {
		return nil, failure{http.StatusNotFound, "No such image: " + tagged(body.Config.Image)}
	}
	name = strings.TrimPrefix(name, "/")
	if name == "" {
		name = "gallant_" + w.NewID("name" + strconv.Itoa(len(w.Events)))[:8]
	}
	if err := free(w, name); err != nil {
		return nil, err
	}
	h := body.HostConfig
	c := &model.Container{
		ID: w.NewID("container " + name), Name: name, Image: image, Labels: body.Config.Labels, Number: 1,
		Env: append([]string{"PATH=/usr/bin:/bin"}, body.Config.Env...), Restart: string(h.RestartPolicy.Name),
		Privileged: h.Privileged, HostNet: h.NetworkMode == "host", HostPID: h.PidMode == "host", ReadOnly: h.ReadonlyRootfs,
		MemoryLimit: h.Memory, SwapLimit: h.MemorySwap, CPULimit: float64(h.NanoCPUs) / 1e9,
		Ports: published(w, body), Mounts: mounted(h), Aliases: []string{name}, Made: &model.Made{Remove: h.AutoRemove, TTY: body.Config.Tty},
	}
	if c.Restart == "" {
		c.Restart = "no"
	}
	if h.Memory > 0 && h.MemorySwap == 0 {
		c.SwapLimit = 2 * h.Memory
	}
	if h.CPUQuota > 0 {
		limitByQuota(c, h.CPUPeriod, h.CPUQuota)
	}
	c.Command = command(w, image, body.Config)
	s.join(w, c, body)
	c.Processes = []model.Process{{PID: 1, User: user(c, body.Config), Command: strings.Join(c.Command, " ")}}
	w.Add(c)
	return c, nil
}

// join makes c a replica of its service where its labels say so.
func (s *Server) join(w *model.World, c *model.Container, body container.CreateRequest) {
	once := strings.EqualFold(c.Labels["com.docker.compose.oneoff"], "true")
	if c.Labels["com.docker.compose.project"] == model.Project && !once {
		c.Service = c.Labels["com.docker.compose.service"]
		c.Aliases = []string{c.Service, c.Name}
		if n, err := strconv.Atoi(c.Labels["com.docker.compose.container-number"]); err == nil {
			c.Number = n
		}
	}
	if body.NetworkingConfig != nil {
		for _, e := range body.NetworkingConfig.EndpointsConfig {
			if e != nil {
				c.Aliases = append(c.Aliases, e.Aliases...)
			}
		}
		slices.Sort(c.Aliases)
		c.Aliases = slices.Compact(c.Aliases)
	}
	if mode := body.HostConfig.NetworkMode; mode == "none" || mode == "host" {
		c.Aliases = nil
	}
	test := body.Config.Healthcheck
	if c.Service != "" && test == nil || test != nil && len(test.Test) > 0 && test.Test[0] != "NONE" {
		c.Health = &model.Health{Status: "starting", Interval: 5 * time.Second}
		if test != nil && test.Interval > 0 {
			c.Health.Interval = test.Interval
		}
	}
}

// command is what a container runs: what was asked for, or what the image does.
func command(w *model.World, image *model.Image, config *container.Config) []string {
	if all := append(slices.Clone(config.Entrypoint), config.Cmd...); len(all) > 0 {
		return all
	}
	return defaultCommand(w, image)
}

// defaultCommand is that of the containers of the image.
func defaultCommand(w *model.World, image *model.Image) []string {
	repository, _, _ := strings.Cut(image.Name(), ":")
	for _, c := range w.Containers {
		if of, _, _ := strings.Cut(c.Image.Name(), ":"); of == repository && c.Service != "" {
			return c.Command
		}
	}
	return []string{"/" + repository[strings.LastIndexByte(repository, '/')+1:]}
}

func user(c *model.Container, config *container.Config) string {
	switch {
	case config.User != "":
		return config.User
	case c.Service != "":
		return c.Service
	}
	return "root"
}

// published are the ports of a container; one without a number of the host gets
// a free one.
func published(w *model.World, body container.CreateRequest) []model.Port {
	var all []model.Port
	for port := range body.Config.ExposedPorts {
		if _, bound := body.HostConfig.PortBindings[port]; !bound {
			all = append(all, model.Port{Private: port.Num()})
		}
	}
	next := uint16(32768)
	for _, c := range w.Containers {
		for _, p := range c.Ports {
			next = max(next, p.Public+1)
		}
	}
	for port, bindings := range body.HostConfig.PortBindings {
		for _, b := range bindings {
			n, _ := strconv.ParseUint(b.HostPort, 10, 16)
			p := model.Port{Private: port.Num(), Public: uint16(n), Host: "0.0.0.0"}
			if n == 0 {
				p.Public = next
				next++
			}
			if b.HostIP.IsValid() {
				p.Host = b.HostIP.String()
			}
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b model.Port) int { return int(a.Private) - int(b.Private) })
	return all
}

func mounted(h *container.HostConfig) []model.Mount {
	var all []model.Mount
	for _, bind := range h.Binds {
		parts := strings.Split(bind, ":")
		if len(parts) < 2 {
			continue
		}
		all = append(all, mountOf(parts[0], parts[1], len(parts) > 2 && strings.Contains(parts[2], "ro")))
	}
	for _, m := range h.Mounts {
		all = append(all, mountOf(m.Source, m.Target, m.ReadOnly))
	}
	return all
}

func mountOf(source, target string, readOnly bool) model.Mount {
	if strings.HasPrefix(source, "/") {
		return model.Mount{Type: "bind", Source: source, Target: target, ReadOnly: readOnly}
	}
	return model.Mount{Type: "volume", Name: source, Source: fmt.Sprintf("/var/lib/docker/volumes/%s/_data", source), Target: target, ReadOnly: readOnly}
}
