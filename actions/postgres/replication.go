package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type standby struct {
	Name          string   `yaml:"name" doc:"The name that it gave itself."`
	Client        string   `yaml:"client" doc:"Its address; empty on the same host."`
	State         string   `yaml:"state" doc:"streaming, or what it does until it is, as catchup; empty where this user is not told."`
	Sync          string   `yaml:"sync" doc:"async, sync, quorum or potential."`
	BehindBytes   *int     `yaml:"behind_bytes" doc:"What it has not replayed yet of the log; nil where this user is not told."`
	BehindSeconds *float64 `yaml:"behind_seconds" doc:"Seconds that replay takes until it is confirmed; nil where nothing was written lately."`
}

type slot struct {
	Name          string `yaml:"name" doc:"Its name."`
	Active        bool   `yaml:"active" doc:"Whether somebody reads from it."`
	RetainedBytes *int   `yaml:"retained_bytes" doc:"What the server keeps of its log for it; nil where that is nothing yet."`
	Status        string `yaml:"status" doc:"reserved, extended, unreserved or lost."`
}

type replicationOutputs struct {
	Standby          bool      `yaml:"standby" doc:"Whether the server is a standby itself."`
	Receiving        *bool     `yaml:"receiving" doc:"Of a standby whether it is connected with its primary; nil of a primary."`
	ReplayLagSeconds *float64  `yaml:"replay_lag_seconds" doc:"Of a standby seconds since the last transaction that it replayed was committed; where nothing is written it grows. nil of a primary."`
	Standbys         []standby `yaml:"standbys" doc:"The standbys that are connected with this server."`
	Streaming        int       `yaml:"streaming" doc:"How many of them are streaming."`
	MaxBehindBytes   *int      `yaml:"max_behind_bytes" doc:"The most that one of them is behind; nil without one."`
	Slots            []slot    `yaml:"slots" doc:"The replication slots: one that nobody reads from fills the disk."`
}

func (o replicationOutputs) Summary() string {
	text := "primary"
	if o.Standby {
		text = "standby, not connected"
		if o.Receiving != nil && *o.Receiving {
			text = "standby, connected"
		}
	}
	text += fmt.Sprintf(", %s streaming", schema.HumanQuantity(o.Streaming, "standby", "standbys"))
	if o.MaxBehindBytes != nil {
		text += ", at most " + schema.HumanBytes(float64(*o.MaxBehindBytes)) + " behind"
	}
	return text
}

// Replication tells who replicates what.
var Replication = action.New(action.Spec[action.None, replicationOutputs]{
	Name:    "postgres.replication",
	Summary: "Tells whether a PostgreSQL server is a primary or a standby, how far its standbys are behind, and what its slots keep.",
	Example: `
action: postgres.replication
verify: ["none(outputs.slots, not .active)", (outputs.max_behind_bytes ?? 0) < 10000000]
`,
	Target: Target,
	Effect: action.Read,
	Run:    replication,
})

const (
	ofServer = `SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') END,
 CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END`
	present    = `CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END`
	ofStandbys = `SELECT coalesce(application_name, ''), coalesce(host(client_addr), ''), coalesce(state, ''), coalesce(sync_state, ''),
 greatest(0, pg_wal_lsn_diff(` + present + `, replay_lsn))::int8, extract(epoch FROM replay_lag)::float8 FROM pg_stat_replication ORDER BY 1, 2`
	ofSlots = `SELECT slot_name::text, active, greatest(0, pg_wal_lsn_diff(` + present + `, restart_lsn))::int8, coalesce(wal_status, '') FROM pg_replication_slots ORDER BY 1`
)

func replication(ctx context.Context, call action.Call, _ action.None) (replicationOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return replicationOutputs{}, err
	}
	return reading(ctx, s, "SELECT of pg_stat_replication", func(ctx context.Context, tx pgx.Tx) (o replicationOutputs, err error) {
		if err := tx.QueryRow(ctx, ofServer).Scan(&o.Standby, &o.Receiving, &o.ReplayLagSeconds); err != nil {
			return o, err
		}
		got, err := tx.Query(ctx, ofStandbys)
		if err != nil {
			return o, err
		}
		o.Standbys, err = pgx.CollectRows(got, func(row pgx.CollectableRow) (one standby, err error) {
			err = row.Scan(&one.Name, &one.Client, &one.State, &one.Sync, &one.BehindBytes, &one.BehindSeconds)
			return one, err
		})
		if err != nil {
			return o, err
		}
		for _, one := range o.Standbys {
			if one.State == "streaming" {
				o.Streaming++
			}
			if one.BehindBytes != nil && (o.MaxBehindBytes == nil || *one.BehindBytes > *o.MaxBehindBytes) {
				o.MaxBehindBytes = one.BehindBytes
			}
		}
		if got, err = tx.Query(ctx, ofSlots); err != nil {
			return o, err
		}
		o.Slots, err = pgx.CollectRows(got, func(row pgx.CollectableRow) (one slot, err error) {
			err = row.Scan(&one.Name, &one.Active, &one.RetainedBytes, &one.Status)
			return one, err
		})
		return o, err
	})
}
