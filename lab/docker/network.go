package docker

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/moby/moby/api/types/network"

	"runbook/lab/model"
)

// projectNetwork is the network of the Compose project.
const projectNetwork = model.Project + "_default"

// driver is a network of the engine: its name and driver.
type driver struct{ name, driver string }

func drivers() []driver {
	return []driver{{"bridge", "bridge"}, {"host", "host"}, {projectNetwork, "bridge"}, {"none", "null"}}
}

// networkOf is the network that c is on; empty for none.
func networkOf(c *model.Container) string {
	switch {
	case c.HostNet:
		return "host"
	case c.Aliases != nil:
		return projectNetwork
	}
	return ""
}

// networkMode is what a container was made with.
func networkMode(c *model.Container) string {
	if c.HostNet {
		return "host"
	}
	return projectNetwork
}

// endpoints are the networks of c. One that does not run has no address.
func endpoints(w *model.World, c *model.Container) map[string]*network.EndpointSettings {
	name := networkOf(c)
	if name == "" {
		return map[string]*network.EndpointSettings{}
	}
	e := &network.EndpointSettings{NetworkID: w.ID("network " + name), Aliases: append([]string{}, c.Aliases...)}
	if name == "host" {
		e.Aliases = nil
	}
	if c.Running() {
		e.EndpointID = w.ID(c.ID + " endpoint")
		if name == projectNetwork {
			e.IPAddress, e.Gateway, e.IPPrefixLen = address(c), gateway(), 16
		}
	}
	return map[string]*network.EndpointSettings{name: e}
}

func gateway() netip.Addr { return netip.AddrFrom4([4]byte{172, 18, 0, 1}) }

func subnet() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 18, 0, 0}), 16) }

// address is the address of c on the network, which follows from its ID.
func address(c *model.Container) netip.Addr {
	n := hostPID(c, 0)
	return netip.AddrFrom4([4]byte{172, 18, byte(1 + n/250%250), byte(2 + n%250)})
}

func described(w *model.World, d driver, whole bool) network.Inspect {
	n := network.Inspect{Network: network.Network{
		Name: d.name, ID: w.ID("network " + d.name), Created: w.Began().Add(-36 * time.Hour).UTC(), Scope: "local", Driver: d.driver, EnableIPv4: true,
		IPAM: network.IPAM{Driver: "default", Config: []network.IPAMConfig{}}, Options: map[string]string{}, Labels: map[string]string{},
	}, Containers: map[string]network.EndpointResource{}}
	if d.name == projectNetwork {
		n.IPAM.Config = []network.IPAMConfig{{Subnet: subnet(), Gateway: gateway()}}
		n.Labels = map[string]string{"com.docker.compose.network": "default", "com.docker.compose.project": model.Project}
	}
	for _, c := range w.Containers {
		if whole && c.Running() && networkOf(c) == d.name {
			e := endpoints(w, c)[d.name]
			resource := network.EndpointResource{Name: c.Name, EndpointID: e.EndpointID}
			if e.IPAddress.IsValid() {
				resource.IPv4Address = netip.PrefixFrom(e.IPAddress, e.IPPrefixLen)
			}
			n.Containers[c.ID] = resource
		}
	}
	return n
}

func networks(w *model.World, r *http.Request) (any, error) {
	wanted, err := readFilters(r, "name", "id", "driver", "label", "scope", "type", "dangling")
	if err != nil {
		return nil, err
	}
	list := []network.Inspect{}
	for _, d := range drivers() {
		n := described(w, d, false)
		custom := "builtin"
		if d.name == projectNetwork {
			custom = "custom"
		}
		if wanted.matches("name", n.Name) && wanted.matches("id", n.ID) && wanted.labels(n.Labels) &&
			wanted.any("driver", func(v string) bool { return v == d.driver }) &&
			wanted.any("scope", func(v string) bool { return v == n.Scope }) && wanted.any("type", func(v string) bool { return v == custom }) {
			list = append(list, n)
		}
	}
	return list, nil
}

// findNetwork finds a network by its name or ID.
func findNetwork(w *model.World, reference string) (driver, error) {
	for _, d := range drivers() {
		if id := w.ID("network " + d.name); d.name == reference || len(reference) >= 4 && strings.HasPrefix(id, reference) {
			return d, nil
		}
	}
	return driver{}, failure{http.StatusNotFound, "network " + reference + " not found"}
}

func networkDetails(w *model.World, r *http.Request) (any, error) {
	d, err := findNetwork(w, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return described(w, d, true), nil
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request) error {
	var body network.ConnectRequest
	return s.attachment(w, r, &body, func(world *model.World, c *model.Container) error {
		if c.HostNet {
			return failure{http.StatusForbidden, "container sharing network namespace with another container or host cannot be connected to any other network"}
		}
		if c.Aliases != nil {
			return failure{http.StatusForbidden, "endpoint with name " + c.Name + " already exists in network " + projectNetwork}
		}
		c.Aliases = []string{shortID(c.ID)}
		if body.EndpointConfig != nil {
			c.Aliases = append(c.Aliases, body.EndpointConfig.Aliases...)
		}
		noteNetwork(world, c, "connect")
		return nil
	}, &body.Container)
}

func (s *Server) disconnect(w http.ResponseWriter, r *http.Request) error {
	var body network.DisconnectRequest
	return s.attachment(w, r, &body, func(world *model.World, c *model.Container) error {
		if c.Aliases == nil || c.HostNet {
			return failure{http.StatusForbidden, "container " + c.ID + " is not connected to network " + projectNetwork}
		}
		c.Aliases = nil
		noteNetwork(world, c, "disconnect")
		return nil
	}, &body.Container)
}

// attachment connects a container to a network, or takes it off.
func (s *Server) attachment(w http.ResponseWriter, r *http.Request, body any, do func(*model.World, *model.Container) error, reference *string) error {
	if err := decode(r, body); err != nil {
		return err
	}
	if err := s.visit(s.model.Change, *reference, func(world *model.World, c *model.Container) error {
		d, err := findNetwork(world, r.PathValue("id"))
		if err != nil {
			return err
		}
		if d.name != projectNetwork {
			return failure{http.StatusForbidden, "container cannot be connected to " + d.name + " or disconnected from it"}
		}
		return do(world, c)
	}); err != nil {
		return err
	}
	if err := s.insist(r, 60*time.Millisecond); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func noteNetwork(w *model.World, c *model.Container, action string) {
	w.Record("network", action, w.ID("network "+projectNetwork), map[string]string{"container": c.ID, "name": projectNetwork, "type": "bridge"})
}

// pruneNetworks removes none: the lab has no network that nothing uses.
func pruneNetworks(*model.World, *http.Request) (any, error) {
	return map[string]any{"NetworksDeleted": nil}, nil
}
