package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type pingOutputs struct {
	LatencyMS float64 `yaml:"latency_ms" doc:"Milliseconds until the answer to SELECT; login and connection are in it."`
	Version   string  `yaml:"version" doc:"The server's version, as 15.4."`
	Standby   bool    `yaml:"standby" doc:"Whether it is a standby, that takes no change."`
	Database  string  `yaml:"database" doc:"The database that was reached."`
	User      string  `yaml:"user" doc:"The user as whom."`
}

func (o pingOutputs) Summary() string {
	text := "PostgreSQL " + o.Version + " in " + schema.HumanMilliseconds(o.LatencyMS)
	if o.Standby {
		text += ", a standby"
	}
	return text
}

// Ping asks a server whether it answers.
var Ping = action.New(action.Spec[action.None, pingOutputs]{
	Name:    "postgres.ping",
	Summary: "Asks a PostgreSQL server whether it takes this user into this database.",
	Example: `
action: postgres.ping
verify: [outputs.latency_ms < 1000, not outputs.standby]
`,
	Target: Target,
	Effect: action.Read,
	Run: func(ctx context.Context, call action.Call, _ action.None) (pingOutputs, error) {
		s, err := serverOf(call)
		if err != nil {
			return pingOutputs{}, err
		}
		began := call.Clock.Now()
		o, err := reading(ctx, s, "login", func(ctx context.Context, tx pgx.Tx) (o pingOutputs, err error) {
			err = tx.QueryRow(ctx, "SELECT current_setting('server_version'), pg_is_in_recovery(), current_database(), current_user").Scan(&o.Version, &o.Standby, &o.Database, &o.User)
			return o, err
		})
		o.LatencyMS = schema.Milliseconds(call.Clock.Now().Sub(began))
		return o, err
	},
})
