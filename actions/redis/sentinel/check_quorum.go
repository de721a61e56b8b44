package sentinel

import (
	"context"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
)

type checkQuorumOutputs struct {
	OK      bool   `yaml:"ok" doc:"Whether enough Sentinels are there to hold the master for gone, and to name another."`
	Message string `yaml:"message" doc:"What the Sentinel says of it."`
}

func (o checkQuorumOutputs) Summary() string { return o.Message }

// CheckQuorum asks whether a failover could be decided.
var CheckQuorum = action.New(action.Spec[named, checkQuorumOutputs]{
	Name:    "sentinel.check_quorum",
	Summary: "Asks a Sentinel whether enough of them are there to name another master, should one be gone.",
	Example: `
action: sentinel.check_quorum
with: {master: cache}
verify: [outputs.ok]
`,
	Target: Target,
	Effect: action.Read,
	Run: func(ctx context.Context, call action.Call, p named) (checkQuorumOutputs, error) {
		s, err := server.Sentinel(call)
		if err != nil {
			return checkQuorumOutputs{}, err
		}
		text, err := server.Ask(ctx, s, "SENTINEL CKQUORUM "+p.Master, func(ctx context.Context, c *goredis.Client) (string, error) {
			return c.Do(ctx, "SENTINEL", "CKQUORUM", p.Master).Text()
		})
		if server.Answered(err) {
			if f := action.AsFailure(err); strings.HasPrefix(f.What, "NOQUORUM") {
				return checkQuorumOutputs{Message: f.What}, nil
			}
		}
		return checkQuorumOutputs{OK: err == nil, Message: text}, explained(s, err)
	},
})
