package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const dialTimeout = 5 * time.Second

// server is one step's view of a target. Each transaction has a connection of its own, which
// ends with it: what a statement leaves in a session is left to nobody.
type server struct {
	call     action.Call
	config   *pgx.ConnConfig
	address  string // "10.0.4.12:5432"
	uri      string // as it is shown, without a password
	password string // its name in brackets, or ""
	mode     string // sslmode of the uri
	where    string // "postgres at 10.0.4.12:5432"
}

func serverOf(call action.Call) (*server, error) {
	s, err := opened(call)
	if err != nil {
		return nil, &action.Failure{
			Applied: action.AppliedNot, Where: "postgres", Final: true, What: fmt.Sprintf("target %s: %v", call.Target.Name, err), Tried: "nothing was sent", Do: []string{"correct the target in runbook.yaml"}, Err: err,
		}
	}
	return s, nil
}

func opened(call action.Call) (*server, error) {
	parsed, err := parse(call.Target.Config)
	if err != nil {
		return nil, err
	}
	call.Target.Config = parsed
	config, err := action.ConfigOf[targetConfig](call.Target)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(config.URI.Reveal())
	if err != nil {
		return nil, errURI
	}
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errURI
	}
	// What the environment of this process says is not meant.
	c.RuntimeParams = map[string]string{"application_name": "runbook"}
	c.Password = ""
	c.ConnectTimeout = 0 // the step has a limit
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	s := &server{call: call, config: c, address: u.Host, where: "postgres at " + u.Host}
	s.mode = u.Query().Get("sslmode")
	u.RawQuery = ""
	s.uri = u.String()
	if config.Password != nil {
		c.Password, s.password = config.Password.Reveal(), config.Password.String()
	}
	for _, f := range c.Fallbacks {
		f.Host = c.Host
	}
	if config.Given() {
		secure, err := config.TLS.Config()
		if err != nil {
			return nil, err
		}
		if secure.ServerName == "" {
			secure.ServerName = u.Hostname()
		}
		c.TLSConfig, c.Fallbacks = secure, nil
	}
	c.DialFunc = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	return s, nil
}

// oldest is the first version that the actions are for.
const oldest = 13

// errOld is that of a server that is too old.
type errOld struct{ version string }

func (e errOld) Error() string {
	return fmt.Sprintf("the server is PostgreSQL %s, and too old: it must be %d or newer", e.version, oldest)
}

// connect returns a connection of one transaction.
func (s *server) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.config.Copy())
	if err != nil {
		return nil, unsent{err}
	}
	version := conn.PgConn().ParameterStatus("server_version")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(strings.TrimRight(strings.Fields(major + " ")[0], "abcdefghijklmnopqrstuvwxyz")); err == nil && n < oldest {
		_ = conn.Close(ctx)
		return nil, unsent{errOld{version}}
	}
	return conn, nil
}

// unsent is why no statement was sent.
type unsent struct{ error }

func (e unsent) Unwrap() error { return e.error }

// reading does what only reads in a transaction that is read only, and rolled back. tried is
// what is sent, for people.
func reading[T any](ctx context.Context, s *server, tried string, do func(context.Context, pgx.Tx) (T, error)) (T, error) {
	return within(ctx, s, tried, pgx.TxOptions{AccessMode: pgx.ReadOnly}, false, do)
}

// trying does what changes something in a transaction that is rolled back.
func trying[T any](ctx context.Context, s *server, tried string, do func(context.Context, pgx.Tx) (T, error)) (T, error) {
	return within(ctx, s, tried, pgx.TxOptions{}, false, do)
}

// changing does what changes something, and commits it; a dry run refuses it.
func changing[T any](ctx context.Context, s *server, tried string, do func(context.Context, pgx.Tx) (T, error)) (T, error) {
	if s.call.DryRun {
		var none T
		return none, action.RefusedInDryRun("postgres " + tried)
	}
	return within(ctx, s, tried, pgx.TxOptions{}, true, do)
}

// signalling does what acts at once, and not with a commit; a dry run refuses it. Once it was
// sent nobody knows.
func signalling[T any](ctx context.Context, s *server, tried string, do func(context.Context, pgx.Tx) (T, error)) (T, error) {
	if s.call.DryRun {
		var none T
		return none, action.RefusedInDryRun("postgres " + tried)
	}
	return within(ctx, s, tried, pgx.TxOptions{}, false, func(ctx context.Context, tx pgx.Tx) (T, error) {
		value, err := do(ctx, tx)
		if err != nil && codeOf(err) == "" {
			err = sent{err}
		}
		return value, err
	})
}

// sent is an error after which the effect may be there, whatever becomes of the transaction.
type sent struct{ error }

func (e sent) Unwrap() error { return e.error }

func within[T any](ctx context.Context, s *server, tried string, options pgx.TxOptions, commit bool, do func(context.Context, pgx.Tx) (T, error)) (value T, err error) {
	began := s.call.Clock.Now()
	status := "ok"
	defer func() {
		took := s.call.Clock.Now().Sub(began)
		if err != nil {
			status = "failed"
			err = s.failed(ctx, tried, took, err)
		}
		s.call.LogRequest("postgres", tried, status, took)
	}()
	conn, err := s.connect(ctx)
	if err != nil {
		return value, err
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(bye)
	}()
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return value, unsent{err}
	}
	if err := s.limit(ctx, tx); err != nil {
		return value, unsent{err}
	}
	if value, err = do(ctx, tx); err != nil {
		return value, undone(err)
	}
	if !commit {
		_ = tx.Rollback(ctx) // what was read is known, and what was tried ends with the connection
		return value, nil
	}
	var id string // by which it can be asked for afterwards
	if err := tx.QueryRow(ctx, "SELECT coalesce(pg_current_xact_id_if_assigned()::text, '')").Scan(&id); err != nil {
		return value, undone(err)
	}
	if err := tx.Commit(ctx); err != nil {
		return value, s.settled(ctx, id, err)
	}
	return value, nil
}

// undone is an error before a commit was sent: the server keeps nothing of it.
func undone(err error) error {
	var may sent
	if errors.As(err, &may) {
		return err
	}
	return unsent{err}
}

// limit lets the server give up a statement when the step does, as it would go on with one
// whose client is gone.
func (s *server) limit(ctx context.Context, tx pgx.Tx) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil
	}
	return setting(ctx, tx, "statement_timeout", max(time.Until(deadline), time.Millisecond))
}

// setting sets a time of the transaction alone, which a read-only one may.
func setting(ctx context.Context, tx pgx.Tx, name string, to time.Duration) error {
	_, err := tx.Exec(ctx, "SELECT set_config($1, $2, true)", name, strconv.FormatInt(max(1, to.Milliseconds()), 10))
	return err
}

// settled asks the server what became of a transaction whose commit was not answered.
func (s *server) settled(ctx context.Context, id string, lost error) error {
	if codeOf(lost) != "" || errors.Is(lost, pgx.ErrTxCommitRollback) {
		return undone(lost)
	}
	if id == "" {
		return nil // it changed nothing
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return lost
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for range 20 {
		var is string
		if err := conn.QueryRow(ctx, "SELECT coalesce(pg_xact_status($1::text::xid8), '')", id).Scan(&is); err != nil {
			return lost
		}
		switch is {
		case "committed":
			return nil
		case "aborted":
			return undone(lost)
		}
		if err := s.call.Clock.Sleep(ctx, 100*time.Millisecond); err != nil {
			return lost
		}
	}
	return lost
}

// psql is a command line by which a person looks.
func (s *server) psql(sql string) string {
	return "psql " + action.Quote(s.uri) + " -c " + action.Quote(sql)
}

// brief is a statement in a line.
func brief(sql string) string {
	text := strings.Join(strings.Fields(sql), " ")
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

func rows(n int) string { return schema.HumanQuantity(n, "row", "rows") }
