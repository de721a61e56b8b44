package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type listChangesParams struct {
	one
	Below  string   `yaml:"below" default:"/" pattern:"^/" doc:"Only paths in this folder of the container."`
	Except []string `yaml:"except,omitempty" doc:"Not what lies in these folders, as /tmp."`
}

type listedChange struct {
	Path string `yaml:"path" doc:"In the container."`
	Kind string `yaml:"kind" enum:"modified,added,deleted" doc:"Against its image."`
}

type listChangesOutputs struct {
	Changes  []listedChange `yaml:"changes" show:"first" doc:"By path; at most 10000."`
	Count    int            `yaml:"count" doc:"How many, also those that were cut."`
	Added    int            `yaml:"added_count" doc:"How many are new."`
	Modified int            `yaml:"modified_count" doc:"How many are changed; a folder counts where something in it is."`
	Deleted  int            `yaml:"deleted_count" doc:"How many are gone."`
}

func (o listChangesOutputs) Summary() string {
	return fmt.Sprintf("%d added, %d modified, %d deleted", o.Added, o.Modified, o.Deleted)
}

const mostChanges = 10_000

// ListChanges lists what differs in a container from its image.
var ListChanges = action.New(action.Spec[listChangesParams, listChangesOutputs]{
	Name:    "docker.list_changes",
	Summary: "Lists the files of one container that differ from its image; what lies in volumes is not among them.",
	Example: "action: docker.list_changes\nwith: {container: app, except: [/tmp, /run]}\nverify: [outputs.count == 0]",
	Target:  Target,
	Effect:  action.Read,
	Run:     listChanges,
})

func listChanges(ctx context.Context, call action.Call, p listChangesParams) (listChangesOutputs, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return listChangesOutputs{}, err
	}
	try, a := e.Try(ctx)
	r, err := e.API.ContainerDiff(try, c.id, client.ContainerDiffOptions{})
	if err != nil {
		return listChangesOutputs{}, e.Failed(a, err, c)
	}
	o := listChangesOutputs{Changes: []listedChange{}}
	for _, ch := range r.Changes {
		if !inFolder(ch.Path, p.Below) || slices.ContainsFunc(p.Except, func(folder string) bool { return inFolder(ch.Path, folder) }) {
			continue
		}
		o.Count++
		kind := "modified"
		switch ch.Kind {
		case container.ChangeAdd:
			kind = "added"
			o.Added++
		case container.ChangeDelete:
			kind = "deleted"
			o.Deleted++
		default:
			o.Modified++
		}
		o.Changes = append(o.Changes, listedChange{ch.Path, kind})
	}
	slices.SortFunc(o.Changes, func(a, b listedChange) int { return cmp.Compare(a.Path, b.Path) })
	o.Changes = o.Changes[:min(len(o.Changes), mostChanges)]
	return o, nil
}

// inFolder reports whether a path is a folder or lies below it.
func inFolder(path, folder string) bool {
	folder = strings.TrimSuffix(folder, "/")
	return path == folder || strings.HasPrefix(path, folder+"/")
}
