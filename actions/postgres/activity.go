package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type activityParams struct {
	RunningLongerThan time.Duration `yaml:"running_longer_than" default:"0s" min:"0s" doc:"Only sessions whose statement runs, or whose transaction is open, for that long."`
	State             string        `yaml:"state,omitempty" enum:"active,idle,idle in transaction,idle in transaction (aborted)" doc:"Only sessions in this state."`
	Max               int           `yaml:"max" default:"100" min:"1" max:"10000" doc:"How many to list; all are counted."`
}

type session struct {
	PID                int      `yaml:"pid" doc:"Number of its process, which postgres.terminate_backend takes."`
	User               string   `yaml:"user" doc:"The user as whom it logged in; empty where this user is not told."`
	Database           string   `yaml:"database" doc:"Its database."`
	Application        string   `yaml:"application" doc:"The name that it gave itself; may be empty."`
	Client             string   `yaml:"client" doc:"Address of the client; empty on the same host."`
	State              string   `yaml:"state" doc:"active, idle, idle in transaction, and so on; empty where this user is not told."`
	RunsSeconds        *float64 `yaml:"runs_seconds" doc:"Seconds since its statement began, nil where none runs."`
	TransactionSeconds *float64 `yaml:"transaction_seconds" doc:"Seconds since its transaction began, nil without one."`
	Waits              string   `yaml:"waits" doc:"What it waits for, as Lock: transactionid; empty where it does not."`
	BlockedBy          []int    `yaml:"blocked_by" doc:"The processes whose locks it waits for."`
	Query              string   `yaml:"query" doc:"The beginning of its statement, or of its last one, without the values of parameters."`
}

type activityOutputs struct {
	Sessions          []session `yaml:"sessions" show:"first" doc:"Those that match, the longest transaction first; this one is left out."`
	Count             int       `yaml:"count" doc:"How many match."`
	Connections       int       `yaml:"connections" doc:"All connections of clients to the server, this one among them."`
	MaxConnections    int       `yaml:"max_connections" doc:"How many the server takes."`
	Active            int       `yaml:"active" doc:"Connections that run a statement, this one not among them."`
	IdleInTransaction int       `yaml:"idle_in_transaction" doc:"Connections that keep a transaction open and do nothing."`
	Blocked           int       `yaml:"blocked" doc:"Connections that wait for a lock of another."`
}

func (o activityOutputs) Summary() string {
	text := fmt.Sprintf("%d of %d connections, %d active", o.Connections, o.MaxConnections, o.Active)
	if o.IdleInTransaction > 0 {
		text += fmt.Sprintf(", %d idle in a transaction", o.IdleInTransaction)
	}
	if o.Blocked > 0 {
		text += fmt.Sprintf(", %d blocked", o.Blocked)
	}
	return text
}

// Activity lists the sessions of a server.
var Activity = action.New(action.Spec[activityParams, activityOutputs]{
	Name:    "postgres.activity",
	Summary: "Lists the sessions of a PostgreSQL server: what each runs, for how long, and whose lock it waits for.",
	Example: `
action: postgres.activity
with: {running_longer_than: 5m}
verify: [outputs.blocked == 0, outputs.connections < outputs.max_connections * 0.9]
`,
	Target: Target,
	Effect: action.Read,
	Run:    activity,
})

const (
	counting = `SELECT count(*)::int, current_setting('max_connections')::int, (count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()))::int,
 (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int, (count(*) FILTER (WHERE wait_event_type = 'Lock'))::int
 FROM pg_stat_activity WHERE backend_type = 'client backend'`
	listing = `SELECT pid::int, coalesce(usename, ''), coalesce(datname, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''), coalesce(state, ''),
 CASE WHEN state = 'active' THEN extract(epoch FROM clock_timestamp() - query_start)::float8 END, extract(epoch FROM clock_timestamp() - xact_start)::float8,
 coalesce(wait_event_type || ': ' || wait_event, ''), pg_blocking_pids(pid), coalesce(query, '')
 FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND ($1 = '' OR state = $1)
 AND ($2::float8 = 0 OR extract(epoch FROM clock_timestamp() - least(CASE WHEN state = 'active' THEN query_start END, xact_start)) >= $2)
 ORDER BY least(CASE WHEN state = 'active' THEN query_start END, xact_start) NULLS LAST, pid`
)

func activity(ctx context.Context, call action.Call, p activityParams) (activityOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return activityOutputs{}, err
	}
	return reading(ctx, s, "SELECT of pg_stat_activity", func(ctx context.Context, tx pgx.Tx) (o activityOutputs, err error) {
		if err := tx.QueryRow(ctx, counting).Scan(&o.Connections, &o.MaxConnections, &o.Active, &o.IdleInTransaction, &o.Blocked); err != nil {
			return o, err
		}
		got, err := tx.Query(ctx, listing, p.State, p.RunningLongerThan.Seconds())
		if err != nil {
			return o, err
		}
		o.Sessions, err = pgx.CollectRows(got, func(row pgx.CollectableRow) (session, error) {
			var one session
			var by []int32
			var runs, open *float64
			err := row.Scan(&one.PID, &one.User, &one.Database, &one.Application, &one.Client, &one.State, &runs, &open, &one.Waits, &by, &one.Query)
			if one.State != "active" || !strings.HasPrefix(one.Waits, "Lock") && strings.HasPrefix(one.Waits, "Client") {
				one.Waits = ""
			}
			one.RunsSeconds, one.TransactionSeconds, one.BlockedBy, one.Query = runs, open, []int{}, shortened(one.Query)
			for _, pid := range by {
				one.BlockedBy = append(one.BlockedBy, int(pid))
			}
			return one, err
		})
		o.Count = len(o.Sessions)
		o.Sessions = o.Sessions[:min(len(o.Sessions), p.Max)]
		return o, err
	})
}

// shortened is the beginning of a statement without the texts in it, which may be anybody's.
func shortened(sql string) string {
	sql = literal.ReplaceAllString(sql, "'…'")
	const most = 200
	text := strings.Join(strings.Fields(strings.ToValidUTF8(sql, "\uFFFD")), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

func (s session) runs() string {
	longest := 0.0
	for _, of := range []*float64{s.RunsSeconds, s.TransactionSeconds} {
		if of != nil {
			longest = max(longest, *of)
		}
	}
	return schema.HumanDuration(time.Duration(longest * float64(time.Second)))
}
