package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listEventsParams struct {
	Since     time.Duration `yaml:"since" default:"1h" min:"1s" max:"8760h" doc:"Of this last time. An engine keeps its last 256 events."`
	Container string        `yaml:"container,omitempty" doc:"Only about this container: its name, or its id."`
	Types     []string      `yaml:"types,omitempty" doc:"Only about these: container, image, volume, network, daemon."`
	Actions   []string      `yaml:"actions,omitempty" doc:"Only these: die, oom, kill, restart, health_status and others."`
}

func (p listEventsParams) Brief() string {
	return strings.TrimSpace(p.Container + " last " + schema.HumanDuration(p.Since))
}

type listedEvent struct {
	At       time.Time `yaml:"at" doc:"By the engine's clock."`
	Type     string    `yaml:"type" doc:"As container."`
	Action   string    `yaml:"action" doc:"As die, oom, health_status: unhealthy; of an exec without its command line, which may hold secrets."`
	Name     string    `yaml:"name" doc:"Of what it is about; empty where it has none."`
	ID       string    `yaml:"id" doc:"Of what it is about."`
	Image    string    `yaml:"image" doc:"Of a container; else empty."`
	ExitCode *int      `yaml:"exit_code" doc:"Of a container that died."`
	Signal   *int      `yaml:"signal" doc:"That a container was sent."`
}

// mostEvents bounds what is kept; an engine tells no more than 256.
const mostEvents = 1000

type listEventsOutputs struct {
	Events []listedEvent  `yaml:"events" show:"last" doc:"The oldest first, at most 1000 of the last."`
	Count  int            `yaml:"count" doc:"How many."`
	Counts map[string]int `yaml:"counts" doc:"How many of each action, as die or health_status."`
}

func (o listEventsOutputs) Summary() string {
	text := schema.HumanCount(int64(o.Count)) + " events"
	for _, bad := range []string{"die", "oom"} {
		if n := o.Counts[bad]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, bad)
		}
	}
	return text
}

// ListEvents reads what happened at the engine.
var ListEvents = action.New(action.Spec[listEventsParams, listEventsOutputs]{
	Name:    "docker.list_events",
	Summary: "Lists what happened at an engine in the last time: containers that died, were killed or restarted, and the like.",
	Example: "action: docker.list_events\nwith: {since: 1h, types: [container], actions: [die, oom]}\nverify: [outputs.count == 0]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     listEvents,
})

func listEvents(ctx context.Context, call action.Call, p listEventsParams) (listEventsOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return listEventsOutputs{}, err
	}
	filters := client.Filters{}
	for name, values := range map[string][]string{"type": p.Types, "event": p.Actions} {
		for _, value := range values {
			filters.Add(name, value)
		}
	}
	if p.Container != "" {
		filters.Add("container", p.Container)
	}
	now := call.Clock.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	try, a := e.Try(ctx)
	stream := e.API.Events(try, client.EventsListOptions{Since: stamp(now.Add(-p.Since)), Until: stamp(now), Filters: filters})
	o := listEventsOutputs{Events: []listedEvent{}, Counts: map[string]int{}}
	for {
		select {
		case m := <-stream.Messages:
			o.add(m)
		case err := <-stream.Err:
			if docker.Ended(err) {
				return o, nil
			}
			return listEventsOutputs{}, e.Failed(a, err, nil)
		}
	}
}

func stamp(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }

func (o *listEventsOutputs) add(m events.Message) {
	name, _, _ := strings.Cut(string(m.Action), ":")
	o.Count++
	o.Counts[name]++
	row := listedEvent{
		At: time.Unix(0, m.TimeNano).UTC(), Type: string(m.Type), Action: string(m.Action), Name: m.Actor.Attributes["name"], ID: m.Actor.ID,
		Image: m.Actor.Attributes["image"], ExitCode: number(m.Actor.Attributes["exitCode"]), Signal: number(m.Actor.Attributes["signal"]),
	}
	if strings.HasPrefix(name, "exec_") {
		row.Action = name
	}
	if o.Events = append(o.Events, row); len(o.Events) > mostEvents {
		o.Events = o.Events[1:]
	}
}

// number reads a number; nil where there is none.
func number(text string) *int {
	var n int
	if _, err := fmt.Sscan(text, &n); err != nil {
		return nil
	}
	return &n
}
