package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type rollingParams struct {
	Containers    []string          `yaml:"containers,omitempty" doc:"Names of containers or Compose services, of a service all replicas; or the beginnings of ids."`
	Labels        map[string]string `yaml:"labels,omitempty" doc:"Containers with all these labels; an empty value takes any."`
	MaxDown       int               `yaml:"max_down" default:"1" min:"1" max:"100" doc:"How many may be down at once."`
	Timeout       *time.Duration    `yaml:"timeout" min:"0s" max:"1h" doc:"Time for each to stop by itself; then it is killed. Without it the container's own."`
	HealthyWithin time.Duration     `yaml:"healthy_within" default:"60s" min:"1s" max:"1h" doc:"Time for each to become healthy; the next waits for that."`
	SteadyFor     time.Duration     `yaml:"steady_for" default:"5s" min:"0s" max:"1h" doc:"How long one without a health check must run before the next."`
}

// Brief returns the containers.
func (p rollingParams) Brief() string {
	text := strings.Join(p.Containers, ", ")
	if p.MaxDown > 1 {
		text += fmt.Sprintf(", %d at once", p.MaxDown)
	}
	return text
}

// assumed is how many containers there are thought to be where their names do not tell.
const assumed = 10

func (p rollingParams) takes() time.Duration {
	n := max(assumed, len(p.Containers))
	return time.Duration((n+p.MaxDown-1)/max(1, p.MaxDown)) * (given(p.Timeout) + p.HealthyWithin + p.SteadyFor)
}

type rolled struct {
	Name           string    `yaml:"name" doc:"Name of the container."`
	ID             string    `yaml:"id" doc:"The whole id."`
	StartedAt      time.Time `yaml:"started_at" doc:"Of the new start, by the engine's clock."`
	HealthyAfterMS float64   `yaml:"healthy_after_ms" doc:"From the request to stop it until it was healthy again."`
}

type rollingOutputs struct {
	Restarted []rolled `yaml:"restarted" doc:"In the order in which it was done."`
	Count     int      `yaml:"count" doc:"How many."`
}

func (o rollingOutputs) Summary() string {
	longest := 0.0
	for _, r := range o.Restarted {
		longest = max(longest, r.HealthyAfterMS)
	}
	text := fmt.Sprintf("%d containers restarted, one after the other", o.Count)
	if longest > 0 {
		text += ", each healthy within " + schema.HumanMilliseconds(longest)
	}
	return text
}

// RollingRestart restarts several containers, so many at once that the others serve.
var RollingRestart = action.New(action.Spec[rollingParams, rollingOutputs]{
	Name:     "docker.rolling_restart",
	Summary:  "Restarts several containers, few at once: each must be healthy before the next; it stops at the first that is not.",
	Example:  "action: docker.rolling_restart\nwith: {containers: [worker], healthy_within: 60s}\nobserve: {action: docker.list, with: {name: worker}}\nverify: [\"all(observed.containers, .healthy and .started_at > run.started)\"]",
	Target:   Target,
	Effect:   action.Write,
	Takes:    rollingParams.takes,
	Run:      rollingRestart,
	Preview:  previewRolling,
	Subjects: subjectsOfRolling,
	Settle:   settleRolling,
	Look: func(call action.Call, _ rollingParams, subjects []action.Subject) string {
		names := make([]string, len(subjects))
		for i, s := range subjects {
			names[i] = action.Quote(s.Name)
		}
		return Looking(call, "inspect -f "+action.Quote("{{.Name}} "+stateAndStart)+" "+strings.Join(names, " "))
	},
})

// rolling are the containers of a call, in the order in which they are restarted: those
// that are down already first, as that takes away nothing; else by name.
func rolling(ctx context.Context, call action.Call, p rollingParams) (*Engine, []*Container, error) {
	e, err := Open(call)
	if err != nil {
		return nil, nil, err
	}
	if len(p.Containers)+len(p.Labels) == 0 {
		return nil, nil, e.WrongParam("containers", "neither containers nor labels are given", "name the containers, or their service")
	}
	all, err := e.containers(ctx, true, Having("", "", p.Labels))
	if err != nil {
		return nil, nil, err
	}
	named := all
	if len(p.Containers) > 0 {
		named = nil
		for _, reference := range p.Containers {
			found := matching(all, bare(reference))
			if len(found) == 0 {
				return nil, nil, e.missing(reference, all)
			}
			named = append(named, found...)
		}
	}
	slices.SortFunc(named, func(a, b container.Summary) int {
		return cmp.Or(byNumber(summaryName(a), summaryName(b)), cmp.Compare(a.ID, b.ID))
	})
	named = slices.CompactFunc(named, func(a, b container.Summary) bool { return a.ID == b.ID })
	if len(named) == 0 {
		return nil, nil, e.missing(fmt.Sprint(p.Labels), all)
	}
	var found []*Container
	for _, s := range named {
		c, ok, err := e.inspect(ctx, s.ID)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b *Container) int { return cmp.Compare(number01(a.healthy()), number01(b.healthy())) })
	return e, found, nil
}

func number01(is bool) int {
	if is {
		return 1
	}
	return 0
}

// byNumber compares names with the numbers at their ends as numbers: app-9 before app-10.
func byNumber(a, b string) int {
	cut := func(name string) (string, int) {
		head := strings.TrimRight(name, "0123456789")
		n, _ := strconv.Atoi(name[len(head):])
		return head, n
	}
	headA, nA := cut(a)
	headB, nB := cut(b)
	return cmp.Or(cmp.Compare(headA, headB), cmp.Compare(nA, nB))
}

func rollingRestart(ctx context.Context, call action.Call, p rollingParams) (rollingOutputs, error) {
	e, list, err := rolling(ctx, call, p)
	if err != nil {
		return rollingOutputs{}, action.NotApplied(err)
	}
	o := rollingOutputs{Restarted: []rolled{}}
	for len(list) > 0 {
		n := min(p.MaxDown, len(list))
		if err := e.mayGoDown(ctx, list[:n], list[n:], o, p); err != nil {
			return o, stoppedAt(err, o, list, nil)
		}
		done, failed, err := e.restartTogether(ctx, list[:n], p)
		o.Restarted = append(o.Restarted, done...)
		o.Count = len(o.Restarted)
		if err != nil {
			return o, stoppedAt(err, o, list[n:], failed)
		}
		list = list[n:]
		call.Progress(action.Progress{Done: o.Count, Total: o.Count + len(list), Note: "restarted"})
	}
	return o, nil
}

// mayGoDown refuses where with those that are to be restarted more would be down than may
// be, as when one of the others has gone down meanwhile.
func (e *Engine) mayGoDown(ctx context.Context, next, later []*Container, o rollingOutputs, p rollingParams) error {
	ids := make([]string, 0, len(o.Restarted)+len(later))
	for _, r := range o.Restarted {
		ids = append(ids, r.ID)
	}
	for _, c := range later {
		ids = append(ids, c.id)
	}
	var down []string
	for _, id := range ids {
		c, ok, err := e.inspect(ctx, id)
		if err != nil {
			return action.NotApplied(err)
		}
		if ok && !c.healthy() {
			down = append(down, c.name)
		}
	}
	up := slices.IndexFunc(next, func(c *Container) bool { return c.healthy() })
	if up < 0 || len(down)+len(next) <= p.MaxDown {
		return nil
	}
	return &action.Failure{
		Applied: action.AppliedNot, Where: e.Where(), Tried: "to look at all of them before the next is restarted",
		What: fmt.Sprintf("%s was not restarted: %s is down already, and with it more than %d would be", next[up].name, some(down, 4), p.MaxDown),
		Do:   []string{e.Command("logs --tail 50 " + down[0])},
	}
}

// restartTogether restarts some containers at once, and waits until all are healthy.
func (e *Engine) restartTogether(ctx context.Context, some []*Container, p rollingParams) (done []rolled, failed *Container, err error) {
	type result struct {
		rolled
		err error
	}
	results := make([]result, len(some))
	finished := make(chan struct{})
	for i, c := range some {
		go func() {
			results[i].rolled, results[i].err = e.restartHealthy(ctx, c, p)
			finished <- struct{}{}
		}()
	}
	for range some {
		<-finished
	}
	for i, r := range results {
		if r.err != nil {
			if err == nil || action.ClassOf(r.err) == action.AppliedLost {
				failed, err = some[i], r.err
			}
			continue
		}
		done = append(done, r.rolled)
	}
	return done, failed, err
}

// restartHealthy restarts one container and waits until it is healthy.
func (e *Engine) restartHealthy(ctx context.Context, c *Container, p rollingParams) (rolled, error) {
	began := e.call.Clock.Now()
	err := e.Sure(ctx, c, func(ctx context.Context) error {
		_, err := e.API.ContainerRestart(ctx, c.id, client.ContainerRestartOptions{Timeout: graceSeconds(p.Timeout)})
		return err
	}, func(ctx context.Context) (bool, error) { return e.startsLater(ctx, c, c.grace(p.Timeout)+settleMargin) })
	if err != nil {
		if now, ok, lookErr := e.inspect(ctx, c.id); lookErr == nil && ok && action.ClassOf(err) == action.AppliedLost && !now.running() {
			f := *action.AsFailure(err)
			f.Applied, f.What = action.AppliedPart, c.name+" was stopped and did not start again; "+f.What
			return rolled{}, &f
		}
		return rolled{}, err
	}
	now, why, err := e.comesUp(ctx, c.id, p.HealthyWithin, p.SteadyFor)
	if err != nil {
		return rolled{}, action.Lost(err)
	}
	if why != "" {
		return rolled{}, &action.Failure{
			Applied: action.AppliedPart, Where: e.whereOf(c), What: c.name + " was restarted, and did not come back: " + why,
			Tried: "restart, then looks for " + schema.HumanDuration(e.call.Clock.Now().Sub(began)), Seen: e.saidLast(ctx, c), Do: []string{e.Command("logs --tail 50 " + c.name)},
		}
	}
	return rolled{now.name, now.id, now.started, schema.Milliseconds(e.call.Clock.Now().Sub(began))}, nil
}

// startsLater waits until a container was started anew.
func (e *Engine) startsLater(ctx context.Context, before *Container, within time.Duration) (bool, error) {
	for until := e.call.Clock.Now().Add(within); ; {
		now, ok, err := e.inspect(ctx, before.id)
		if err != nil || !ok || now.started.After(before.started) {
			return ok && err == nil, err
		}
		if !e.call.Clock.Now().Before(until) {
			return false, nil
		}
		if err := e.call.Clock.Sleep(ctx, time.Second); err != nil {
			return false, err
		}
	}
}

// stoppedAt says what was done before a failure, and what is left as it was.
func stoppedAt(err error, o rollingOutputs, left []*Container, failed *Container) error {
	f := *action.AsFailure(err)
	if o.Count > 0 && f.Applied == action.AppliedNot {
		f.Applied = action.AppliedPart
	}
	var done, rest []string
	for _, r := range o.Restarted {
		done = append(done, r.Name)
	}
	for _, c := range left {
		if failed == nil || c.id != failed.id {
			rest = append(rest, c.name)
		}
	}
	f.What += fmt.Sprintf("; restarted: %s; left as they were: %s", cmp.Or(some(done, 3), "none"), cmp.Or(some(rest, 3), "none"))
	return &f
}

func previewRolling(ctx context.Context, call action.Call, p rollingParams) (action.Preview, error) {
	_, list, err := rolling(ctx, call, p)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{}
	longest, unchecked := time.Duration(0), 0
	var names []string
	for i, c := range list {
		preview.Touches = append(preview.Touches, c.Object())
		preview.Changes = append(preview.Changes, action.Change{Name: fmt.Sprintf("%d. %s", i/p.MaxDown+1, c.name), Before: stateOf(c), After: "running, started anew"})
		longest = max(longest, c.grace(p.Timeout))
		if !c.hasHealthCheck() {
			unchecked++
		}
		if c.running() {
			preview.Interrupts = append(preview.Interrupts, c.name)
		}
		names = append(names, c.name)
	}
	preview.Summary = fmt.Sprintf("restart %d containers, %d at once, in this order: %s; each is down until it is healthy, to stop at most %s and then at most %s; at the first that is not, the rest stays as it is",
		len(list), p.MaxDown, some(names, 8), schema.HumanDuration(longest), schema.HumanDuration(p.HealthyWithin))
	if unchecked > 0 {
		preview.Summary += fmt.Sprintf("; %d have no health check and must run for %s", unchecked, schema.HumanDuration(p.SteadyFor))
	}
	return preview, nil
}

func subjectsOfRolling(ctx context.Context, call action.Call, p rollingParams) ([]action.Subject, error) {
	_, list, err := rolling(ctx, call, p)
	if err != nil {
		return nil, err
	}
	subjects := make([]action.Subject, len(list))
	for i, c := range list {
		subjects[i] = c.Subject()
	}
	return subjects, nil
}

// settleRolling holds it for applied where all were started anew and are healthy.
func settleRolling(ctx context.Context, call action.Call, _ rollingParams, subjects []action.Subject) (action.Applied, *rollingOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	o := &rollingOutputs{Restarted: []rolled{}, Count: len(subjects)}
	for _, s := range subjects {
		c, ok, err := e.inspect(ctx, s.ID)
		if err != nil || !ok || !c.started.After(parseTime(s.Version)) || !c.healthy() {
			return action.AppliedLost, nil, err
		}
		o.Restarted = append(o.Restarted, rolled{Name: c.name, ID: c.id, StartedAt: c.started})
	}
	return action.AppliedFully, o, nil
}
