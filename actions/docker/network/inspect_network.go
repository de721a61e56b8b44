package network

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
)

// one are the parameters of an action on one network.
type one struct {
	Network string `yaml:"network" doc:"Name of a network, its id, or the beginning of it."`
}

// Brief returns the network.
func (p one) Brief() string { return p.Network }

type member struct {
	ID   string `yaml:"id" doc:"Of the container."`
	Name string `yaml:"name" doc:"Of the container."`
	IPv4 string `yaml:"ipv4" doc:"Its address there, as 172.18.0.4/16; empty for none."`
	IPv6 string `yaml:"ipv6" doc:"The same; empty for none."`
}

type inspectOutputs struct {
	described
	Gateways       []string `yaml:"gateways" doc:"Addresses of the host on it."`
	Containers     []member `yaml:"containers" doc:"The containers on it that run, by name."`
	ContainerCount int      `yaml:"container_count" doc:"How many."`
}

func (o inspectOutputs) Summary() string {
	return fmt.Sprintf("network %s (%s), %d containers", o.Name, o.Driver, o.ContainerCount)
}

// Inspect reads one network.
var Inspect = action.New(action.Spec[one, inspectOutputs]{
	Name:    "docker.inspect_network",
	Summary: "Reads the addresses of one network, and which running containers are on it.",
	Example: "action: docker.inspect_network\nwith: {network: mltb_default}\nverify: ['any(outputs.containers, .name == \"mltb-app-1\")']",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     inspectNetwork,
})

func inspectNetwork(ctx context.Context, call action.Call, p one) (inspectOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return inspectOutputs{}, err
	}
	n, err := find(ctx, e, p.Network)
	if err != nil {
		return inspectOutputs{}, err
	}
	o := inspectOutputs{described: describe(n.Network), Gateways: []string{}, Containers: []member{}, ContainerCount: len(n.Containers)}
	for _, c := range n.IPAM.Config {
		if c.Gateway.IsValid() {
			o.Gateways = append(o.Gateways, c.Gateway.String())
		}
	}
	for id, c := range n.Containers {
		m := member{ID: id, Name: c.Name}
		if c.IPv4Address.IsValid() {
			m.IPv4 = c.IPv4Address.String()
		}
		if c.IPv6Address.IsValid() {
			m.IPv6 = c.IPv6Address.String()
		}
		o.Containers = append(o.Containers, m)
	}
	slices.SortFunc(o.Containers, func(a, b member) int { return cmp.Compare(a.Name, b.Name) })
	return o, nil
}

// find reads the one network that a reference names.
func find(ctx context.Context, e *docker.Engine, reference string) (*network.Inspect, error) {
	if reference == "" || strings.ContainsAny(reference, "/?#% \t\n") {
		return nil, e.WrongParam("network", fmt.Sprintf("%q is no name of a network", reference))
	}
	all, err := list(ctx, e, nil)
	if err != nil {
		return nil, err
	}
	var known, ids []string
	for _, is := range []func(network.Network) bool{
		func(n network.Network) bool { return n.ID == reference },
		func(n network.Network) bool { return n.Name == reference },
		func(n network.Network) bool { return strings.HasPrefix(n.ID, reference) },
	} {
		for _, n := range all {
			if is(n.Network) {
				ids = append(ids, n.ID)
			}
		}
		if len(ids) > 0 {
			break
		}
	}
	if len(ids) > 1 {
		return nil, e.WrongParam("network", fmt.Sprintf("%s names %d networks", reference, len(ids)), "give the id of one of them: "+e.Command("network ls"))
	}
	for _, n := range all {
		known = append(known, n.Name)
	}
	if len(ids) == 0 {
		return nil, e.NoSuch("network", reference, known, "network ls")
	}
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.NetworkInspectResult, error) {
		return e.API.NetworkInspect(ctx, ids[0], client.NetworkInspectOptions{})
	})
	return &r.Network, err
}
