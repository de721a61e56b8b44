package redis

import (
	"context"
	"fmt"
	"net"
	"regexp"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type replicateParams struct {
	Master string `yaml:"master" doc:"Host and port of the master that it shall follow, as 10.0.0.1:6379; none makes it a master with the keys that it has."`
}

func (p replicateParams) Brief() string { return p.Master }

type replicateOutputs struct {
	Before  string `yaml:"before" doc:"The master that it followed, or none."`
	After   string `yaml:"after" doc:"The master that it follows, or none."`
	Changed bool   `yaml:"changed" doc:"false: it was so already."`
}

func (o replicateOutputs) Summary() string {
	if !o.Changed {
		return "it was " + roleOf(o.After) + " already"
	}
	return roleOf(o.Before) + " → " + roleOf(o.After)
}

// Nothing reports that all was as it should be.
func (o replicateOutputs) Nothing() bool { return !o.Changed }

// Replicate makes a server a replica, or a master.
var Replicate = action.New(action.Spec[replicateParams, replicateOutputs]{
	Name:    "redis.replicate",
	Summary: "Makes a Redis server a replica of another, for which it gives up its own keys, or a master with those that it has.",
	Example: `
action: redis.replicate
with: {master: none}
`,
	Target: Target,
	Effect: action.Destructive,
	EffectOf: func(p replicateParams) action.Effect {
		if p.Master == noMaster {
			return action.Write
		}
		return action.Destructive
	},
	Run:     replicate,
	Preview: previewReplicate,
	Subjects: func(ctx context.Context, call action.Call, p replicateParams) ([]action.Subject, error) {
		s, is, err := p.read(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "server", Name: s.Where, ID: s.Where, Version: masterOf(is)}}, nil
	},
	Settle: func(ctx context.Context, call action.Call, p replicateParams, subjects []action.Subject) (action.Applied, *replicateOutputs, error) {
		_, is, err := p.read(ctx, call)
		if err != nil || len(subjects) != 1 || masterOf(is) != p.Master || subjects[0].Version == p.Master {
			return action.AppliedLost, nil, err
		}
		return action.AppliedFully, &replicateOutputs{Before: subjects[0].Version, After: p.Master, Changed: true}, nil
	},
	Look: func(call action.Call, _ replicateParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "INFO replication")
	},
})

const noMaster = "none"

var hostAndPort = regexp.MustCompile(`^[0-9A-Za-z_.:\[\]-]+:[0-9]{1,5}$`)

func roleOf(master string) string {
	if master == noMaster {
		return "a master"
	}
	return "a replica of " + master
}

// masterOf is the master that a server follows, or none.
func masterOf(o replicationOutputs) string {
	if o.MasterAddress == "" {
		return noMaster
	}
	return o.MasterAddress
}

func (p replicateParams) read(ctx context.Context, call action.Call) (*server.Server, replicationOutputs, error) {
	if p.Master != noMaster && !hostAndPort.MatchString(p.Master) {
		return nil, replicationOutputs{}, action.ParamError("master", "it is neither none nor host:port, as 10.0.0.1:6379")
	}
	s, err := server.Of(call)
	if err != nil {
		return nil, replicationOutputs{}, err
	}
	is, err := replicationOf(ctx, s)
	return s, is, err
}

func replicate(ctx context.Context, call action.Call, p replicateParams) (replicateOutputs, error) {
	s, is, err := p.read(ctx, call)
	if err != nil {
		return replicateOutputs{}, action.NotApplied(err)
	}
	o := replicateOutputs{Before: masterOf(is), After: p.Master}
	if o.Before == o.After {
		return o, nil
	}
	host, port := "NO", "ONE"
	if p.Master != noMaster {
		if host, port, err = net.SplitHostPort(p.Master); err != nil {
			return replicateOutputs{}, action.ParamError("master", "it is no host:port")
		}
	}
	_, err = server.Ask(ctx, s, "REPLICAOF "+host+" "+port, func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.Do(ctx, "REPLICAOF", host, port).Text()
	})
	o.Changed = err == nil
	return o, err
}

func previewReplicate(ctx context.Context, call action.Call, p replicateParams) (action.Preview, error) {
	s, is, err := p.read(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	before := masterOf(is)
	if before == p.Master {
		return action.Preview{Summary: "it is " + roleOf(before) + " already"}, nil
	}
	preview := action.Preview{
		Summary: roleOf(before) + " → " + roleOf(p.Master),
		Touches: []action.Object{{Kind: "server", Name: s.Where}},
		Changes: []action.Change{{Name: "role", Before: roleOf(before), After: roleOf(p.Master)}},
	}
	if p.Master == noMaster {
		return preview, nil
	}
	text, err := s.Info(ctx)
	if err != nil {
		return action.Preview{}, err
	}
	if n := keys(server.ParseInfo(text)); n != nil {
		preview.Summary += fmt.Sprintf("; its %s are given up for those of the other", schema.HumanQuantity(*n, "key", "keys"))
		preview.Touches = append(preview.Touches, action.Object{Kind: "keys", Name: "all databases", Count: *n})
	}
	preview.Interrupts = []string{"who writes to it"}
	return preview, nil
}
