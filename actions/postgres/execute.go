package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"runbook/engine/action"
)

type executeParams struct {
	SQL    string `yaml:"sql" doc:"One statement; $1 stands for the first of params."`
	Params []any  `yaml:"params,omitempty" doc:"What stands for $1, $2 and so on."`
	Max    int    `yaml:"max" min:"0" max:"10000000" doc:"How many rows it may change; with more nothing is changed."`
}

func (p executeParams) Brief() string { return brief(p.SQL) }

type executeOutputs struct {
	Command string `yaml:"command" doc:"What the server says that it did, as UPDATE 3."`
	Rows    int    `yaml:"rows" doc:"How many rows it changed."`
}

func (o executeOutputs) Summary() string { return o.Command }

// Nothing reports that no row was changed by a statement that changes rows.
func (o executeOutputs) Nothing() bool {
	return o.Rows == 0 && slices.Contains(ofRows, wordOf(o.Command))
}

// ofRows are the statements that change rows; the mild ones are no deletion.
var (
	ofRows   = []string{"insert", "update", "delete", "merge"}
	mild     = []string{"insert", "update", "create", "analyze", "refresh", "comment", "select", "reindex", "grant"}
	executes = append([]string{"delete", "merge", "with", "truncate", "alter", "drop", "revoke", "call", "do"}, mild...)
	removes  = regexp.MustCompile(`(?i)\b(delete|truncate|drop|replace)\b`)
)

// Execute changes something.
var Execute = action.New(action.Spec[executeParams, executeOutputs]{
	Name:    "postgres.execute",
	Summary: "Executes one statement of SQL in a transaction, and commits it if it changed no more rows than a limit.",
	Example: `
action: postgres.execute
with: {sql: "UPDATE jobs SET state = 'queued' WHERE state = 'stuck' AND queue = $1", params: [mail], max: 500}
`,
	Target: Target,
	Effect: action.Destructive,
	EffectOf: func(p executeParams) action.Effect {
		if slices.Contains(mild, wordOf(p.SQL)) && !removes.MatchString(p.SQL) {
			return action.Write
		}
		return action.Destructive
	},
	EffectBy: []string{"sql"},
	Run:      execute,
	Preview:  previewExecute,
	Subjects: func(ctx context.Context, call action.Call, p executeParams) ([]action.Subject, error) {
		s, err := p.open(call)
		if err != nil {
			return nil, err
		}
		started, err := reading(ctx, s, "SELECT of its start", func(ctx context.Context, tx pgx.Tx) (at time.Time, err error) {
			err = tx.QueryRow(ctx, "SELECT pg_postmaster_start_time()").Scan(&at)
			return at, err
		})
		sum := sha256.Sum256([]byte(p.SQL))
		return []action.Subject{{Kind: "database", Name: s.uri, ID: fmt.Sprintf("%s %x", s.uri, sum[:8]), Version: started.UTC().Format(time.RFC3339Nano)}}, err
	},
	Look: func(call action.Call, _ executeParams, _ []action.Subject) string {
		s, err := serverOf(call)
		if err != nil {
			return ""
		}
		return s.psql("SELECT pid, state, query FROM pg_stat_activity WHERE application_name = 'runbook'")
	},
})

// open refuses what cannot be one transaction, or reads.
func (p executeParams) open(call action.Call) (*server, error) {
	s, err := serverOf(call)
	if err != nil {
		return nil, err
	}
	if word := wordOf(p.SQL); !slices.Contains(executes, word) {
		return nil, &action.Failure{
			Applied: action.AppliedNot, Where: s.where, Final: true, What: fmt.Sprintf("a statement that begins with %q is not executed", word), Tried: "nothing was sent",
			Do: []string{"use postgres.query for what reads, shell.run with psql for all else"},
		}
	}
	return s, nil
}

func execute(ctx context.Context, call action.Call, p executeParams) (executeOutputs, error) {
	s, err := p.open(call)
	if err != nil {
		return executeOutputs{}, err
	}
	return changing(ctx, s, brief(p.SQL), func(ctx context.Context, tx pgx.Tx) (executeOutputs, error) {
		tag, err := p.one(ctx, tx)
		if err != nil {
			return executeOutputs{}, err
		}
		o := executeOutputs{Command: tag.String()}
		if slices.Contains(ofRows, wordOf(o.Command)) {
			o.Rows = int(tag.RowsAffected())
		}
		return o, p.allow(s, o.Rows)
	})
}

// one executes it by a protocol that takes one statement only; Exec of the driver takes many
// where there are no parameters.
func (p executeParams) one(ctx context.Context, tx pgx.Tx) (pgconn.CommandTag, error) {
	got, err := tx.Query(ctx, p.SQL, arguments(p.Params)...)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	got.Close()
	return got.CommandTag(), got.Err()
}

// allow refuses when more rows would be changed than may be.
func (p executeParams) allow(s *server, n int) error {
	if n <= p.Max {
		return nil
	}
	return &action.Failure{
		Applied: action.AppliedNot, Where: s.where, Final: true, Tried: brief(p.SQL),
		What: fmt.Sprintf("it would change %s, and at most %d may be; nothing was changed", rows(n), p.Max),
		Do:   []string{"look at them with postgres.query; narrow the statement, or raise max"},
	}
}
