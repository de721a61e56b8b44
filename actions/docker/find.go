package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

// The labels that Compose sets, https://docs.docker.com/reference/compose-file/.
const (
	serviceLabel = "com.docker.compose.service"
	projectLabel = "com.docker.compose.project"
	oneOffLabel  = "com.docker.compose.oneoff" // "True" on containers of `compose run`
)

// found is a container as it was when it was looked up.
type found struct {
	id, name, image string
	started         time.Time
	is              container.InspectResponse
}

func newFound(c container.InspectResponse) *found {
	f := &found{id: c.ID, name: strings.TrimPrefix(c.Name, "/"), is: c}
	if f.is.State == nil {
		f.is.State = &container.State{}
	}
	if f.is.Config == nil {
		f.is.Config = &container.Config{}
	}
	if f.is.HostConfig == nil {
		f.is.HostConfig = &container.HostConfig{}
	}
	f.image, f.started = f.is.Config.Image, parseTime(f.is.State.StartedAt)
	return f
}

// running is true for a paused container, as in Docker, but not between two
// restarts of its restart policy.
func (f *found) running() bool { return f.is.State.Running && !f.is.State.Restarting }

// active is true of a container that runs and is not paused.
func (f *found) active() bool { return f.running() && !f.is.State.Paused }

// state is the container's state with its exit code: "exited (137)".
func (f *found) state() string {
	if s := f.is.State; s.Status == container.StateExited || s.Status == container.StateDead {
		return fmt.Sprintf("%s (%d)", s.Status, s.ExitCode)
	}
	return string(f.is.State.Status)
}

func (f *found) hasHealthCheck() bool {
	h := f.is.State.Health
	return h != nil && h.Status != "" && h.Status != container.NoHealthcheck
}

// healthy is true of a container without a health check that runs.
func (f *found) healthy() bool {
	return f.active() && (!f.hasHealthCheck() || f.is.State.Health.Status == container.Healthy)
}

func (f *found) health() string {
	if !f.hasHealthCheck() {
		return string(container.NoHealthcheck)
	}
	return string(f.is.State.Health.Status)
}

// subject is the container with its start as its version.
func (f *found) subject() action.Subject {
	return action.Subject{Kind: "container", Name: f.name, ID: f.id, Version: f.started.Format(time.RFC3339Nano)}
}

func (f *found) object() action.Object {
	return action.Object{Kind: "container", Name: f.name, ID: shortID(f.id), Note: f.image}
}

// shortID returns the first twelve digits, as docker ps prints them.
func shortID(id string) string { return id[:min(len(id), 12)] }

// parseTime reads a time of the API; what never was is the zero time.
func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// inspect reads one container by name or id; ok is false if there is none, or if
// it is the beginning of several ids (400).
func (e *engine) inspect(ctx context.Context, reference string) (c *found, ok bool, err error) {
	ctx, a := e.try(ctx)
	r, err := e.api.ContainerInspect(ctx, reference, client.ContainerInspectOptions{})
	switch {
	case err == nil:
		return newFound(r.Container), true, nil
	case a.progress().status == 404, a.progress().status == 400:
		return nil, false, nil
	}
	return nil, false, e.failed(a, err, nil)
}

// containers lists containers: of the target's project only, where it has one.
func (e *engine) containers(ctx context.Context, all bool, filters client.Filters) ([]container.Summary, error) {
	if e.settings.project != "" {
		if filters == nil {
			filters = client.Filters{}
		}
		filters.Add("label", projectLabel+"="+e.settings.project)
	}
	ctx, a := e.try(ctx)
	r, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: all, Filters: filters})
	return r.Items, e.failed(a, err, nil)
}

// find looks a container up: by its whole name or id; as the only replica of a
// Compose service; by the beginning of its id. A service comes before an id, as
// "db" begins many. What is outside the target's project, where it has one, is
// not there; a name that fits several containers is refused.
func (e *engine) find(ctx context.Context, reference string) (*found, error) {
	reference = strings.TrimPrefix(strings.TrimSpace(reference), "/")
	if reference == "" {
		return nil, e.wrongParam("container", "it is empty")
	}
	if strings.ContainsAny(reference, "/?#% \t\n") {
		return nil, e.wrongParam("container", fmt.Sprintf("%q is no name of a container", reference))
	}
	c, ok, err := e.inspect(ctx, reference)
	if err != nil {
		return nil, err
	}
	ok = ok && e.within(c)
	if ok && c.id == reference {
		return c, nil
	}
	replicas, err := e.containers(ctx, true, client.Filters{}.Add("label", serviceLabel+"="+reference))
	if err != nil {
		return nil, err
	}
	replicas = slices.DeleteFunc(replicas, isOneOff)
	if ok && c.name == reference {
		others := slices.DeleteFunc(slices.Clone(replicas), func(r container.Summary) bool { return r.ID == c.id })
		if len(others) > 0 {
			others = append(others, container.Summary{ID: c.id, Names: []string{c.name}})
			return nil, e.ambiguous(fmt.Sprintf("%s is the name of a container and a service of others", reference), reference, others)
		}
		return c, nil
	}
	switch {
	case len(replicas) == 1:
		replica, there, err := e.inspect(ctx, replicas[0].ID)
		if err == nil && !there {
			return nil, e.missing(ctx, reference)
		}
		return replica, err
	case len(replicas) > 1:
		return nil, e.ambiguous(fmt.Sprintf("service %s has %d containers", reference, len(replicas)), reference, replicas)
	case ok:
		return c, nil
	}
	return nil, e.missing(ctx, reference)
}

// within reports whether a container is of the target's project.
func (e *engine) within(c *found) bool {
	return e.settings.project == "" || c.is.Config.Labels[projectLabel] == e.settings.project
}

func isOneOff(c container.Summary) bool { return strings.EqualFold(c.Labels[oneOffLabel], "true") }

func (e *engine) ambiguous(what, service string, replicas []container.Summary) error {
	var names []string
	for _, r := range replicas {
		names = append(names, summaryName(r))
	}
	slices.Sort(names)
	return &action.Failure{
		Applied: action.AppliedNot, Final: true, Where: e.where(),
		What:  what + ", and one is needed",
		Tried: "to find the one container of that name or service, once",
		Seen:  []string{"containers: " + some(names, 8)},
		Do:    []string{"name one of them, or for_each over docker.list with {name: " + service + "}"},
	}
}

// missing says that there is no such container, and which there are.
func (e *engine) missing(ctx context.Context, reference string) error {
	what := "no container or Compose service " + reference
	if e.settings.project != "" {
		what += " in project " + e.settings.project
	}
	f := &action.Failure{
		Applied: action.AppliedNot, What: what, Where: e.where(), Tried: "to find it by name, service and id, once",
		Do: []string{e.command("ps -a")},
	}
	all, err := e.containers(ctx, true, nil)
	if err != nil {
		return f
	}
	var running, known []string
	for _, c := range all {
		if c.State == container.StateRunning {
			running = append(running, summaryName(c))
		}
		known = append(known, summaryName(c))
		if s := c.Labels[serviceLabel]; s != "" {
			known = append(known, s)
		}
	}
	f.Nearest = nearest(reference, known)
	slices.Sort(running)
	if len(running) == 0 {
		f.Seen = append(f.Seen, fmt.Sprintf("no container is running; %d are stopped", len(all)))
	} else {
		f.Seen = append(f.Seen, "running: "+some(running, 8))
	}
	return f
}

func summaryName(c container.Summary) string {
	for _, n := range c.Names {
		if n = strings.TrimPrefix(n, "/"); !strings.Contains(n, "/") { // a/b is a link
			return n
		}
	}
	return shortID(c.ID)
}

// some joins names, at most limit of them.
func some(names []string, limit int) string {
	if len(names) <= limit {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), len(names)-limit)
}
