package docker

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	spec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

// recipe is what another container like one is made of.
type recipe struct {
	config   *container.Config
	host     *container.HostConfig
	networks map[string]*network.EndpointSettings
	first    string // the network that it is made on; the others are connected before it starts
}

// recipeOf is the recipe of a container with another image. What the container has from its
// image, whose configuration was is, it gets anew from the other one. Volumes without a name
// in the recipe are named, so that what is in them stays with it.
func recipeOf(c *Container, was *spec.DockerOCIImageConfig, image string) recipe {
	config, host := *c.is.Config, *c.is.HostConfig
	config.Image = image
	if config.Hostname == ShortID(c.id) {
		config.Hostname = ""
	}
	if was != nil {
		withoutImage(&config, was)
	}
	host.Binds = append(slices.Clone(host.Binds), unnamed(c)...)
	r := recipe{config: &config, host: &host, networks: map[string]*network.EndpointSettings{}}
	if mode := host.NetworkMode; mode.IsContainer() || mode.IsHost() {
		config.Hostname, config.Domainname, config.ExposedPorts = "", "", nil
		return r
	}
	if c.is.NetworkSettings == nil {
		return r
	}
	for name, at := range c.is.NetworkSettings.Networks {
		e := &network.EndpointSettings{IPAMConfig: at.IPAMConfig.Copy(), Links: at.Links, DriverOpts: at.DriverOpts, GwPriority: at.GwPriority}
		e.Aliases = slices.DeleteFunc(slices.Clone(at.Aliases), func(alias string) bool { return alias == ShortID(c.id) })
		r.networks[name] = e
	}
	r.first = host.NetworkMode.NetworkName()
	if r.first == "default" {
		r.first = "bridge"
	}
	if _, on := r.networks[r.first]; !on && len(r.networks) > 0 {
		r.first = slices.Min(slices.Collect(maps.Keys(r.networks)))
		host.NetworkMode = container.NetworkMode(r.first)
	}
	return r
}

// withoutImage takes away what a container has from its image.
func withoutImage(c *container.Config, was *spec.DockerOCIImageConfig) {
	if slices.Equal(c.Entrypoint, was.Entrypoint) {
		c.Entrypoint = nil
		if slices.Equal(c.Cmd, was.Cmd) {
			c.Cmd = nil
		}
	}
	c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(v string) bool { return slices.Contains(was.Env, v) })
	c.Labels = maps.Clone(c.Labels)
	maps.DeleteFunc(c.Labels, func(key, value string) bool { is, has := was.Labels[key]; return has && is == value })
	c.Volumes = maps.Clone(c.Volumes)
	maps.DeleteFunc(c.Volumes, func(path string, _ struct{}) bool { _, has := was.Volumes[path]; return has })
	c.ExposedPorts = maps.Clone(c.ExposedPorts)
	maps.DeleteFunc(c.ExposedPorts, func(port network.Port, _ struct{}) bool { _, has := was.ExposedPorts[port.String()]; return has })
	if c.User == was.User {
		c.User = ""
	}
	if c.WorkingDir == was.WorkingDir {
		c.WorkingDir = ""
	}
	if c.StopSignal == was.StopSignal {
		c.StopSignal = ""
	}
	if reflect.DeepEqual(c.Healthcheck, was.Healthcheck) {
		c.Healthcheck = nil
	}
	if slices.Equal(c.Shell, was.Shell) {
		c.Shell = nil
	}
}

// unnamed are the volumes of a container that its creation did not name, as bindings.
func unnamed(c *Container) []string {
	var binds []string
	for _, m := range c.is.Mounts {
		named := slices.ContainsFunc(c.is.HostConfig.Binds, func(b string) bool {
			parts := strings.Split(b, ":")
			return len(parts) > 1 && parts[1] == m.Destination
		}) || slices.ContainsFunc(c.is.HostConfig.Mounts, func(o mount.Mount) bool { return o.Target == m.Destination })
		if m.Type == mount.TypeVolume && m.Name != "" && !named {
			binds = append(binds, m.Name+":"+m.Destination)
		}
	}
	return binds
}

// options is the request that makes the container, on its first network.
func (r recipe) options(name string) client.ContainerCreateOptions {
	o := client.ContainerCreateOptions{Name: name, Config: r.config, HostConfig: r.host}
	if at := r.networks[r.first]; at != nil {
		o.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{r.first: at}}
	}
	return o
}

// others are the networks that are connected after it was made, sorted.
func (r recipe) others() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.networks)), func(name string) bool { return name == r.first })
}

// trial is the recipe of one that is tried beside the container: it takes no port and no
// address of it, answers to none of its names, and is none of its Compose project.
func (r recipe) trial() recipe {
	config, host := *r.config, *r.host
	config.Hostname, config.Labels = "", maps.Clone(config.Labels)
	maps.DeleteFunc(config.Labels, func(key, _ string) bool { return strings.HasPrefix(key, "com.docker.compose.") })
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[trialLabel] = "true"
	host.PortBindings, host.PublishAllPorts = nil, false
	host.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyDisabled}
	t := recipe{config: &config, host: &host, networks: map[string]*network.EndpointSettings{}, first: r.first}
	for name, at := range r.networks {
		t.networks[name] = &network.EndpointSettings{Links: at.Links, DriverOpts: at.DriverOpts}
	}
	return t
}

// canTry reports whether a second container can run beside the one: that both wrote to the
// same files would harm them, and two cannot have the ports of a host.
func (r recipe) canTry(c *Container) (why string, can bool) {
	for _, m := range c.is.Mounts {
		if m.RW && m.Type != mount.TypeTmpfs {
			return "it writes to " + cmp.Or(m.Name, m.Source), false
		}
	}
	if r.host.NetworkMode.IsHost() {
		return "it has the network of the host", false
	}
	return "", true
}

// differences are what a container of the recipe has of another image than the one that
// it is to replace, as text; values of variables are not told.
func (r recipe) differences(c *Container, next *spec.DockerOCIImageConfig) []action.Change {
	var changes []action.Change
	add := func(name, before, after string) {
		if before != after {
			changes = append(changes, action.Change{Name: name, Before: cmp.Or(before, "none"), After: cmp.Or(after, "none")})
		}
	}
	if next == nil {
		next = &spec.DockerOCIImageConfig{}
	}
	was, own := c.is.Config, r.config
	entrypoint, cmd := own.Entrypoint, own.Cmd
	if len(entrypoint) == 0 {
		entrypoint = next.Entrypoint
		if len(cmd) == 0 {
			cmd = next.Cmd
		}
	}
	add("entrypoint", commandLine(was.Entrypoint), commandLine(entrypoint))
	add("command", commandLine(was.Cmd), commandLine(cmd))
	add("user", was.User, cmp.Or(own.User, next.User))
	add("workdir", was.WorkingDir, cmp.Or(own.WorkingDir, next.WorkingDir))
	add("health check", checkText(was.Healthcheck), checkText(cmp.Or(own.Healthcheck, next.Healthcheck)))
	before, after := namesAndValues(was.Env), namesAndValues(append(slices.Clone(next.Env), own.Env...))
	var changed []string
	for name, value := range after {
		if is, has := before[name]; has && is != value {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	add("variables", strings.Join(slices.Sorted(maps.Keys(before)), " "), strings.Join(slices.Sorted(maps.Keys(after)), " "))
	add("values of variables", "", strings.Join(changed, " "))
	return changes
}

func checkText(h *container.HealthConfig) string {
	if h == nil || len(h.Test) == 0 || h.Test[0] == "NONE" {
		return ""
	}
	return commandLine(h.Test[1:])
}

func namesAndValues(env []string) map[string]string {
	all := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		all[name] = value
	}
	return all
}
