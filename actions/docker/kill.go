package docker

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type killParams struct {
	one
	Signal string `yaml:"signal" default:"KILL" pattern:"^(SIG)?[A-Z][A-Z0-9+-]*$|^[1-9][0-9]?$" doc:"KILL, HUP, USR1 and others, or a number."`
}

// Brief returns container and signal.
func (p killParams) Brief() string { return p.Container + " " + p.Signal }

func (p killParams) name() string { return strings.TrimPrefix(p.Signal, "SIG") }

// ends reports whether a process ends by the signal unless it takes it itself.
func (p killParams) ends() bool {
	return slices.Contains([]string{"KILL", "TERM", "INT", "QUIT", "ABRT", "9", "15", "2", "3", "6"}, p.name())
}

// kills reports whether no process can do anything against it.
func (p killParams) kills() bool { return p.name() == "KILL" || p.name() == "9" }

func (p killParams) change() change {
	return change{
		verb: "kill", past: "sent SIG" + p.name(),
		holds: func(*Container) bool { return false },
		send: func(ctx context.Context, e *Engine, c *Container) error {
			_, err := e.API.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: p.Signal})
			return err
		},
	}
}

// Kill sends a signal to the first process of a container.
var Kill = action.New(action.Spec[killParams, changedOutputs]{
	Name:    "docker.kill",
	Summary: "Sends a signal to the first process of one running container: KILL, or one that it takes, as HUP to read its configuration again.",
	Example: "action: docker.kill\nwith: {container: app, signal: KILL}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [not observed.running]",
	Target:  Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, p killParams) (changedOutputs, error) {
		e, c, err := openAndFind(ctx, call, p.Container)
		if err != nil {
			return changedOutputs{}, action.NotApplied(err)
		}
		if !c.running() {
			return changedOutputs{}, action.NotApplied(e.notRunning(c))
		}
		return p.change().apply(ctx, call, p.Container)
	},
	Preview: func(ctx context.Context, call action.Call, p killParams) (action.Preview, error) {
		after := "what its process does with the signal"
		if p.kills() {
			after = "exited (137), or started again by its restart policy"
		}
		return previewOf(ctx, call, p.Container, func(*Container) string { return "send SIG" + p.name() }, after, p.ends())
	},
	Look:     inspecting[killParams](stateAndStart),
	Subjects: subjectsOf[killParams],
	Settle: func(ctx context.Context, call action.Call, p killParams, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
		_, c, applied, err := lookAgain(ctx, call, subjects)
		if c == nil || !p.kills() || c.running() && c.started.Equal(parseTime(subjects[0].Version)) {
			return applied, nil, err // of what a process does with another signal nothing is seen
		}
		o := p.change().outputs(c, true, 0)
		return action.AppliedFully, &o, nil
	},
})
