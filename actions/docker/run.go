package docker

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// The labels of containers that runbook makes.
const (
	runLabel  = "runbook.run"
	stepLabel = "runbook.step"
	// trialLabel is that of a trial of docker.recreate: one that is left over is no loss.
	trialLabel = "runbook.trial"
)

type runParams struct {
	Image   string                 `yaml:"image" doc:"An image that is there; docker.pull gets one."`
	Argv    []string               `yaml:"argv,omitempty" doc:"The program and its arguments, behind the image's entrypoint; empty: the image's own. docker inspect shows them: no secrets here."`
	Env     map[string]schema.Text `yaml:"env,omitempty" doc:"Environment variables beside the image's; docker inspect shows them while it is there."`
	Volumes []string               `yaml:"volumes,omitempty" doc:"As volume:/path, /folder/of/the/host:/path, and either with :ro behind."`
	Network string                 `yaml:"network,omitempty" doc:"A network, host, none, or container:NAME; empty: Docker's bridge."`
	Memory  *schema.Size           `yaml:"memory" min:"6MiB" doc:"Limit of memory; none without it."`
	CPUs    *float64               `yaml:"cpus" min:"0.01" max:"4096" doc:"Limit in processors; none without it."`
	User    string                 `yaml:"user,omitempty" doc:"User, or user:group; empty: the image's."`
	Workdir string                 `yaml:"workdir,omitempty" doc:"Directory; empty: the image's."`
	Name    string                 `yaml:"name,omitempty" pattern:"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$" doc:"Name of the container; without it one that says runbook."`
	For     time.Duration          `yaml:"for" default:"10m" min:"1s" max:"24h" doc:"How long it may run; then it is stopped."`
	Keep    bool                   `yaml:"keep" default:"false" doc:"It is not removed when it has ended, so that docker logs shows it."`
}

// Brief returns image and program.
func (p runParams) Brief() string { return strings.TrimSpace(p.Image + " " + commandLine(p.Argv)) }

type runOutputs struct {
	execOutputs
	Container string `yaml:"container" doc:"Name of the container."`
	ID        string `yaml:"id" doc:"The whole id of the container."`
	OOMKilled bool   `yaml:"oom_killed" doc:"The kernel killed it for its use of memory."`
	Kept      bool   `yaml:"kept" doc:"The container is still there."`
}

func (o runOutputs) Summary() string {
	text := o.execOutputs.Summary()
	if o.OOMKilled {
		text += ", killed for its use of memory"
	}
	return text
}

// Run runs a program once in a container of its own.
var Run = action.New(action.Spec[runParams, runOutputs]{
	Name:     "docker.run",
	Summary:  "Runs a program once in a new container of an image, waits until it ends, and gives its exit code and output.",
	Example:  "action: docker.run\nwith: {image: \"redis:7.2\", argv: [redis-cli, -h, redis, ping], network: mltb_default, memory: 64MiB, for: 2m}\nverify: [outputs.exit_code == 0]",
	Target:   Target,
	Effect:   action.Write,
	Takes:    func(p runParams) time.Duration { return p.For },
	Run:      runOnce,
	Preview:  previewRun,
	Subjects: subjectsOfRun,
	Settle:   settleRun,
	Look: func(call action.Call, p runParams, _ []action.Subject) string {
		return Looking(call, "ps -a --filter name="+action.Quote(p.nameFor(call)))
	},
})

// nameFor is the name of the container: the same in each attempt of a step.
func (p runParams) nameFor(call action.Call) string {
	sum := sha256.Sum256([]byte(call.Run + "\x00" + call.Step))
	return cmp.Or(p.Name, fmt.Sprintf("runbook-%x", sum[:6]))
}

// options is the request that makes the container.
func (p runParams) options(call action.Call) client.ContainerCreateOptions {
	o := client.ContainerCreateOptions{
		Name: p.nameFor(call),
		Config: &container.Config{
			Image: p.Image, Cmd: p.Argv, User: p.User, WorkingDir: p.Workdir, AttachStdout: true, AttachStderr: true,
			Labels: map[string]string{runLabel: call.Run, stepLabel: call.Step},
		},
		HostConfig: &container.HostConfig{Binds: p.Volumes, NetworkMode: container.NetworkMode(p.Network)},
	}
	if project, _ := call.Target.Config["project"].(string); project != "" {
		o.Config.Labels[ProjectLabel], o.Config.Labels[oneOffLabel] = project, "True" // as compose run does
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		o.Config.Env = append(o.Config.Env, name+"="+p.Env[name].Reveal())
	}
	if p.Memory != nil {
		o.HostConfig.Memory, o.HostConfig.MemorySwap = int64(*p.Memory), int64(*p.Memory)
	}
	if p.CPUs != nil {
		o.HostConfig.NanoCPUs = int64(*p.CPUs * 1e9)
	}
	return o
}

// image reads an image that is needed.
func (e *Engine) image(ctx context.Context, reference string) (client.ImageInspectResult, error) {
	ctx, a := e.Try(ctx)
	r, err := e.API.ImageInspect(ctx, reference)
	if err != nil && a.Status() == 404 {
		return r, &action.Failure{
			Applied: action.AppliedNot, Where: e.Where(), What: "no image " + reference, Tried: "to find it at the engine, once; nothing was pulled",
			Do: []string{e.Command("pull " + action.Quote(reference)), "or docker.pull before this step"},
		}
	}
	return r, e.Failed(a, err, nil)
}

func (p runParams) open(ctx context.Context, call action.Call) (*Engine, client.ImageInspectResult, error) {
	e, err := Open(call)
	if err != nil {
		return nil, client.ImageInspectResult{}, err
	}
	for _, v := range p.Volumes {
		if parts := strings.Split(v, ":"); len(parts) < 2 || len(parts) > 3 || !strings.HasPrefix(parts[1], "/") {
			return nil, client.ImageInspectResult{}, e.WrongParam("volumes", fmt.Sprintf("%q is not volume:/path", v))
		}
	}
	image, err := e.image(ctx, p.Image)
	return e, image, err
}

func runOnce(ctx context.Context, call action.Call, p runParams) (runOutputs, error) {
	e, _, err := p.open(ctx, call)
	if err != nil {
		return runOutputs{}, action.NotApplied(err)
	}
	began := call.Clock.Now()
	c, _, err := e.createIt(ctx, p.options(call))
	if err != nil {
		return runOutputs{}, err
	}
	if err := e.startIt(ctx, c); err != nil {
		return runOutputs{}, e.notStarted(ctx, c, err)
	}
	ended, err := e.ends(ctx, c, p.For)
	if err != nil {
		return runOutputs{}, e.lostRun(c, err)
	}
	o, err := e.ran(ctx, ended)
	if err != nil {
		return runOutputs{}, action.Lost(err)
	}
	o.DurationMS = schema.Milliseconds(call.Clock.Now().Sub(began))
	if !p.Keep {
		o.Kept = e.removeIt(ctx, c, false) != nil // it did what it was to do
	}
	return o, nil
}

// notStarted takes a container away that could not be started, as with a program that
// the image does not have: that has run nothing.
func (e *Engine) notStarted(ctx context.Context, c *Container, err error) error {
	f := *action.AsFailure(err)
	now, ok, lookErr := e.inspect(ctx, c.id)
	if lookErr != nil || !ok || !now.started.IsZero() || now.is.State.Running {
		return err
	}
	f.Applied, f.What = action.AppliedPart, "the program was not started; "+f.What
	if e.removeIt(ctx, c, false) == nil {
		f.Applied = action.AppliedNot
	}
	return &f
}

// ends waits until a container has ended; where its time is over it is stopped.
func (e *Engine) ends(ctx context.Context, c *Container, within time.Duration) (*Container, error) {
	stopped := false
	for began := e.call.Clock.Now(); ; {
		now, ok, err := e.inspect(ctx, c.id)
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && !ok {
			return nil, errors.New("the container is gone")
		}
		if err == nil && now.is.State.Status != container.StateCreated && !now.is.State.Running && !now.is.State.Restarting {
			if stopped {
				return nil, fmt.Errorf("the program did not end in %s and was stopped", schema.HumanDuration(within))
			}
			return now, nil
		}
		if waited := e.call.Clock.Now().Sub(began); waited >= within {
			if stopped {
				return nil, cmp.Or(err, errors.New("the program does not stop"))
			}
			if err := e.stopIt(ctx, c, nil); err != nil {
				return nil, err
			}
			stopped = true
			continue
		}
		if err := e.call.Clock.Sleep(ctx, upEvery); err != nil {
			return nil, err
		}
	}
}

// ran is what a container that has ended gave.
func (e *Engine) ran(ctx context.Context, c *Container) (runOutputs, error) {
	out, errs := &boundedText{}, &boundedText{}
	try, a := e.Try(ctx)
	stream, err := e.API.ContainerLogs(try, c.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return runOutputs{}, e.Failed(a, err, c)
	}
	defer stream.Close()
	if err := demultiplex(out, errs, stream); err != nil {
		return runOutputs{}, e.Failed(a, err, c)
	}
	return runOutputs{
		execOutputs: execOutputs{
			ExitCode: c.is.State.ExitCode, Stdout: out.String(), Stderr: errs.String(), Truncated: out.cut() || errs.cut(),
		},
		Container: c.name, ID: c.id, OOMKilled: c.is.State.OOMKilled, Kept: true,
	}, nil
}

// lostRun is the failure of a program whose end was not seen, or that was stopped.
func (e *Engine) lostRun(c *Container, err error) error {
	f := &action.Failure{
		Applied: action.AppliedPart, Where: e.whereOf(c), What: err.Error(), Err: err, Tried: "start, and looks at it until its time was over",
		Do: []string{e.Command("logs --tail 50 " + c.name), e.Command("rm " + c.name)},
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		f.Applied, f.What = action.AppliedLost, "the program was started and its end was not seen; its container may still run"
		f.Do[1] = e.Command("rm -f " + c.name)
	}
	return f
}

func previewRun(ctx context.Context, call action.Call, p runParams) (action.Preview, error) {
	e, image, err := p.open(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	name := p.nameFor(call)
	if c, ok, err := e.inspect(ctx, name); err != nil || ok {
		if err == nil {
			err = &action.Failure{Applied: action.AppliedNot, What: "there is a container " + name + " already", Where: e.whereOf(c), Tried: "to look for it, once", Do: []string{e.Command("rm " + name)}}
		}
		return action.Preview{}, err
	}
	argv := p.Argv
	if len(argv) == 0 && image.Config != nil {
		argv = image.Config.Cmd
	}
	then := "removed when it has ended"
	if p.Keep {
		then = "kept when it has ended"
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("run %s once in a new container of %s, for at most %s", commandLine(argv), p.Image, schema.HumanDuration(p.For)),
		Touches: []action.Object{{Kind: "image", Name: p.Image, ID: ShortID(strings.TrimPrefix(image.ID, "sha256:"))}},
		Changes: []action.Change{{Name: "container " + name, Before: "none", After: "started, then " + then}},
	}
	if names := variables(p.Env); len(names) > 0 {
		preview.Summary += ", with " + strings.Join(names, ", ")
	}
	for label, text := range map[string]string{"network": p.Network, "user": p.User, "volumes": strings.Join(p.Volumes, ", ")} {
		if text != "" {
			preview.Changes = append(preview.Changes, action.Change{Name: label, Before: "none", After: text})
		}
	}
	if p.Memory != nil {
		preview.Changes = append(preview.Changes, action.Change{Name: "memory limit", Before: "none", After: limitText(int64(*p.Memory))})
	}
	if p.CPUs != nil {
		preview.Changes = append(preview.Changes, action.Change{Name: "cpus", Before: "none", After: cpuText(*p.CPUs)})
	}
	slices.SortStableFunc(preview.Changes[1:], func(a, b action.Change) int { return cmp.Compare(a.Name, b.Name) })
	return preview, nil
}

func subjectsOfRun(ctx context.Context, call action.Call, p runParams) ([]action.Subject, error) {
	_, image, err := p.open(ctx, call)
	if err != nil {
		return nil, err
	}
	return []action.Subject{{Kind: "image", Name: p.Image, ID: image.ID}}, nil
}

// settleRun looks for the container by its name: where it has ended, it tells what it gave.
// Where there is none, it may have been removed, or never made.
func settleRun(ctx context.Context, call action.Call, p runParams, _ []action.Subject) (action.Applied, *runOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	c, ok, err := e.inspect(ctx, p.nameFor(call))
	if err != nil || !ok || c.is.Config.Labels[runLabel] != call.Run || c.is.State.Status != container.StateExited {
		return action.AppliedLost, nil, err
	}
	o, err := e.ran(ctx, c)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &o, nil
}
