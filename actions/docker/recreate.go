package docker

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	spec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type recreateParams struct {
	one
	Image         string         `yaml:"image,omitempty" doc:"The image of the new one, which must be there; empty: what the name of its present image means now, as after a pull."`
	Timeout       *time.Duration `yaml:"timeout" min:"0s" max:"1h" doc:"Time for the old one to stop by itself; then it is killed. Without it the container's own."`
	HealthyWithin time.Duration  `yaml:"healthy_within" default:"60s" min:"1s" max:"1h" doc:"Time for the new one to become healthy."`
	SteadyFor     time.Duration  `yaml:"steady_for" default:"5s" min:"0s" max:"1h" doc:"How long one without a health check must run to count as healthy."`
	TryFirst      *bool          `yaml:"try_first" doc:"A container of the new image is first tried beside the old one, without its ports and names: where it does not become healthy, the old one is never stopped. Without it: where the container writes to no volume and no folder of the host, and has a network of its own."`
	KeepOld       bool           `yaml:"keep_old" default:"false" doc:"The old one stays, stopped, under its name with -before behind."`
}

// Brief returns the container and the image.
func (p recreateParams) Brief() string {
	if p.Image == "" {
		return p.Container
	}
	return p.Container + " of " + p.Image
}

func (p recreateParams) takes() time.Duration {
	return given(p.Timeout) + 3*(p.HealthyWithin+p.SteadyFor)
}

type recreateOutputs struct {
	Name       string  `yaml:"name" doc:"Name of the container."`
	ID         string  `yaml:"id" doc:"The whole id of the new one."`
	OldID      string  `yaml:"old_id" doc:"The whole id of the old one."`
	Image      string  `yaml:"image" doc:"Of the new one."`
	OldImage   string  `yaml:"old_image" doc:"Of the old one."`
	ImageID    string  `yaml:"image_id" doc:"The whole id of the new image."`
	OldImageID string  `yaml:"old_image_id" doc:"The whole id of the old image."`
	AwayMS     float64 `yaml:"away_ms" doc:"From the request to stop the old one until the new one was healthy; 0 where a reply was lost."`
	Kept       string  `yaml:"kept" doc:"Name of the old container where it is still there, stopped; else empty."`
}

func (o recreateOutputs) Summary() string {
	text := "container " + o.Name + " made anew of " + o.Image
	if o.AwayMS > 0 {
		text += ", away for " + schema.HumanMilliseconds(o.AwayMS)
	}
	if o.Kept != "" {
		text += "; the old one is kept as " + o.Kept
	}
	return text
}

// Recreate puts a container of another image in the place of one.
var Recreate = action.New(action.Spec[recreateParams, recreateOutputs]{
	Name:     "docker.recreate",
	Summary:  "Makes one container anew of another image with the same configuration and volumes; the old one comes back if the new one is not healthy.",
	Example:  "action: docker.recreate\nwith: {container: app, image: \"mltb/app:1.4.2\", healthy_within: 90s}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.healthy]",
	Target:   Target,
	Effect:   action.Write,
	Takes:    recreateParams.takes,
	Run:      recreate,
	Preview:  previewRecreate,
	Subjects: subjectsOf[recreateParams],
	Settle:   settleRecreate,
	Look: func(call action.Call, p recreateParams, subjects []action.Subject) string {
		return Looking(call, "ps -a --filter name="+containerOf(p, subjects))
	},
})

// swap is one container on its way to be replaced.
type swap struct {
	*Engine
	p         recreateParams
	old       *Container
	recipe    recipe
	image     client.ImageInspectResult
	tries     bool
	whyNoTry  string
	leftover  *Container // a trial of a run that did not end
	sameImage bool
}

// before is the name of the old container meanwhile.
func (s *swap) before() string { return s.old.name + "-before" }

// openSwap finds what is replaced by what, and refuses what could not come back.
func openSwap(ctx context.Context, call action.Call, p recreateParams) (*swap, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return nil, err
	}
	s := &swap{Engine: e, p: p, old: c}
	reference := cmp.Or(p.Image, c.image)
	if s.image, err = e.image(ctx, reference); err != nil {
		return nil, err
	}
	var was *spec.DockerOCIImageConfig
	if image, err := e.image(ctx, c.is.Image); err == nil {
		was = image.Config
	} else if action.ClassOf(err) != action.AppliedNot {
		return nil, err
	}
	s.recipe = recipeOf(c, was, reference)
	s.sameImage = s.image.ID == c.is.Image
	s.whyNoTry, s.tries = s.recipe.canTry(c)
	if p.TryFirst != nil {
		s.tries = *p.TryFirst
		s.whyNoTry = "try_first is false"
	}
	switch {
	case c.is.HostConfig.AutoRemove:
		return nil, e.WrongParam("container", c.name+" is removed when it stops (--rm), so it could not come back", "make it anew by what made it")
	case !c.running():
		return nil, e.WrongParam("container", c.name+" is "+c.state()+", and only one that runs can come back", e.Command("start "+c.name))
	}
	for _, name := range []string{s.before(), s.old.name + "-trial"} {
		left, ok, err := e.inspect(ctx, name)
		if ok && left.is.Config.Labels[trialLabel] != "" {
			s.leftover = left
			continue
		}
		if err != nil || ok {
			if err == nil {
				err = &action.Failure{
					Applied: action.AppliedNot, Where: e.whereOf(left), What: "there is a container " + name + " already, as of a run that did not end", Tried: "to look for it, once",
					Do: []string{"look at it, then " + e.Command("rm "+name)},
				}
			}
			return nil, err
		}
	}
	return s, nil
}

func recreate(ctx context.Context, call action.Call, p recreateParams) (recreateOutputs, error) {
	s, err := openSwap(ctx, call, p)
	if err != nil {
		return recreateOutputs{}, action.NotApplied(err)
	}
	if s.tries {
		if err := s.try(ctx); err != nil {
			return recreateOutputs{}, err
		}
	}
	made, took, err := s.replace(ctx)
	if err != nil {
		return recreateOutputs{}, err
	}
	o := s.outputs(made, took)
	if p.KeepOld || s.removeIt(ctx, s.old, false) != nil { // what there is to do is done: one that is left over is told
		o.Kept = s.before()
	}
	return o, nil
}

func (s *swap) outputs(made *Container, took time.Duration) recreateOutputs {
	return recreateOutputs{
		Name: s.old.name, ID: made.id, OldID: s.old.id, Image: made.image, OldImage: s.old.image, ImageID: made.is.Image, OldImageID: s.old.is.Image,
		AwayMS: schema.Milliseconds(took),
	}
}

// try runs a container of the new image beside the old one until it is healthy, and
// removes it.
func (s *swap) try(ctx context.Context) error {
	if s.leftover != nil {
		if err := s.removeIt(ctx, s.leftover, true); err != nil {
			return err
		}
	}
	trial, err := s.make(ctx, s.old.name+"-trial", s.recipe.trial())
	if err != nil {
		return err
	}
	var why string
	var seen []string
	began := s.call.Clock.Now()
	if err = s.startIt(ctx, trial); err == nil {
		_, why, err = s.comesUp(ctx, trial.id, s.p.HealthyWithin, s.p.SteadyFor)
		if why != "" {
			seen = s.saidLast(ctx, trial)
		}
	}
	if err != nil && ctx.Err() != nil {
		return action.Lost(err)
	}
	if gone := s.removeIt(ctx, trial, true); gone != nil {
		f := *action.AsFailure(gone)
		f.Applied, f.What = action.AppliedPart, "the container "+trial.name+", a trial of the new image, was not removed; "+s.old.name+" serves as before; "+f.What
		f.Do = []string{s.Command("rm -f " + trial.name)}
		return &f
	}
	if err != nil {
		f := *action.AsFailure(err)
		f.Applied, f.What = action.AppliedNot, "the new image does not start in a trial, and "+s.old.name+" serves as before; "+f.What
		return &f
	}
	if why != "" {
		return &action.Failure{
			Applied: action.AppliedNot, Where: s.whereOf(s.old), What: "a trial of " + s.recipe.config.Image + " did not become healthy: " + why + "; " + s.old.name + " serves as before, and was never stopped",
			Tried: "a trial for " + schema.HumanDuration(s.call.Clock.Now().Sub(began)), Seen: seen, Do: []string{s.Command("run --rm " + action.Quote(s.recipe.config.Image))},
		}
	}
	return nil
}

// make makes a container of a recipe on all its networks. Where that fails it is removed.
func (s *swap) make(ctx context.Context, name string, r recipe) (*Container, error) {
	made, _, err := s.createIt(ctx, r.options(name))
	if err != nil {
		return nil, err
	}
	for _, other := range r.others() {
		err := s.Sure(ctx, made, func(ctx context.Context) error {
			_, err := s.API.NetworkConnect(ctx, other, client.NetworkConnectOptions{Container: made.id, EndpointConfig: r.networks[other]})
			return err
		}, s.isSo(made.id, func(now *Container) bool {
			return now != nil && now.is.NetworkSettings != nil && now.is.NetworkSettings.Networks[other] != nil
		}))
		if err != nil {
			if ctx.Err() == nil && s.removeIt(ctx, made, true) == nil {
				err = action.NotApplied(err)
			}
			return nil, err
		}
	}
	return made, nil
}

// replace puts the new container in the place of the old one. From the moment at which the
// old one has another name, whatever fails brings it back.
func (s *swap) replace(ctx context.Context) (made *Container, away time.Duration, err error) {
	if err := s.renameIt(ctx, s.old, s.before()); err != nil {
		return nil, 0, err
	}
	if made, err = s.make(ctx, s.old.name, s.recipe); err != nil {
		return nil, 0, s.back(ctx, nil, "the new container was not made", err)
	}
	began := s.call.Clock.Now()
	if err := s.stopIt(ctx, s.old, s.p.Timeout); err != nil {
		return nil, 0, s.back(ctx, made, s.old.name+" was not stopped", err)
	}
	if err := s.startIt(ctx, made); err != nil {
		return nil, 0, s.back(ctx, made, "the new container was not started", err)
	}
	now, why, err := s.comesUp(ctx, made.id, s.p.HealthyWithin, s.p.SteadyFor)
	if err != nil {
		return nil, 0, s.back(ctx, made, "the health of the new container was not seen", err)
	}
	if why != "" {
		return nil, 0, s.back(ctx, made, "the new container did not become healthy: "+why, &action.Failure{
			Seen: s.saidLast(ctx, made), Tried: "to run it for " + schema.HumanDuration(s.call.Clock.Now().Sub(began)),
		})
	}
	return now, s.call.Clock.Now().Sub(began), nil
}

// backWithin is how long it is tried to bring the old container back, also where the
// time of the step is over.
const backWithin = 30 * time.Second

// back removes the new container and brings the old one back: its name, and that it runs.
func (s *swap) back(ctx context.Context, made *Container, what string, cause error) error {
	f := *action.AsFailure(cause)
	if action.Cancelled(ctx) && made == nil {
		return action.Lost(&f)
	}
	f.What = strings.TrimSuffix(what+": "+f.What, ": ")
	f.Where = s.whereOf(s.old)
	ctx, cancel := s.call.Clock.WithTimeout(context.WithoutCancel(ctx), backWithin)
	defer cancel()
	err := s.bringBack(ctx, made)
	now, ok, lookErr := s.inspect(ctx, s.old.id)
	switch {
	case err == nil && lookErr == nil && ok && now.started.Equal(s.old.started):
		f.Applied = action.AppliedNot
		f.What += "; " + s.old.name + " serves as before, and was never stopped"
	case err == nil && lookErr == nil && ok && now.running():
		f.Applied = action.AppliedPart
		f.What += "; the old one was started again and runs"
		f.Do = []string{s.Command("logs --tail 50 " + s.old.name)}
	default:
		f.Applied = action.AppliedLost
		if err != nil && action.ClassOf(err) == action.AppliedNot {
			f.Applied = action.AppliedPart
		}
		f.What += "; the old one did not come back"
		f.Do = []string{s.Command("rm -f " + s.old.name), s.Command("rename " + s.before() + " " + s.old.name), s.Command("start " + s.old.name)}
	}
	return &f
}

func (s *swap) bringBack(ctx context.Context, made *Container) error {
	if made != nil {
		if err := s.removeIt(ctx, made, true); err != nil {
			return err
		}
	}
	if err := s.renameIt(ctx, &Container{id: s.old.id, name: s.before(), is: s.old.is}, s.old.name); err != nil {
		return err
	}
	return s.startIt(ctx, s.old)
}

func previewRecreate(ctx context.Context, call action.Call, p recreateParams) (action.Preview, error) {
	s, err := openSwap(ctx, call, p)
	if err != nil {
		return action.Preview{}, err
	}
	image := s.recipe.config.Image
	preview := action.Preview{
		Touches: []action.Object{s.old.Object()}, Interrupts: []string{s.old.name},
		Changes: []action.Change{{Name: "image", Before: s.old.image + " " + shortImage(s.old.is.Image), After: image + " " + shortImage(s.image.ID)}},
	}
	preview.Changes = append(preview.Changes, s.recipe.differences(s.old, s.image.Config)...)
	for _, bind := range unnamed(s.old) {
		preview.Changes = append(preview.Changes, action.Change{Name: "volume " + bind, Before: "without a name", After: "the same, by its name"})
	}
	var order []string
	if s.sameImage {
		order = append(order, "the image is the same")
	}
	if s.tries {
		order = append(order, "try "+image+" beside it, without its ports, for at most "+schema.HumanDuration(p.HealthyWithin))
	} else {
		order = append(order, "no trial, as "+s.whyNoTry)
	}
	whole := s.old.grace(p.Timeout)
	order = append(order, fmt.Sprintf("stop it within %ds, start the new one; it is down until that is healthy, at most %s more", *graceSeconds(&whole), schema.HumanDuration(p.HealthyWithin)),
		"if it is not, the old one comes back", map[bool]string{true: "else it is kept as " + s.before(), false: "else it is removed; volumes stay"}[p.KeepOld])
	preview.Summary = fmt.Sprintf("container %s (%s): %s", s.old.name, ShortID(s.old.id), strings.Join(order, "; "))
	return preview, nil
}

func shortImage(id string) string { return ShortID(strings.TrimPrefix(id, "sha256:")) }

// settleRecreate holds it for applied where another container has the name and is healthy.
func settleRecreate(ctx context.Context, call action.Call, p recreateParams, subjects []action.Subject) (action.Applied, *recreateOutputs, error) {
	e, err := Open(call)
	if err != nil || len(subjects) != 1 {
		return action.AppliedLost, nil, err
	}
	c, ok, err := e.inspect(ctx, subjects[0].Name)
	if err != nil || !ok || c.id == subjects[0].ID || !c.healthy() || p.Image != "" && c.image != p.Image {
		return action.AppliedLost, nil, err
	}
	o := recreateOutputs{Name: c.name, ID: c.id, OldID: subjects[0].ID, Image: c.image, ImageID: c.is.Image}
	if old, ok, err := e.inspect(ctx, subjects[0].ID); err == nil && ok {
		o.OldImage, o.OldImageID, o.Kept = old.image, old.is.Image, old.name
	}
	return action.AppliedFully, &o, nil
}
