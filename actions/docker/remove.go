package docker

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type removeParams struct {
	one
	Force bool `yaml:"force" default:"false" doc:"Also one that runs, which is killed."`
}

type removeOutputs struct {
	Name         string `yaml:"name" doc:"The name that it had."`
	ID           string `yaml:"id" doc:"The whole id that it had."`
	Image        string `yaml:"image" doc:"Its image, which stays."`
	WrittenBytes *int64 `yaml:"written_bytes" doc:"What it had written beside its image and its volumes, and is gone; nil where the engine did not say."`
}

func (o removeOutputs) Summary() string {
	text := "container " + o.Name + " removed"
	if o.WrittenBytes != nil {
		text += ", with " + schema.HumanBytes(float64(*o.WrittenBytes)) + " that it had written"
	}
	return text
}

// Remove removes a container. Its volumes stay, also those without a name.
var Remove = action.New(action.Spec[removeParams, removeOutputs]{
	Name:     "docker.remove",
	Summary:  "Removes one container with what it wrote beside its volumes, and its log; its image and its volumes stay.",
	Example:  "action: docker.remove\nwith: {container: app, force: true}\napprove: {message: Remove it?}",
	Target:   Target,
	Effect:   action.Destructive,
	Run:      remove,
	Preview:  previewRemove,
	Subjects: subjectsOf[removeParams],
	Settle: func(ctx context.Context, call action.Call, _ removeParams, subjects []action.Subject) (action.Applied, *removeOutputs, error) {
		e, err := Open(call)
		if err != nil || len(subjects) != 1 {
			return action.AppliedLost, nil, err
		}
		if _, ok, err := e.inspect(ctx, subjects[0].ID); err != nil || ok {
			return action.AppliedLost, nil, err
		}
		return action.AppliedFully, &removeOutputs{Name: subjects[0].Name, ID: subjects[0].ID}, nil
	},
	Look: func(call action.Call, _ removeParams, subjects []action.Subject) string {
		if len(subjects) != 1 {
			return ""
		}
		return Looking(call, "ps -a --filter id="+ShortID(subjects[0].ID))
	},
})

// sized reads a container with how much it has written.
func (e *Engine) sized(ctx context.Context, c *Container) *int64 {
	r, err := Ask(ctx, e, func(ctx context.Context) (client.ContainerInspectResult, error) {
		return e.API.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{Size: true})
	})
	if err != nil {
		return nil
	}
	return r.Container.SizeRw
}

func openToRemove(ctx context.Context, call action.Call, p removeParams) (*Engine, *Container, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err == nil && c.is.State.Running && !p.Force {
		err = e.WrongParam("force", c.name+" is "+c.state()+", and one that runs is only removed by force", "stop it before by docker.stop, or give force: true")
	}
	return e, c, err
}

func remove(ctx context.Context, call action.Call, p removeParams) (removeOutputs, error) {
	e, c, err := openToRemove(ctx, call, p)
	if err != nil {
		return removeOutputs{}, action.NotApplied(err)
	}
	o := removeOutputs{Name: c.name, ID: c.id, Image: c.image, WrittenBytes: e.sized(ctx, c)}
	try, a := e.Try(ctx)
	_, err = e.API.ContainerRemove(try, c.id, client.ContainerRemoveOptions{Force: p.Force})
	return o, e.Failed(a, err, c)
}

func previewRemove(ctx context.Context, call action.Call, p removeParams) (action.Preview, error) {
	e, c, err := openToRemove(ctx, call, p)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{
		Summary: "container " + c.name + " (" + ShortID(c.id) + ", " + c.image + "): remove", Touches: []action.Object{c.Object()},
		Changes: []action.Change{{Name: "container", Before: c.state(), After: "gone, with its log"}},
	}
	if written := e.sized(ctx, c); written != nil {
		preview.Changes = append(preview.Changes, action.Change{Name: "what it wrote", Before: schema.HumanBytes(float64(*written)), After: "gone"})
	}
	for _, m := range madeWith(c).Mounts {
		if m.Type == "volume" {
			preview.Changes = append(preview.Changes, action.Change{Name: "volume " + m.Source, Before: "at " + m.Path, After: "stays"})
		}
	}
	if c.running() {
		preview.Summary += " although it runs; interrupts " + c.name
		preview.Interrupts = []string{c.name}
	}
	return preview, nil
}
