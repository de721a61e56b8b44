package redis

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type failoverParams struct {
	To      string        `yaml:"to,omitempty" doc:"Host and port of the replica that shall be the master, as redis.replication gives it; without it the one that is least behind."`
	Timeout time.Duration `yaml:"timeout" default:"10s" min:"1s" max:"1h" doc:"How long writes may stand still until the replica has them all; then all stays as it is."`
}

func (p failoverParams) Brief() string { return p.To }

type failoverOutputs struct {
	Before string  `yaml:"before" doc:"The master before: this server."`
	After  string  `yaml:"after" doc:"The master now."`
	TookMS float64 `yaml:"took_ms" doc:"Milliseconds until the roles had changed; 0 where the reply was lost."`
}

func (o failoverOutputs) Summary() string { return "master " + o.Before + " → " + o.After }

// Failover exchanges a master and a replica.
var Failover = action.New(action.Spec[failoverParams, failoverOutputs]{
	Name:    "redis.failover",
	Summary: "Makes a replica the master, and the master its replica, without losing writes: these stand still meanwhile. It needs Redis 6.2, and no Sentinel or cluster that decides it.",
	Example: `
action: redis.failover
with: {timeout: 5s}
`,
	Target:  Target,
	Effect:  action.Write,
	Takes:   func(p failoverParams) time.Duration { return p.Timeout },
	Run:     failover,
	Preview: previewFailover,
	Subjects: func(ctx context.Context, call action.Call, p failoverParams) ([]action.Subject, error) {
		s, is, err := p.read(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "master", Name: s.Where, ID: s.Where, Version: masterOf(is)}}, nil
	},
	Settle: settleFailover,
	Look: func(call action.Call, _ failoverParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "INFO replication")
	},
})

// read returns the state of a master that has a replica to give its role to.
func (p failoverParams) read(ctx context.Context, call action.Call) (*server.Server, replicationOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, replicationOutputs{}, err
	}
	is, err := replicationOf(ctx, s)
	if err != nil {
		return s, is, err
	}
	refused := func(what, do string) (*server.Server, replicationOutputs, error) {
		return s, is, &action.Failure{Applied: action.AppliedNot, Where: s.Where, Final: true, What: what, Tried: "INFO replication", Do: []string{do}}
	}
	switch {
	case is.FailoverProgress == "":
		return refused("the server is too old for FAILOVER, or does not tell: it needs Redis 6.2", "use redis.replicate at the replica and then here")
	case is.MasterAddress != "":
		return refused("the server is a replica of "+is.MasterAddress+", and no master", "name a target with that address")
	case p.To != "" && !online(is, p.To):
		return refused("no replica "+p.To+" is online", "look at redis.replication: it lists the replicas")
	case is.OnlineReplicas == 0:
		return refused("the master has no replica that is online", "start a replica; redis.replication lists them")
	}
	return s, is, nil
}

func online(is replicationOutputs, address string) bool {
	for _, r := range is.Replicas {
		if r.Address == address && r.State == "online" {
			return true
		}
	}
	return false
}

func failover(ctx context.Context, call action.Call, p failoverParams) (failoverOutputs, error) {
	s, _, err := p.read(ctx, call)
	if err != nil {
		return failoverOutputs{}, action.NotApplied(err)
	}
	words := []any{"FAILOVER"}
	if p.To != "" {
		host, port, _ := net.SplitHostPort(p.To)
		words = append(words, "TO", host, port)
	}
	words = append(words, "TIMEOUT", strconv.FormatInt(p.Timeout.Milliseconds(), 10))
	began := call.Clock.Now()
	if _, err := server.Ask(ctx, s, "FAILOVER", func(ctx context.Context, c *goredis.Client) (string, error) { return c.Do(ctx, words...).Text() }); err != nil {
		return failoverOutputs{}, err
	}
	is, err := over(ctx, s, call)
	took := call.Clock.Now().Sub(began)
	switch {
	case err != nil:
		return failoverOutputs{}, action.Lost(err)
	case is.MasterAddress == "":
		return failoverOutputs{}, action.NotApplied(&action.Failure{
			Where: s.Where, What: "the replica did not catch up in time, and all is as it was", Tried: "FAILOVER, once, " + schema.HumanDuration(took),
			Do: []string{"raise timeout, or try when less is written", s.Command("INFO replication")},
		})
	}
	return failoverOutputs{Before: s.Address(), After: is.MasterAddress, TookMS: schema.Milliseconds(took)}, nil
}

// over waits until no failover is under way.
func over(ctx context.Context, s *server.Server, call action.Call) (replicationOutputs, error) {
	for began, pause := call.Clock.Now(), 20*time.Millisecond; ; pause = min(2*pause, time.Second) {
		is, err := replicationOf(ctx, s)
		if err != nil || is.FailoverProgress == "no-failover" {
			return is, err
		}
		call.Progress(action.Progress{Done: int(call.Clock.Now().Sub(began) / time.Second), Note: strings.ReplaceAll(is.FailoverProgress, "-", " ")})
		if err := call.Clock.Sleep(ctx, pause); err != nil {
			return is, s.Failed(ctx, "waited for the failover", call.Clock.Now().Sub(began), err)
		}
	}
}

func previewFailover(ctx context.Context, call action.Call, p failoverParams) (action.Preview, error) {
	s, is, err := p.read(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	to := p.To
	if to == "" {
		to = "the replica that is least behind"
	}
	preview := action.Preview{
		Summary:    "master " + s.Address() + " → " + to,
		Touches:    []action.Object{{Kind: "master", Name: s.Where}},
		Changes:    []action.Change{{Name: "master", Before: s.Address(), After: to}},
		Interrupts: []string{"who writes, for up to " + schema.HumanDuration(p.Timeout)},
	}
	for _, r := range is.Replicas {
		note := r.State
		if r.BehindBytes != nil {
			note += ", " + schema.HumanBytes(float64(*r.BehindBytes)) + " behind"
		}
		preview.Touches = append(preview.Touches, action.Object{Kind: "replica", Name: r.Address, Note: note})
	}
	return preview, nil
}

// settleFailover waits for one that is under way. That the server is still the master proves
// nothing: the request may not have come yet.
func settleFailover(ctx context.Context, call action.Call, _ failoverParams, _ []action.Subject) (action.Applied, *failoverOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	is, err := over(ctx, s, call)
	if err != nil || is.MasterAddress == "" {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &failoverOutputs{Before: s.Address(), After: is.MasterAddress}, nil
}
