package network

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
)

// pair are the parameters of an action on a container and a network.
type pair struct {
	one
	Container string `yaml:"container" doc:"Name of a container, its Compose service, or the beginning of its id."`
}

// Brief returns both.
func (p pair) Brief() string { return p.Container + " and " + p.Network }

type connectParams struct {
	pair
	Aliases []string `yaml:"aliases,omitempty" doc:"Names by which others on the network find it, beside its own."`
	IPv4    string   `yaml:"ipv4,omitempty" doc:"A fixed address in the network's subnet; without it the engine chooses."`
}

type attachedOutputs struct {
	Container string `yaml:"container" doc:"Name of the container."`
	Network   string `yaml:"network" doc:"Name of the network."`
	Changed   bool   `yaml:"changed" doc:"false: it was so already."`
	IPv4      string `yaml:"ipv4" doc:"Its address on the network; empty for none."`

	past string
}

func (o attachedOutputs) Summary() string {
	if !o.Changed {
		return "container " + o.Container + " was " + o.past + " network " + o.Network + " already"
	}
	return strings.TrimSpace("container " + o.Container + " " + o.past + " network " + o.Network + " " + o.IPv4)
}

// Nothing reports that all was as it should be.
func (o attachedOutputs) Nothing() bool { return !o.Changed }

// Connect connects a container to a network.
var Connect = action.New(action.Spec[connectParams, attachedOutputs]{
	Name:    "docker.connect_network",
	Summary: "Connects one container to one network.",
	Example: "action: docker.connect_network\nwith: {container: app, network: mltb_default, aliases: [app]}\nundo: {action: docker.disconnect_network, with: {container: app, network: mltb_default}}",
	Target:  docker.Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, p connectParams) (attachedOutputs, error) {
		return p.attach(ctx, call, true, func(ctx context.Context, e *docker.Engine, network, container string) error {
			_, err := e.API.NetworkConnect(ctx, network, client.NetworkConnectOptions{Container: container, EndpointConfig: p.endpoint()})
			return err
		})
	},
	Preview: func(ctx context.Context, call action.Call, p connectParams) (action.Preview, error) {
		if p.IPv4 != "" {
			if _, err := netip.ParseAddr(p.IPv4); err != nil {
				return action.Preview{}, action.ParamError("ipv4", "%q is no address", p.IPv4)
			}
		}
		return p.preview(ctx, call, true)
	},
	Subjects: func(ctx context.Context, call action.Call, p connectParams) ([]action.Subject, error) {
		return p.subjects(ctx, call)
	},
	Settle: func(ctx context.Context, call action.Call, p connectParams, subjects []action.Subject) (action.Applied, *attachedOutputs, error) {
		return p.settle(ctx, call, subjects, true)
	},
	Look: func(call action.Call, p connectParams, _ []action.Subject) string { return p.look(call) },
})

func (p connectParams) endpoint() *network.EndpointSettings {
	e := &network.EndpointSettings{Aliases: p.Aliases}
	if at, err := netip.ParseAddr(p.IPv4); err == nil {
		e.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: at}
	}
	return e
}

// Disconnect takes a container off a network.
var Disconnect = action.New(action.Spec[pair, attachedOutputs]{
	Name:    "docker.disconnect_network",
	Summary: "Takes one container off one network: what it talks to there is cut off, as to isolate it.",
	Example: "action: docker.disconnect_network\nwith: {container: app, network: mltb_default}\nundo: {action: docker.connect_network, with: {container: app, network: mltb_default, aliases: [app]}}",
	Target:  docker.Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, p pair) (attachedOutputs, error) {
		return p.attach(ctx, call, false, func(ctx context.Context, e *docker.Engine, network, container string) error {
			_, err := e.API.NetworkDisconnect(ctx, network, client.NetworkDisconnectOptions{Container: container})
			return err
		})
	},
	Preview: func(ctx context.Context, call action.Call, p pair) (action.Preview, error) {
		return p.preview(ctx, call, false)
	},
	Subjects: func(ctx context.Context, call action.Call, p pair) ([]action.Subject, error) {
		return p.subjects(ctx, call)
	},
	Settle: func(ctx context.Context, call action.Call, p pair, subjects []action.Subject) (action.Applied, *attachedOutputs, error) {
		return p.settle(ctx, call, subjects, false)
	},
	Look: func(call action.Call, p pair, _ []action.Subject) string { return p.look(call) },
})

func (p pair) look(call action.Call) string {
	return docker.Looking(call, "network inspect "+action.Quote(p.Network))
}

// found are a network and a container, and how it is on it; nil where it is not.
type found struct {
	*docker.Engine
	network   *network.Inspect
	container *docker.Container
	at        *network.EndpointSettings
}

func (p pair) find(ctx context.Context, call action.Call) (*found, error) {
	e, err := docker.Open(call)
	if err != nil {
		return nil, err
	}
	f := &found{Engine: e}
	if f.container, err = e.Find(ctx, p.Container); err != nil {
		return nil, err
	}
	if f.network, err = find(ctx, e, p.Network); err != nil {
		return nil, err
	}
	if on := f.container.Is().NetworkSettings; on != nil {
		f.at = on.Networks[f.network.Name]
	}
	return f, nil
}

func (f *found) outputs(changed, connects bool) attachedOutputs {
	o := attachedOutputs{Container: f.container.Subject().Name, Network: f.network.Name, Changed: changed, past: "taken off"}
	if connects {
		o.past = "connected to"
	}
	if f.at != nil && f.at.IPAddress.IsValid() {
		o.IPv4 = f.at.IPAddress.String()
	}
	return o
}

func (p pair) attach(ctx context.Context, call action.Call, connects bool, send func(ctx context.Context, e *docker.Engine, network, container string) error) (attachedOutputs, error) {
	f, err := p.find(ctx, call)
	if err != nil {
		return attachedOutputs{}, action.NotApplied(err)
	}
	if (f.at != nil) == connects {
		return f.outputs(false, connects), nil
	}
	try, a := f.Try(ctx)
	if err := send(try, f.Engine, f.network.ID, f.container.Is().ID); err != nil {
		return attachedOutputs{}, f.Failed(a, err, f.container)
	}
	if now, err := p.find(ctx, call); err == nil {
		f = now
	}
	return f.outputs(true, connects), nil
}

func (p pair) preview(ctx context.Context, call action.Call, connects bool) (action.Preview, error) {
	f, err := p.find(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	name := f.container.Subject().Name
	preview := action.Preview{
		Touches: []action.Object{f.container.Object(), {Kind: "network", Name: f.network.Name, ID: docker.ShortID(f.network.ID), Note: f.network.Driver}},
	}
	state := func(on bool) string { return map[bool]string{true: "connected", false: "not connected"}[on] }
	preview.Changes = []action.Change{{Name: name + " on " + f.network.Name, Before: state(f.at != nil), After: state(connects)}}
	if connects {
		preview.Summary = "connect container " + name + " to network " + f.network.Name
		return preview, nil
	}
	preview.Summary = "take container " + name + " off network " + f.network.Name
	if f.at != nil {
		preview.Summary += "; what it talks to there is cut off"
		preview.Interrupts = []string{name}
		if f.at.Aliases != nil {
			aliases := slices.DeleteFunc(slices.Clone(f.at.Aliases), func(alias string) bool { return strings.HasPrefix(f.container.Is().ID, alias) })
			preview.Changes = append(preview.Changes, action.Change{Name: "names there", Before: strings.Join(aliases, ", "), After: "none"})
		}
	}
	return preview, nil
}

func (p pair) subjects(ctx context.Context, call action.Call) ([]action.Subject, error) {
	f, err := p.find(ctx, call)
	if err != nil {
		return nil, err
	}
	version := "off"
	if f.at != nil {
		version = "on"
	}
	return []action.Subject{f.container.Subject(), {Kind: "network", Name: f.network.Name, ID: f.network.ID, Version: version}}, nil
}

func (p pair) settle(ctx context.Context, call action.Call, subjects []action.Subject, connects bool) (action.Applied, *attachedOutputs, error) {
	f, err := p.find(ctx, call)
	if err != nil || len(subjects) != 2 || f.container.Is().ID != subjects[0].ID || f.network.ID != subjects[1].ID || (f.at != nil) != connects {
		return action.AppliedLost, nil, err
	}
	o := f.outputs(true, connects)
	return action.AppliedFully, &o, nil
}
