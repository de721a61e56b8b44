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
	ServiceLabel = "com.docker.compose.service"
	ProjectLabel = "com.docker.compose.project"
	oneOffLabel  = "com.docker.compose.oneoff" // "True" on containers of `compose run`
)

// Container is a container as it was when it was looked up.
type Container struct {
	id, name, image string
	started         time.Time
	is              container.InspectResponse
}

func newFound(c container.InspectResponse) *Container {
	f := &Container{id: c.ID, name: strings.TrimPrefix(c.Name, "/"), is: c}
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
func (f *Container) running() bool { return f.is.State.Running && !f.is.State.Restarting }

// active is true of a container that runs and is not paused.
func (f *Container) active() bool { return f.running() && !f.is.State.Paused }

// state is the container's state with its exit code: "exited (137)".
func (f *Container) state() string {
	if s := f.is.State; s.Status == container.StateExited || s.Status == container.StateDead {
		return fmt.Sprintf("%s (%d)", s.Status, s.ExitCode)
	}
	return string(f.is.State.Status)
}

func (f *Container) hasHealthCheck() bool {
	h := f.is.State.Health
	return h != nil && h.Status != "" && h.Status != container.NoHealthcheck
}

// healthy is true of a container without a health check that runs.
func (f *Container) healthy() bool {
	return f.active() && (!f.hasHealthCheck() || f.is.State.Health.Status == container.Healthy)
}

func (f *Container) health() string {
	if !f.hasHealthCheck() {
		return string(container.NoHealthcheck)
	}
	return string(f.is.State.Health.Status)
}

// Subject is the container with its start as its version.
func (f *Container) Subject() action.Subject {
	return action.Subject{Kind: "container", Name: f.name, ID: f.id, Version: f.started.Format(time.RFC3339Nano)}
}

// Object is the container as people are shown it before it is touched.
func (f *Container) Object() action.Object {
	o := action.Object{Kind: "container", Name: f.name, ID: ShortID(f.id), Note: f.image}
	if f.health() == string(container.Unhealthy) {
		o.Note += ", unhealthy"
	}
	return o
}

// ShortID returns the first twelve digits, as docker ps prints them.
func ShortID(id string) string { return id[:min(len(id), 12)] }

// parseTime reads a time of the API; what never was is the zero time.
func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// inspect reads one container by its id; ok is false if there is none.
func (e *Engine) inspect(ctx context.Context, id string) (c *Container, ok bool, err error) {
	ctx, a := e.Try(ctx)
	r, err := e.API.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	switch {
	case err == nil:
		return newFound(r.Container), true, nil
	case a.progress().status == 404:
		return nil, false, nil
	}
	return nil, false, e.Failed(a, err, nil)
}

// InProject lets filters pass only what is of the target's project, where it has one.
func (e *Engine) InProject(filters client.Filters) client.Filters {
	if e.config.Project == "" {
		return filters
	}
	if filters == nil {
		filters = client.Filters{}
	}
	return filters.Add("label", ProjectLabel+"="+e.config.Project)
}

// containers lists containers: of the target's project only, where it has one.
func (e *Engine) containers(ctx context.Context, all bool, filters client.Filters) ([]container.Summary, error) {
	filters = e.InProject(filters)
	ctx, a := e.Try(ctx)
	r, err := e.API.ContainerList(ctx, client.ContainerListOptions{All: all, Filters: filters})
	return r.Items, e.Failed(a, err, nil)
}

// Find looks up the one container that a reference names. What is outside the
// target's project, where it has one, is not there; a name that fits several
// containers is refused.
func (e *Engine) Find(ctx context.Context, reference string) (*Container, error) {
	reference = bare(reference)
	if reference == "" {
		return nil, e.WrongParam("container", "it is empty")
	}
	if strings.ContainsAny(reference, "/?#% \t\n") {
		return nil, e.WrongParam("container", fmt.Sprintf("%q is no name of a container", reference))
	}
	all, err := e.containers(ctx, true, nil)
	if err != nil {
		return nil, err
	}
	named := matching(all, reference)
	if len(named) > 1 {
		return nil, e.ambiguous(reference, named)
	}
	if len(named) == 1 {
		c, ok, err := e.inspect(ctx, named[0].ID)
		if err != nil || ok {
			return c, err
		}
	}
	return nil, e.missing(reference, all)
}

// bare is a reference as it is compared.
func bare(reference string) string { return strings.TrimPrefix(strings.TrimSpace(reference), "/") }

// matching are the containers that a reference names: by its whole id; by its name
// or that of its Compose service; by the beginning of its id. A name comes before
// the beginning of an id, as "db" begins many.
func matching(all []container.Summary, reference string) []container.Summary {
	for _, is := range []func(container.Summary) bool{
		func(c container.Summary) bool { return c.ID == reference },
		func(c container.Summary) bool { return summaryName(c) == reference || serviceOf(c) == reference },
		func(c container.Summary) bool { return strings.HasPrefix(c.ID, reference) },
	} {
		named := slices.DeleteFunc(slices.Clone(all), func(c container.Summary) bool { return reference == "" || !is(c) })
		if len(named) > 0 {
			return named
		}
	}
	return nil
}

// serviceOf is the Compose service of which a container is a replica; "" for none.
func serviceOf(c container.Summary) string {
	if strings.EqualFold(c.Labels[oneOffLabel], "true") {
		return ""
	}
	return c.Labels[ServiceLabel]
}

func (e *Engine) ambiguous(reference string, several []container.Summary) error {
	what := fmt.Sprintf("%s begins the ids of %d containers", reference, len(several))
	for _, c := range several {
		if summaryName(c) == reference {
			what = reference + " is the name of a container and a service of others"
			break
		}
		if serviceOf(c) == reference {
			what = fmt.Sprintf("service %s has %d containers", reference, len(several))
		}
	}
	return &action.Failure{
		Applied: action.AppliedNot, Final: true, Where: e.Where(),
		What:  what + ", and one is needed",
		Tried: "to find the one container of that name or service, once",
		Seen:  []string{"containers: " + some(namesOf(several), 8)},
		Do:    []string{"name one of them, or for_each over docker.list with {name: " + reference + "}"},
	}
}

// namesOf are the names of containers, sorted.
func namesOf(list []container.Summary) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = summaryName(c)
	}
	slices.Sort(names)
	return names
}

// missing says that there is no such container, and which there are.
func (e *Engine) missing(reference string, all []container.Summary) error {
	what := "no container or Compose service " + reference
	if e.config.Project != "" {
		what += " in project " + e.config.Project
	}
	seen, known := fmt.Sprintf("no container is running; %d are stopped", len(all)), namesOf(all)
	for _, c := range all {
		if s := c.Labels[ServiceLabel]; s != "" {
			known = append(known, s)
		}
	}
	running := slices.DeleteFunc(slices.Clone(all), func(c container.Summary) bool { return c.State != container.StateRunning })
	if len(running) > 0 {
		seen = "running: " + some(namesOf(running), 8)
	}
	return &action.Failure{
		Applied: action.AppliedNot, What: what, Where: e.Where(), Tried: "to find it by name, service and id, once",
		Nearest: nearest(reference, known), Seen: []string{seen}, Do: append(e.call.Confine.Missing(reference), e.Command("ps -a")),
	}
}

func summaryName(c container.Summary) string {
	for _, n := range c.Names {
		if n = strings.TrimPrefix(n, "/"); !strings.Contains(n, "/") { // a/b is a link
			return n
		}
	}
	return ShortID(c.ID)
}

// some joins names, at most limit of them.
func some(names []string, limit int) string {
	if len(names) <= limit {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), len(names)-limit)
}
