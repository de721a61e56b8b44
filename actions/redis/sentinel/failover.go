package sentinel

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type failoverParams struct {
	named
	Wait time.Duration `yaml:"wait" default:"60s" min:"1s" max:"1h" doc:"How long to wait until another is the master."`
}

type failoverOutputs struct {
	Before string  `yaml:"before" doc:"Host and port of the master before."`
	After  string  `yaml:"after" doc:"Host and port of the master now."`
	TookMS float64 `yaml:"took_ms" doc:"Milliseconds until another was the master; 0 where the reply was lost."`
}

func (o failoverOutputs) Summary() string { return "master " + o.Before + " → " + o.After }

// Failover lets Sentinels name another master.
var Failover = action.New(action.Spec[failoverParams, failoverOutputs]{
	Name:    "sentinel.failover",
	Summary: "Lets a Sentinel name another master though the present one is not gone; what was written to it last may be lost.",
	Example: `
action: sentinel.failover
with: {master: cache}
`,
	Target:  Target,
	Effect:  action.Write,
	Takes:   func(p failoverParams) time.Duration { return p.Wait },
	Run:     failover,
	Preview: previewFailover,
	Subjects: func(ctx context.Context, call action.Call, p failoverParams) ([]action.Subject, error) {
		s, m, err := p.read(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "master", Name: p.Master, ID: s.Where + " " + p.Master, Version: m.Address}}, nil
	},
	Settle: settleFailover,
	Look: func(call action.Call, p failoverParams, _ []action.Subject) string {
		return server.Looking(server.Sentinel, call, "SENTINEL MASTER "+action.Quote(p.Master))
	},
})

func failover(ctx context.Context, call action.Call, p failoverParams) (failoverOutputs, error) {
	s, before, err := p.read(ctx, call)
	if err != nil {
		return failoverOutputs{}, action.NotApplied(err)
	}
	began := call.Clock.Now()
	_, err = server.Ask(ctx, s, "SENTINEL FAILOVER "+p.Master, func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.Do(ctx, "SENTINEL", "FAILOVER", p.Master).Text()
	})
	if err != nil {
		return failoverOutputs{}, explained(s, err)
	}
	after, err := p.over(ctx, call, before.Address)
	took := call.Clock.Now().Sub(began)
	switch {
	case err != nil:
		return failoverOutputs{}, action.Lost(err)
	case after.Address == before.Address && after.FailoverUnderWay:
		return failoverOutputs{}, action.Lost(&action.Failure{
			Where: s.Where, What: "another master was not named yet", Tried: "SENTINEL FAILOVER " + p.Master + ", once, " + schema.HumanDuration(took),
			Do: []string{s.Command("SENTINEL MASTER " + action.Quote(p.Master)), "raise wait"},
		})
	case after.Address == before.Address:
		return failoverOutputs{}, action.NotApplied(&action.Failure{
			Where: s.Where, What: "the Sentinel gave it up, and the master is the same", Tried: "SENTINEL FAILOVER " + p.Master + ", once, " + schema.HumanDuration(took),
			Do: []string{s.Command("SENTINEL REPLICAS " + action.Quote(p.Master)), "read the log of the Sentinel"},
		})
	}
	return failoverOutputs{Before: before.Address, After: after.Address, TookMS: schema.Milliseconds(took)}, nil
}

// over waits until the master is another and nothing is under way, for as long as the step
// wants to. It gives a failover that is not seen to begin a moment to do so.
func (p failoverParams) over(ctx context.Context, call action.Call, before string) (master, error) {
	began, seen := call.Clock.Now(), false
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		s, m, err := p.read(ctx, call)
		waited := call.Clock.Now().Sub(began)
		seen = seen || m.FailoverUnderWay
		if err != nil || m.Address != before && !m.FailoverUnderWay || waited >= p.Wait || m.Address == before && !m.FailoverUnderWay && (seen || waited > 5*time.Second) {
			return m, err
		}
		call.Progress(action.Progress{Done: int(waited / time.Second), Note: m.Flags})
		if err := call.Clock.Sleep(ctx, pause); err != nil {
			return m, s.Failed(ctx, "waited for another master", call.Clock.Now().Sub(began), err)
		}
	}
}

func previewFailover(ctx context.Context, call action.Call, p failoverParams) (action.Preview, error) {
	s, m, err := p.read(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{
		Summary:    "another master of " + p.Master + " than " + m.Address,
		Touches:    []action.Object{{Kind: "master", Name: p.Master, Note: m.Address}},
		Changes:    []action.Change{{Name: "master", Before: m.Address, After: "a replica"}},
		Interrupts: []string{"who writes to " + p.Master},
	}
	replicas, err := ask(ctx, s, "REPLICAS", p.Master)
	for _, r := range replicas {
		preview.Touches = append(preview.Touches, action.Object{Kind: "replica", Name: r["name"], Note: r["flags"] + ", link " + r["master-link-status"]})
	}
	return preview, err
}

// settleFailover waits for one that is under way. That the master is the same proves nothing:
// the request may not have come yet.
func settleFailover(ctx context.Context, call action.Call, p failoverParams, subjects []action.Subject) (action.Applied, *failoverOutputs, error) {
	if len(subjects) != 1 {
		return action.AppliedLost, nil, nil
	}
	before := subjects[0].Version
	m, err := p.over(ctx, call, before)
	if err != nil || m.Address == before {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &failoverOutputs{Before: before, After: m.Address}, nil
}
