package docker

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type renameParams struct {
	one
	Name string `yaml:"name" pattern:"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$" doc:"The new name, which nothing may have."`
}

// Brief returns the names.
func (p renameParams) Brief() string { return p.Container + " to " + p.Name }

type renameOutputs struct {
	Name       string `yaml:"name" doc:"The new name."`
	BeforeName string `yaml:"before_name" doc:"The name before."`
	ID         string `yaml:"id" doc:"The whole id."`
	Changed    bool   `yaml:"changed" doc:"false: it had that name already."`
}

func (o renameOutputs) Summary() string {
	if !o.Changed {
		return "container " + o.Name + " had that name already"
	}
	return "container " + o.BeforeName + " renamed to " + o.Name
}

// Nothing reports that all was as it should be.
func (o renameOutputs) Nothing() bool { return !o.Changed }

// Rename gives a container another name.
var Rename = action.New(action.Spec[renameParams, renameOutputs]{
	Name:    "docker.rename",
	Summary: "Gives one container another name; who asks for the old one in its networks no longer finds it.",
	Example: "action: docker.rename\nwith: {container: mltb-app-1, name: app-before}\nundo: {action: docker.rename, with: {container: app-before, name: \"${{ outputs.before_name }}\"}}",
	Target:  Target,
	Effect:  action.Write, // and not idempotent: somebody may have renamed it meanwhile
	Run: func(ctx context.Context, call action.Call, p renameParams) (renameOutputs, error) {
		e, c, err := openAndFind(ctx, call, p.Container)
		if err != nil {
			return renameOutputs{}, action.NotApplied(err)
		}
		o := renameOutputs{Name: p.Name, BeforeName: c.name, ID: c.id, Changed: c.name != p.Name}
		if !o.Changed {
			return o, nil
		}
		try, a := e.Try(ctx)
		_, err = e.API.ContainerRename(try, c.id, client.ContainerRenameOptions{NewName: p.Name})
		return o, e.Failed(a, err, c)
	},
	Preview: func(ctx context.Context, call action.Call, p renameParams) (action.Preview, error) {
		_, c, err := openAndFind(ctx, call, p.Container)
		if err != nil {
			return action.Preview{}, err
		}
		return action.Preview{
			Summary: "container " + c.name + " (" + ShortID(c.id) + "): rename to " + p.Name, Touches: []action.Object{c.Object()},
			Changes: []action.Change{{Name: "name", Before: c.name, After: p.Name}},
		}, nil
	},
	Subjects: subjectsOf[renameParams],
	Settle: func(ctx context.Context, call action.Call, p renameParams, subjects []action.Subject) (action.Applied, *renameOutputs, error) {
		_, c, applied, err := lookAgain(ctx, call, subjects)
		if c == nil || c.name != p.Name {
			return applied, nil, err
		}
		return action.AppliedFully, &renameOutputs{Name: c.name, BeforeName: subjects[0].Name, ID: c.id, Changed: true}, nil
	},
	Look: func(call action.Call, _ renameParams, subjects []action.Subject) string {
		if len(subjects) != 1 {
			return ""
		}
		return Looking(call, "inspect -f '{{.Name}}' "+ShortID(subjects[0].ID))
	},
})
