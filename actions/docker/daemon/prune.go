package daemon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type pruneParams struct {
	What      string        `yaml:"what" enum:"containers,images,build_cache,networks" doc:"containers: those that do not run. images: those without a name that no container was made of. build_cache. networks: those that no container is on. Volumes are never removed. Where the target has a project, only containers and networks of that."`
	OlderThan time.Duration `yaml:"older_than" default:"24h" min:"0s" doc:"Only what was made longer ago; of the build cache what was not used for so long."`
	All       bool          `yaml:"all" default:"false" doc:"Of images also those with a name that no container was made of."`
	Max       int           `yaml:"max" default:"500" min:"1" max:"10000" doc:"Refuses to remove more than this many."`
}

// Brief returns what is removed.
func (p pruneParams) Brief() string {
	return p.What + " older than " + schema.HumanDuration(p.OlderThan)
}

type pruneOutputs struct {
	Removed    []string `yaml:"removed" show:"first" doc:"Names, or ids of what has none."`
	Count      int      `yaml:"count" doc:"How many."`
	Left       []string `yaml:"left" doc:"What came into use meanwhile, and stays."`
	FreedBytes int64    `yaml:"freed_bytes" doc:"About what that freed: layers that others share are not among it where the engine tells."`
}

func (o pruneOutputs) Summary() string {
	if o.Nothing() {
		return "nothing to remove"
	}
	text := fmt.Sprintf("%s removed, %s", schema.HumanCount(int64(o.Count)), schema.HumanBytes(float64(o.FreedBytes)))
	if len(o.Left) > 0 {
		text += fmt.Sprintf("; %d came into use and stay", len(o.Left))
	}
	return text
}

// Nothing reports that there was nothing to do.
func (o pruneOutputs) Nothing() bool { return o.Count == 0 }

// Prune removes what nothing uses, each thing by its id: what the preview shows, and
// nothing that came into use since.
var Prune = action.New(action.Spec[pruneParams, pruneOutputs]{
	Name:     "docker.prune",
	Summary:  "Removes containers that do not run, images or networks that nothing uses, or the cache of builds; never volumes.",
	Example:  "action: docker.prune\nwith: {what: images, older_than: 72h}\napprove: {message: Remove the images that nothing uses?}",
	Target:   docker.Target,
	Effect:   action.Destructive,
	Run:      prune,
	Preview:  previewPrune,
	Subjects: subjectsOfPrune,
	Settle:   settlePrune,
	Look: func(call action.Call, _ pruneParams, _ []action.Subject) string {
		return docker.Looking(call, "system df -v")
	},
})

// thing is something that can be removed.
type thing struct {
	id, name string
	size     int64
	note     string
	tags     []string
}

func (t thing) String() string {
	return cmp.Or(t.name, docker.ShortID(strings.TrimPrefix(t.id, "sha256:")))
}

// candidates are what would be removed, the largest first.
func (p pruneParams) candidates(ctx context.Context, call action.Call) (*docker.Engine, []thing, error) {
	e, err := docker.Open(call)
	if err != nil {
		return nil, nil, err
	}
	before := call.Clock.Now().Add(-p.OlderThan)
	var all []thing
	switch p.What {
	case "containers":
		all, err = oldContainers(ctx, e, before)
	case "images":
		all, err = p.oldImages(ctx, e, before)
	case "networks":
		all, err = oldNetworks(ctx, e, before)
	case "build_cache":
		all, err = oldBuilds(ctx, e, before)
	}
	if err == nil && len(all) > p.Max {
		err = e.WrongParam("max", fmt.Sprintf("%d %s would be removed, more than %d", len(all), p.What, p.Max), "raise max, or older_than")
	}
	slices.SortStableFunc(all, func(a, b thing) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.String(), b.String())) })
	return e, all, err
}

func oldContainers(ctx context.Context, e *docker.Engine, before time.Time) ([]thing, error) {
	filters := e.InProject(client.Filters{}.Add("status", "created", "exited", "dead"))
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: true, Size: true, Filters: filters})
	})
	var all []thing
	for _, c := range r.Items {
		if time.Unix(c.Created, 0).Before(before) {
			all = append(all, thing{id: c.ID, name: docker.NameOf(c), size: c.SizeRw, note: c.Image + ", " + c.Status})
		}
	}
	return all, err
}

func (p pruneParams) oldImages(ctx context.Context, e *docker.Engine, before time.Time) ([]thing, error) {
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ImageListResult, error) {
		return e.API.ImageList(ctx, client.ImageListOptions{SharedSize: true})
	})
	if err != nil {
		return nil, err
	}
	made, err := docker.MadeOf(ctx, e)
	if err != nil {
		return nil, err
	}
	var all []thing
	for _, i := range r.Items {
		tags := slices.DeleteFunc(slices.Clone(i.RepoTags), func(tag string) bool { return strings.Contains(tag, "<none>") })
		if made[i.ID] == 0 && (p.All || len(tags) == 0) && time.Unix(i.Created, 0).Before(before) {
			all = append(all, thing{id: i.ID, name: strings.Join(tags, " "), size: ownSize(i), note: "built " + time.Unix(i.Created, 0).UTC().Format(time.DateOnly), tags: tags})
		}
	}
	return all, nil
}

// ownSize is what an image has alone, where the engine tells.
func ownSize(i image.Summary) int64 {
	if i.SharedSize > 0 && i.SharedSize <= i.Size {
		return i.Size - i.SharedSize
	}
	return i.Size
}

func oldNetworks(ctx context.Context, e *docker.Engine, before time.Time) ([]thing, error) {
	unused, err := docker.UnusedNetworks(ctx, e)
	var all []thing
	for _, n := range unused {
		if n.Created.Before(before) {
			all = append(all, thing{id: n.ID, name: n.Name, note: n.Driver})
		}
	}
	return all, err
}

func oldBuilds(ctx context.Context, e *docker.Engine, before time.Time) ([]thing, error) {
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.DiskUsageResult, error) {
		return e.API.DiskUsage(ctx, client.DiskUsageOptions{BuildCache: true, Verbose: true})
	})
	var all []thing
	for _, b := range r.BuildCache.Items {
		used := b.CreatedAt
		if b.LastUsedAt != nil {
			used = *b.LastUsedAt
		}
		if !b.InUse && used.Before(before) {
			all = append(all, thing{id: b.ID, size: b.Size, note: b.Description})
		}
	}
	return all, err
}

func prune(ctx context.Context, call action.Call, p pruneParams) (pruneOutputs, error) {
	e, all, err := p.candidates(ctx, call)
	if err != nil {
		return pruneOutputs{}, action.NotApplied(err)
	}
	o := pruneOutputs{Removed: []string{}, Left: []string{}}
	if p.What == "build_cache" && len(all) > 0 {
		return p.pruneBuilds(ctx, e)
	}
	for i, t := range all {
		call.Progress(action.Progress{Done: i, Total: len(all), Note: t.String()})
		gone, err := p.remove(ctx, e, t)
		if err != nil {
			f := *action.AsFailure(err)
			if o.Count > 0 && f.Applied == action.AppliedNot {
				f.Applied = action.AppliedPart
			}
			f.What = fmt.Sprintf("%d of %d %s were removed, then %s was not: %s", o.Count, len(all), p.What, t, f.What)
			return o, &f
		}
		if !gone {
			o.Left = append(o.Left, t.String())
			continue
		}
		o.Removed, o.FreedBytes, o.Count = append(o.Removed, t.String()), o.FreedBytes+t.size, o.Count+1
	}
	return o, nil
}

// remove removes one thing, never by force; gone is false where it came into use meanwhile.
func (p pruneParams) remove(ctx context.Context, e *docker.Engine, t thing) (gone bool, err error) {
	names := []string{t.id}
	if len(t.tags) > 0 {
		names = t.tags
	}
	for _, name := range names {
		err := e.Sure(ctx, nil, func(ctx context.Context) error { return p.send(ctx, e, name) }, func(ctx context.Context) (bool, error) { return p.isGone(ctx, e, name) })
		if err == nil {
			continue
		}
		if text := action.AsFailure(err).What; strings.HasPrefix(text, "Docker answered 409") || strings.HasPrefix(text, "Docker answered 403") {
			return false, nil
		} else if !strings.HasPrefix(text, "Docker answered 404") {
			return false, err
		}
	}
	return true, nil
}

func (p pruneParams) send(ctx context.Context, e *docker.Engine, id string) (err error) {
	switch p.What {
	case "containers":
		_, err = e.API.ContainerRemove(ctx, id, client.ContainerRemoveOptions{}) // without its volumes
	case "images":
		_, err = e.API.ImageRemove(ctx, id, client.ImageRemoveOptions{PruneChildren: true})
	case "networks":
		_, err = e.API.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	}
	return err
}

func (p pruneParams) isGone(ctx context.Context, e *docker.Engine, id string) (bool, error) {
	ctx, a := e.Try(ctx)
	var err error
	switch p.What {
	case "containers":
		_, err = e.API.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	case "images":
		_, err = e.API.ImageInspect(ctx, id)
	case "networks":
		_, err = e.API.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
	}
	if a.Status() == 404 {
		return true, nil
	}
	return false, err
}

// pruneBuilds removes the cache of builds, which the engine does only as a whole.
func (p pruneParams) pruneBuilds(ctx context.Context, e *docker.Engine) (pruneOutputs, error) {
	filters := client.Filters{}.Add("unused-for", p.OlderThan.String())
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.BuildCachePruneResult, error) {
		return e.API.BuildCachePrune(ctx, client.BuildCachePruneOptions{All: true, Filters: filters})
	})
	if err != nil {
		return pruneOutputs{}, err
	}
	return pruneOutputs{Removed: append([]string{}, r.Report.CachesDeleted...), Count: len(r.Report.CachesDeleted), Left: []string{}, FreedBytes: int64(r.Report.SpaceReclaimed)}, nil
}

func previewPrune(ctx context.Context, call action.Call, p pruneParams) (action.Preview, error) {
	_, all, err := p.candidates(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview, sum := action.Preview{}, int64(0)
	for _, t := range all {
		sum += t.size
		note := t.note
		if t.size > 0 {
			note = strings.Trim(note+", "+schema.HumanBytes(float64(t.size)), ", ")
		}
		preview.Touches = append(preview.Touches, action.Object{Kind: strings.TrimSuffix(p.What, "s"), Name: t.String(), ID: docker.ShortID(strings.TrimPrefix(t.id, "sha256:")), Note: note})
	}
	preview.Summary = fmt.Sprintf("remove %d %s that nothing uses, made more than %s ago, about %s; no volumes", len(all), p.What, schema.HumanDuration(p.OlderThan), schema.HumanBytes(float64(sum)))
	preview.Changes = []action.Change{{Name: p.What, Before: fmt.Sprintf("%d, %s", len(all), schema.HumanBytes(float64(sum))), After: "gone"}}
	return preview, nil
}

// subjectsOfPrune are all that is removed, as one: another thing among them is another set.
func subjectsOfPrune(ctx context.Context, call action.Call, p pruneParams) ([]action.Subject, error) {
	_, all, err := p.candidates(ctx, call)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, t := range all {
		ids[i] = t.id
	}
	slices.Sort(ids)
	parts := strings.Join(ids, " ")
	return []action.Subject{{Kind: p.What, Name: p.What, ID: fmt.Sprintf("%x", sha256.Sum256([]byte(parts))), Version: fmt.Sprint(len(ids)), Parts: parts}}, nil
}

// settlePrune holds it for applied where all that was to go is gone.
func settlePrune(ctx context.Context, call action.Call, p pruneParams, subjects []action.Subject) (action.Applied, *pruneOutputs, error) {
	if len(subjects) != 1 || subjects[0].Parts == "" {
		return action.AppliedLost, nil, nil
	}
	_, now, err := p.candidates(ctx, call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	was := strings.Fields(subjects[0].Parts)
	if slices.ContainsFunc(now, func(t thing) bool { return slices.Contains(was, t.id) }) {
		return action.AppliedLost, nil, nil
	}
	return action.AppliedFully, &pruneOutputs{Removed: was, Count: len(was), Left: []string{}}, nil
}
