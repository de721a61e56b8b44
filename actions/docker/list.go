package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"golang.org/x/sync/errgroup"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type listParams struct {
	Name    string            `yaml:"name,omitempty" doc:"A container, a Compose service, or the beginning of an id; of a service all replicas. Empty: every container of the engine."`
	Names   []string          `yaml:"names,omitempty" doc:"Several of them."`
	Project string            `yaml:"project,omitempty" doc:"Only containers of this Compose project."`
	Labels  map[string]string `yaml:"labels,omitempty" doc:"Only containers with all these labels; an empty value takes any."`
	All     bool              `yaml:"all" default:"true" doc:"Stopped containers too."`
}

func (p listParams) Brief() string { return strings.Join(p.wanted(), ", ") }

func (p listParams) wanted() []string {
	names := slices.Clone(p.Names)
	if p.Name != "" {
		names = append([]string{p.Name}, names...)
	}
	return names
}

type listedContainer struct {
	containerIdentity
	containerState
	containerLimits
}

type listOutputs struct {
	Containers   []listedContainer `yaml:"containers" doc:"By name."`
	Count        int               `yaml:"count" doc:"How many."`
	RunningCount int               `yaml:"running_count" doc:"How many of them run."`
}

func (o listOutputs) Summary() string {
	if o.Count == 1 {
		return "container " + o.Containers[0].Name + " " + o.Containers[0].State
	}
	return fmt.Sprintf("%s containers, %s running", schema.HumanCount(int64(o.Count)), schema.HumanCount(int64(o.RunningCount)))
}

// List finds containers and reads what matters of each. No match is no error.
var List = action.New(action.Spec[listParams, listOutputs]{
	Name:    "docker.list",
	Summary: "Lists containers, or the replicas of a Compose service, with state, health and limits.",
	Example: "action: docker.list\nwith: {name: app}\nverify: [len(outputs.containers) > 0]",
	Target:  Target,
	Effect:  action.Read,
	Run:     list,
})

func list(ctx context.Context, call action.Call, p listParams) (listOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return listOutputs{}, err
	}
	all, err := e.containers(ctx, p.All, Having("", p.Project, p.Labels))
	if err != nil {
		return listOutputs{}, err
	}
	if wanted := p.wanted(); len(wanted) > 0 {
		named := map[string]bool{}
		for _, name := range wanted {
			for _, c := range matching(all, bare(name)) {
				named[c.ID] = true
			}
		}
		all = slices.DeleteFunc(all, func(c container.Summary) bool { return !named[c.ID] })
	}
	return e.readAll(ctx, all)
}

// readAll inspects containers, eight at a time; one that is gone meanwhile is left out.
func (e *Engine) readAll(ctx context.Context, summaries []container.Summary) (listOutputs, error) {
	const atOnce = 8
	rows := make([]*listedContainer, len(summaries))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, s := range summaries {
		group.Go(func() error {
			c, ok, err := e.inspect(ctx, s.ID)
			if err == nil && ok {
				o := inspected(c)
				rows[i] = &listedContainer{o.containerIdentity, o.containerState, o.containerLimits}
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return listOutputs{}, err
	}
	o := listOutputs{Containers: []listedContainer{}}
	for _, row := range rows {
		if row == nil {
			continue
		}
		o.Containers = append(o.Containers, *row)
		o.Count++
		if row.Running {
			o.RunningCount++
		}
	}
	slices.SortFunc(o.Containers, func(a, b listedContainer) int { return cmp.Compare(a.Name, b.Name) })
	return o, nil
}
