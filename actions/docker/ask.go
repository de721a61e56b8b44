package docker

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

// Ask sends one request by the client, and tells its failure in the words of the family.
func Ask[T any](ctx context.Context, e *Engine, send func(context.Context) (T, error)) (T, error) {
	ctx, a := e.Try(ctx)
	answer, err := send(ctx)
	return answer, e.Failed(a, err, nil)
}

// NoSuch says that there is no thing of a kind that a reference names, and which there
// are; list is the docker command that lists them.
func (e *Engine) NoSuch(kind, reference string, known []string, list string) error {
	seen := []string{"there is none"}
	if len(known) > 0 {
		seen = []string{"there are: " + some(slices.Sorted(slices.Values(known)), 8)}
	}
	return &action.Failure{
		Applied: action.AppliedNot, What: "no " + kind + " " + reference, Where: e.Where(), Tried: "to find it by name and id, once",
		Nearest: nearest(reference, known), Seen: seen, Do: []string{e.Command(list)},
	}
}

// Is is the container as the engine describes it.
func (f *Container) Is() container.InspectResponse { return f.is }

// MadeOf counts the containers of each image, by its id.
func MadeOf(ctx context.Context, e *Engine) (map[string]int, error) {
	all, err := Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: true})
	})
	made := map[string]int{}
	for _, c := range all.Items {
		made[c.ImageID]++
	}
	return made, err
}

// Having is a filter by name, Compose project and labels, each of which may be left out.
func Having(name, project string, labels map[string]string) client.Filters {
	filters := client.Filters{}
	if name != "" {
		filters.Add("name", name)
	}
	if project != "" {
		filters.Add("label", ProjectLabel+"="+project)
	}
	AddLabels(filters, labels)
	return filters
}

// AddLabels lets filters pass only what has all these labels; an empty value takes any.
func AddLabels(filters client.Filters, labels map[string]string) {
	for key, value := range labels {
		if value != "" {
			key += "=" + value
		}
		filters.Add("label", key)
	}
}

// NameOf is the name of a container in a list.
func NameOf(c container.Summary) string { return summaryName(c) }

// Ended reports whether a stream of the engine came to its end.
func Ended(err error) bool { return errors.Is(err, io.EOF) }

// UnusedNetworks are the networks that no container is on, running or not, those of Docker
// itself aside. The engine's own filter takes every network for unused since its lists no
// longer tell who is on one.
func UnusedNetworks(ctx context.Context, e *Engine) ([]network.Summary, error) {
	containers, err := Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: true})
	})
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, c := range containers.Items {
		if c.NetworkSettings == nil {
			continue
		}
		for name, at := range c.NetworkSettings.Networks {
			used[at.NetworkID], used[name] = true, true // one that was never started knows no id yet
		}
	}
	all, err := Ask(ctx, e, func(ctx context.Context) (client.NetworkListResult, error) {
		return e.API.NetworkList(ctx, client.NetworkListOptions{Filters: e.InProject(nil)})
	})
	return slices.DeleteFunc(all.Items, func(n network.Summary) bool {
		return used[n.ID] || used[n.Name] || slices.Contains([]string{"bridge", "host", "none", "ingress", "docker_gwbridge"}, n.Name)
	}), err
}
