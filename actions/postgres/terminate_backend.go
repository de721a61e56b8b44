package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
)

type terminateParams struct {
	PID       int  `yaml:"pid" min:"1" max:"2147483647" doc:"Number of its process, as postgres.activity gives it."`
	QueryOnly bool `yaml:"query_only" default:"false" doc:"Whether to end its statement only, and not the session."`
}

func (p terminateParams) Brief() string { return strconv.Itoa(p.PID) }

type terminateOutputs struct {
	PID   int  `yaml:"pid" doc:"Number of its process."`
	Found bool `yaml:"found" doc:"Whether there was such a session; false: it had ended by itself."`
}

func (o terminateOutputs) Summary() string {
	if !o.Found {
		return fmt.Sprintf("session %d had ended by itself", o.PID)
	}
	return fmt.Sprintf("session %d told to end", o.PID)
}

// Nothing reports that there was nothing to end.
func (o terminateOutputs) Nothing() bool { return !o.Found }

// TerminateBackend ends a session.
var TerminateBackend = action.New(action.Spec[terminateParams, terminateOutputs]{
	Name:    "postgres.terminate_backend",
	Summary: "Ends a session of a PostgreSQL server, or only the statement that it runs; its transaction is rolled back.",
	Example: `
for_each: ${{ steps.long.outputs.sessions }}
action: postgres.terminate_backend
with: {pid: "${{ item.pid }}"}
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     terminate,
	Preview: previewTerminate,
	Subjects: func(ctx context.Context, call action.Call, p terminateParams) ([]action.Subject, error) {
		_, of, err := p.find(ctx, call)
		if err != nil || of == nil {
			return nil, err
		}
		return []action.Subject{{Kind: "session", Name: of.told(), ID: strconv.Itoa(p.PID), Version: of.version()}}, nil
	},
	Settle: settleTerminate,
	Look: func(call action.Call, p terminateParams, _ []action.Subject) string {
		s, err := serverOf(call)
		if err != nil {
			return ""
		}
		return s.psql("SELECT pid, backend_start, state, query FROM pg_stat_activity WHERE pid = " + strconv.Itoa(p.PID))
	},
})

// backend is a session by its number and its start, as numbers are given again.
type backend struct {
	session
	started time.Time
}

func (b backend) version() string { return b.started.UTC().Format(time.RFC3339Nano) }

func (b backend) told() string {
	text := b.User
	if b.Application != "" {
		text += " by " + b.Application
	}
	return text
}

// find returns the session of a client, nil where there is none.
func (p terminateParams) find(ctx context.Context, call action.Call) (*server, *backend, error) {
	s, err := serverOf(call)
	if err != nil {
		return nil, nil, err
	}
	of, err := reading(ctx, s, "SELECT of pg_stat_activity", func(ctx context.Context, tx pgx.Tx) (*backend, error) {
		var b backend
		err := tx.QueryRow(ctx, `SELECT pid::int, coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''), coalesce(state, ''), coalesce(query, ''), backend_start,
 CASE WHEN state = 'active' THEN extract(epoch FROM clock_timestamp() - query_start)::float8 END, extract(epoch FROM clock_timestamp() - xact_start)::float8
 FROM pg_stat_activity WHERE pid = $1 AND backend_type = 'client backend' AND pid <> pg_backend_pid()`, p.PID).
			Scan(&b.PID, &b.User, &b.Application, &b.Client, &b.State, &b.Query, &b.started, &b.RunsSeconds, &b.TransactionSeconds)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, nil
		}
		b.Query = shortened(b.Query)
		return &b, err
	})
	return s, of, err
}

func terminate(ctx context.Context, call action.Call, p terminateParams) (terminateOutputs, error) {
	s, of, err := p.find(ctx, call)
	if err != nil {
		return terminateOutputs{}, action.NotApplied(err)
	}
	o := terminateOutputs{PID: p.PID}
	if of == nil {
		return o, nil
	}
	function := "pg_terminate_backend"
	if p.QueryOnly {
		function = "pg_cancel_backend"
	}
	o.Found, err = signalling(ctx, s, function, func(ctx context.Context, tx pgx.Tx) (told bool, err error) {
		err = tx.QueryRow(ctx, "SELECT "+function+"(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2", p.PID, of.started).Scan(&told)
		if errors.Is(err, pgx.ErrNoRows) {
			return false, nil
		}
		return told, err
	})
	return o, err
}

func previewTerminate(ctx context.Context, call action.Call, p terminateParams) (action.Preview, error) {
	_, of, err := p.find(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	if of == nil {
		return action.Preview{Summary: fmt.Sprintf("there is no session %d (any more)", p.PID)}, nil
	}
	what := "session"
	if p.QueryOnly {
		what = "statement of session"
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("end the %s %d of %s, %s for %s", what, p.PID, of.told(), of.State, of.runs()),
		Touches: []action.Object{{Kind: "session", Name: strconv.Itoa(p.PID), Note: of.Query}},
	}
	if of.Client != "" {
		preview.Interrupts = []string{"the client " + of.Client}
	}
	return preview, nil
}

// settleTerminate looks whether the session is still there. Of a statement that was to end
// nothing can be told: the session may run another by now.
func settleTerminate(ctx context.Context, call action.Call, p terminateParams, subjects []action.Subject) (action.Applied, *terminateOutputs, error) {
	if p.QueryOnly || len(subjects) != 1 {
		return action.AppliedLost, nil, nil
	}
	_, of, err := p.find(ctx, call)
	if err != nil || of != nil && of.version() == subjects[0].Version {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &terminateOutputs{PID: p.PID, Found: true}, nil
}
