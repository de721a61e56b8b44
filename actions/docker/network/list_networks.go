package network

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listParams struct {
	Name    string            `yaml:"name,omitempty" doc:"Only the networks whose name holds this."`
	Project string            `yaml:"project,omitempty" doc:"Only networks of this Compose project."`
	Labels  map[string]string `yaml:"labels,omitempty" doc:"Only networks with all these labels; an empty value takes any."`
	Unused  bool              `yaml:"unused" default:"false" doc:"Only networks that no container is on, those of Docker itself aside."`
}

func (p listParams) Brief() string { return p.Name }

type described struct {
	ID        string            `yaml:"id" doc:"The whole id."`
	Name      string            `yaml:"name" doc:"Names are not unique in Docker."`
	Driver    string            `yaml:"driver" doc:"As bridge, overlay, host, null."`
	Scope     string            `yaml:"scope" doc:"local or swarm."`
	Subnets   []string          `yaml:"subnets" doc:"As 172.18.0.0/16."`
	Internal  bool              `yaml:"internal" doc:"It has no way outside."`
	CreatedAt *time.Time        `yaml:"created_at" doc:"nil where the engine does not say."`
	Labels    map[string]string `yaml:"labels" doc:"Its labels."`
}

type listOutputs struct {
	Networks []described `yaml:"networks" doc:"By name."`
	Count    int         `yaml:"count" doc:"How many."`
}

func (o listOutputs) Summary() string { return schema.HumanCount(int64(o.Count)) + " networks" }

// List lists networks. No match is no error.
var List = action.New(action.Spec[listParams, listOutputs]{
	Name:    "docker.list_networks",
	Summary: "Lists the networks of an engine.",
	Example: "action: docker.list_networks\nwith: {unused: true}\nverify: [outputs.count < 10]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     listNetworks,
})

func listNetworks(ctx context.Context, call action.Call, p listParams) (listOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return listOutputs{}, err
	}
	filters := docker.Having(p.Name, p.Project, p.Labels)
	all, err := list(ctx, e, filters)
	if err != nil {
		return listOutputs{}, err
	}
	if p.Unused {
		unused, err := docker.UnusedNetworks(ctx, e)
		if err != nil {
			return listOutputs{}, err
		}
		all = slices.DeleteFunc(all, func(n network.Summary) bool {
			return !slices.ContainsFunc(unused, func(u network.Summary) bool { return u.ID == n.ID })
		})
	}
	o := listOutputs{Networks: []described{}, Count: len(all)}
	for _, n := range all {
		o.Networks = append(o.Networks, describe(n.Network))
	}
	slices.SortFunc(o.Networks, func(a, b described) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return o, nil
}

func list(ctx context.Context, e *docker.Engine, filters client.Filters) ([]network.Summary, error) {
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.NetworkListResult, error) {
		return e.API.NetworkList(ctx, client.NetworkListOptions{Filters: filters})
	})
	return r.Items, err
}

func describe(n network.Network) described {
	d := described{ID: n.ID, Name: n.Name, Driver: n.Driver, Scope: n.Scope, Internal: n.Internal, Subnets: []string{}, Labels: map[string]string{}}
	for _, c := range n.IPAM.Config {
		if c.Subnet.IsValid() {
			d.Subnets = append(d.Subnets, c.Subnet.String())
		}
	}
	for key, value := range n.Labels {
		d.Labels[key] = value
	}
	if n.Created.Year() > 1 {
		at := n.Created.UTC()
		d.CreatedAt = &at
	}
	return d
}
