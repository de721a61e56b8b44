package postgres

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/internal/realtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// real is a server with tables of jobs.
type real struct {
	*realtest.PostgresServer
	conn *pgx.Conn
}

const tables = `
CREATE TABLE jobs (id int PRIMARY KEY, state text NOT NULL, made timestamptz NOT NULL DEFAULT now(), price numeric, more jsonb);
INSERT INTO jobs SELECT i, CASE WHEN i <= 30 THEN 'stuck' ELSE 'done' END, '2026-01-05 09:00:00+01', i * 1.5, '{"a": [1, null]}' FROM generate_series(1, 100) AS i;
CREATE TABLE numbered (id serial PRIMARY KEY, text text);
CREATE TABLE log (text text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('noted'); RETURN NULL; END $$;
CREATE TABLE watched (id int PRIMARY KEY, text text);
CREATE TRIGGER noting AFTER UPDATE ON watched FOR EACH STATEMENT EXECUTE FUNCTION note();
INSERT INTO watched VALUES (1, 'a');
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int REFERENCES parents ON DELETE CASCADE);
CREATE TRIGGER noting AFTER DELETE ON children FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE FUNCTION mine(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE VIEW seen AS SELECT id FROM jobs WHERE mine(id) > 0;
CREATE TABLE made_by_commit (id int)`

func start(t *testing.T) *real {
	t.Helper()
	r := &real{PostgresServer: realtest.StartPostgres(t)}
	config, err := pgx.ParseConfig(r.URI("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	config.Password = r.Password
	if r.conn, err = pgx.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close(context.Background()) })
	r.do(t, tables)
	return r
}

func (r *real) do(t *testing.T, sql string) {
	t.Helper()
	if _, err := r.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (r *real) number(t *testing.T, sql string) (n int) {
	t.Helper()
	if err := r.conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (r *real) call(t *testing.T) action.Call { return r.at(t, r.URI("postgres")) }

func (r *real) at(t *testing.T, uri string) action.Call {
	return actiontest.Call(t, map[string]any{"uri": uri, "password": schema.NewSecret("postgres_password", r.Password)})
}

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	r := start(t)
	for name, test := range map[string]func(*testing.T, *real){
		"ping": contractPing, "query": contractQuery, "refusals": contractRefusals, "activity": contractActivity, "replication": contractReplication,
		"execute": contractExecute, "preview": contractPreview, "dry run": contractDryRun, "lost commit": contractLostCommit, "dump": contractDump,
	} {
		t.Run(name, func(t *testing.T) { test(t, r) })
	}
}

func contractPing(t *testing.T, r *real) {
	got := actiontest.Run(t, Ping, r.call(t), nil)
	if o := got.Outputs; o["latency_ms"].(float64) <= 0 || o["standby"] != false || o["database"] != "postgres" || o["user"] != "postgres" || !strings.HasPrefix(got.Summary, "PostgreSQL 1") {
		t.Errorf("%s %v", got.Summary, o)
	}
	for _, c := range []struct {
		uri, what string
		password  *schema.Secret
	}{
		{r.URI("nowhere"), `database "nowhere" does not exist (3D000)`, secret(r.Password)},
		{r.URI("postgres"), "the password was refused (28P01)", secret("hunter2-hunter2")},
		{r.URI("postgres"), "the server asks for a password (28P01)", nil},
	} {
		config := map[string]any{"uri": c.uri}
		if c.password != nil {
			config["password"] = *c.password
		}
		call := actiontest.Call(t, config)
		_, err := actiontest.Bind(t, Ping, call, nil).Run(t.Context(), call)
		f := failureOf(t, err)
		if err == nil || f.What != c.what || !f.Final || len(f.Do) == 0 || f.Applied != action.AppliedNot || strings.Contains(f.What+f.Tried, "hunter2") {
			t.Errorf("%s: %+v", c.what, err)
		}
	}
}

func failureOf(t *testing.T, err error) *action.Failure {
	t.Helper()
	if err == nil {
		return &action.Failure{}
	}
	return action.AsFailure(err)
}

func secret(text string) *schema.Secret {
	s := schema.NewSecret("postgres_password", text)
	return &s
}

func contractQuery(t *testing.T, r *real) {
	call := r.call(t)
	got := actiontest.Run(t, Query, call, map[string]any{"sql": "SELECT id, state, made, price, more, NULL AS none, true AS yes, 12345678901234567890.5 AS long, '{1,2}'::int[] AS list FROM jobs WHERE id = $1", "params": []any{7}})
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	want := map[string]any{"id": 7, "state": "stuck", "made": at, "price": 10.5, "more": map[string]any{"a": []any{1.0, nil}}, "none": nil, "yes": true, "long": "12345678901234567890.5", "list": "{1,2}"}
	if row := got.Outputs["rows"].([]any)[0]; !schema.Same(row, want) || got.Summary != "1 row" || len(got.Outputs["columns"].([]any)) != 9 {
		t.Errorf("%v", row)
	}
	if got := actiontest.Run(t, Query, call, map[string]any{"sql": "-- all\nSELECT * FROM jobs ORDER BY id", "max": 3}).Outputs; got["count"] != 3 || got["complete"] != false {
		t.Errorf("%v", got)
	}
	for _, sql := range []string{"SHOW server_version", "EXPLAIN SELECT 1", "VALUES (1)", "TABLE log", "WITH a AS (SELECT 1) SELECT * FROM a", "(SELECT 1)"} {
		actiontest.Run(t, Query, call, map[string]any{"sql": sql})
	}
}

// contractRefusals: nothing that a query says changes anything.
func contractRefusals(t *testing.T, r *real) {
	call, before := r.call(t), r.number(t, "SELECT count(*)::int FROM jobs")
	for sql, what := range map[string]string{
		"DELETE FROM jobs":                                         "DELETE is no query",
		"COPY jobs TO PROGRAM 'cat'":                               "COPY is no query",
		"SELECT pg_terminate_backend(1)":                           "acts outside of the transaction",
		"SELECT query_to_xml('SELECT 1', true, true, '')":          "acts outside of the transaction",
		"SELECT U&\"pg\\005fterminate_backend\"(1)":                "acts outside of the transaction",
		"SELECT 1; DELETE FROM jobs":                               "cannot insert multiple commands",
		"WITH d AS (DELETE FROM jobs RETURNING 1) SELECT * FROM d": "read-only transaction",
		"SELECT nextval('numbered_id_seq')":                        "read-only transaction",
		"EXPLAIN ANALYZE DELETE FROM jobs":                         "read-only transaction",
		"SELECT * INTO copied FROM jobs":                           "read-only transaction",
		"SELECT * FROM nowhere":                                    "does not exist (42P01)",
		"SELECT 1 FROM":                                            "syntax error",
	} {
		_, err := actiontest.Bind(t, Query, call, map[string]any{"sql": sql}).Run(t.Context(), call)
		f := failureOf(t, err)
		if err == nil || !strings.Contains(f.What, what) || !f.Final || len(f.Do) == 0 || f.Tried == "" || f.Where == "" {
			t.Errorf("%s: %+v", sql, err)
		}
	}
	if after := r.number(t, "SELECT count(*)::int FROM jobs"); after != before {
		t.Errorf("%d rows, and %d before", after, before)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err := actiontest.Bind(t, Query, call, map[string]any{"sql": "SELECT pg_sleep(30)"}).Run(ctx, call)
	if f := failureOf(t, err); err == nil || !strings.HasPrefix(f.What, "no answer in ") {
		t.Errorf("%+v", err)
	}
	until(t, func() bool {
		return r.number(t, "SELECT count(*)::int FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)' AND pid <> pg_backend_pid()") == 0
	})
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

// contractActivity: one session blocks another, is seen to, and is ended.
func contractActivity(t *testing.T, r *real) {
	call := r.call(t)
	var others []*pgx.Conn
	for range 2 {
		config := r.conn.Config().Copy()
		config.RuntimeParams = map[string]string{"application_name": "contract-other"}
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		others = append(others, conn)
	}
	if _, err := others[0].Exec(t.Context(), "BEGIN; UPDATE jobs SET state = 'x' WHERE state = 'private-text' OR id = 50"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := others[1].Exec(t.Context(), "UPDATE jobs SET state = 'y' WHERE id = 50")
		done <- err
	}()
	var got map[string]any
	until(t, func() bool {
		got = actiontest.Run(t, Activity, call, nil).Outputs
		return got["blocked"] == 1
	})
	first, second := got["sessions"].([]any)[0].(map[string]any), got["sessions"].([]any)[1].(map[string]any)
	if first["state"] != "idle in transaction" || first["application"] != "contract-other" || strings.Contains(first["query"].(string), "private") || second["waits"] != "Lock: transactionid" || second["blocked_by"].([]any)[0] != first["pid"] || got["idle_in_transaction"] != 1 {
		t.Errorf("%v", got)
	}
	if got := actiontest.Run(t, Activity, call, map[string]any{"running_longer_than": time.Hour}).Outputs; got["count"] != 0 {
		t.Errorf("%v", got)
	}
	bound := actiontest.Bind(t, TerminateBackend, call, map[string]any{"pid": first["pid"]})
	preview, err := bound.Preview(t.Context(), call)
	if err != nil || !strings.Contains(preview.Summary, "of postgres by contract-other, idle in transaction for ") || len(preview.Interrupts) != 1 {
		t.Errorf("%+v %v", preview, err)
	}
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || len(subjects) != 1 || subjects[0].Version == "" {
		t.Fatal(subjects, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedLost || err != nil {
		t.Errorf("%s %v", applied, err)
	}
	if got, err := bound.Run(t.Context(), call); err != nil || got.Outputs["found"] != true {
		t.Errorf("%v %v", got, err)
	}
	if err := <-done; err != nil {
		t.Errorf("the other is still blocked: %v", err)
	}
	until(t, func() bool {
		applied, _, err := bound.Settle(t.Context(), call, subjects)
		return applied == action.AppliedFully && err == nil
	})
	if got := actiontest.Run(t, TerminateBackend, call, map[string]any{"pid": first["pid"], "query_only": true}); got.Outputs["found"] != false {
		t.Errorf("%v", got)
	}
	r.do(t, "UPDATE jobs SET state = 'done' WHERE id = 50")
}

func contractReplication(t *testing.T, r *real) {
	r.do(t, "SELECT pg_create_physical_replication_slot('left_behind', true)")
	defer r.do(t, "SELECT pg_drop_replication_slot('left_behind')")
	got := actiontest.Run(t, Replication, r.call(t), nil)
	slot := got.Outputs["slots"].([]any)[0].(map[string]any)
	if got.Summary != "primary, 0 standbys streaming" || slot["name"] != "left_behind" || slot["active"] != false || slot["retained_bytes"] == nil || got.Outputs["receiving"] != nil {
		t.Errorf("%v", got)
	}
}

func contractExecute(t *testing.T, r *real) {
	call := r.call(t)
	run := func(sql string, limit int, params ...any) (action.Result, error) {
		return actiontest.Bind(t, Execute, call, map[string]any{"sql": sql, "params": params, "max": limit}).Run(t.Context(), call)
	}
	if got, err := run("UPDATE jobs SET state = $1 WHERE id = 60", 1, "queued"); err != nil || got.Outputs["rows"] != 1 || got.Summary != "UPDATE 1" || r.number(t, "SELECT count(*)::int FROM jobs WHERE state = 'queued'") != 1 {
		t.Errorf("%v %v", got, err)
	}
	if got, err := run("UPDATE jobs SET state = 'x' WHERE id = -1", 1); err != nil || got.Summary != "UPDATE 0: nothing changed" {
		t.Errorf("%v %v", got, err)
	}
	if got, err := run("CREATE TABLE made (id int)", 0); err != nil || got.Outputs["command"] != "CREATE TABLE" {
		t.Errorf("%v %v", got, err)
	}
	for sql, what := range map[string]string{
		"DELETE FROM jobs":                     "it would change 100 rows, and at most 5 may be; nothing was changed",
		"SELECT 1; SELECT 2":                   "cannot insert multiple commands",
		"COMMIT":                               `begins with "commit"`,
		"VACUUM jobs":                          `begins with "vacuum"`,
		"INSERT INTO jobs VALUES (1, 'again')": "duplicate key value",
		"CREATE INDEX CONCURRENTLY i ON jobs (state)": "cannot run inside a transaction block (25001)",
	} {
		_, err := run(sql, 5)
		f := failureOf(t, err)
		if err == nil || !strings.Contains(f.What, what) || f.Applied != action.AppliedNot || len(f.Do) == 0 {
			t.Errorf("%s: %+v", sql, err)
		}
	}
	if n := r.number(t, "SELECT count(*)::int FROM jobs"); n != 100 {
		t.Errorf("%d rows are left", n)
	}
	for sql, effect := range map[string]action.Effect{"UPDATE a SET b = 1": action.Write, "DELETE FROM a": action.Destructive, "WITH a AS (DELETE FROM b RETURNING 1) SELECT 1": action.Destructive, "create table a (b int)": action.Write, "CREATE OR REPLACE VIEW a AS SELECT 1": action.Destructive, "ALTER TABLE a ADD b int": action.Destructive} {
		if got := actiontest.Bind(t, Execute, call, map[string]any{"sql": sql, "max": 1}).Effect; got != effect {
			t.Errorf("%s is %s", sql, got)
		}
	}
}

// contractPreview: rows are counted where trying leaves nothing behind, and else the plan is
// told; neither leaves a trace.
func contractPreview(t *testing.T, r *real) {
	call := r.call(t)
	r.do(t, "INSERT INTO numbered (text) VALUES ('a')")
	traces := func() [3]int {
		return [3]int{r.number(t, "SELECT count(*)::int FROM log"), r.number(t, "SELECT last_value::int FROM numbered_id_seq"), r.number(t, "SELECT count(*)::int FROM jobs WHERE state = 'stuck'")}
	}
	before := traces()
	for sql, want := range map[string]string{
		"UPDATE jobs SET state = 'queued' WHERE state = 'stuck'":       "30 rows, as tried and rolled back",
		"DELETE FROM jobs WHERE id < 4":                                "3 rows, as tried and rolled back",
		"INSERT INTO log VALUES ('a'), ('b')":                          "2 rows, as tried and rolled back",
		"INSERT INTO numbered (text) VALUES ('b')":                     "not tried: the default of id calls a function",
		"UPDATE watched SET text = 'b'":                                "not tried: the trigger noting",
		"DELETE FROM parents":                                          "not tried: the trigger noting",
		"UPDATE jobs SET id = nextval('numbered_id_seq') WHERE id = 1": "not tried: the function nextval",
		"UPDATE jobs SET id = mine(id) WHERE id = 1":                   "not tried: the function mine",
		"DELETE FROM jobs WHERE id IN (SELECT id FROM seen)":           "",
		"UPDATE numbered SET id = DEFAULT":                             "not tried: the default of id",
		"TRUNCATE jobs":                                                "what it would touch is not known before",
	} {
		preview, err := actiontest.Bind(t, Execute, call, map[string]any{"sql": sql, "max": 1000}).Preview(t.Context(), call)
		if err != nil || !strings.Contains(preview.Summary, want) {
			t.Errorf("%s: %+v, %v", sql, preview, err)
		}
		if strings.Contains(want, "as tried") && (len(preview.Touches) != 1 || preview.Touches[0].Kind != "table" || preview.Touches[0].Count == 0) {
			t.Errorf("%s: %+v", sql, preview)
		}
	}
	_, err := actiontest.Bind(t, Execute, call, map[string]any{"sql": "DELETE FROM jobs", "max": 5}).Preview(t.Context(), call)
	if f := failureOf(t, err); err == nil || !strings.Contains(f.What, "it would change 100 rows") {
		t.Errorf("%+v", err)
	}
	tx, err := r.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM jobs WHERE id = 1 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	preview, err := actiontest.Bind(t, Execute, call, map[string]any{"sql": "DELETE FROM jobs WHERE id = 1", "max": 5}).Preview(t.Context(), call)
	if err != nil || !strings.Contains(preview.Summary, "not tried: others hold the rows") {
		t.Errorf("%+v %v", preview, err)
	}
	_ = tx.Rollback(t.Context())
	if after := traces(); after != before {
		t.Errorf("traces %v, and %v before", after, before)
	}
}

// proxy stands before the server and takes down each statement, by connection.
type proxy struct {
	net.Listener
	mu         sync.Mutex
	statements [][]string
	onCommit   func(client, server net.Conn, message []byte) // in place of passing it on
	work       sync.WaitGroup
}

func (r *real) proxied(t *testing.T) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	t.Cleanup(func() { _ = l.Close(); p.work.Wait() })
	p.work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", r.Address)
			if err != nil {
				t.Error(err)
				return
			}
			p.mu.Lock()
			at := len(p.statements)
			p.statements = append(p.statements, nil)
			p.mu.Unlock()
			p.work.Go(func() { _, _ = io.Copy(client, server); client.Close() })
			p.work.Go(func() { p.there(at, client, server); server.Close() })
		}
	})
	return p
}

// there passes whole messages on: a start without a type, then a type, a length and a body.
func (p *proxy) there(at int, client, server net.Conn) {
	for n := 0; ; n++ {
		head := make([]byte, min(n, 1)+4)
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		text := ""
		switch {
		case n > 0 && head[0] == 'Q':
			text = string(bytes.TrimRight(body, "\x00"))
		case n > 0 && head[0] == 'P':
			text = string(bytes.Split(body, []byte{0})[1])
		}
		if text != "" {
			p.mu.Lock()
			p.statements[at] = append(p.statements[at], text)
			p.mu.Unlock()
		}
		message := append(head, body...)
		if text == "commit" && p.onCommit != nil {
			p.onCommit(client, server, message)
			return
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// contractDryRun: what comes to the server are reads in transactions that are read only, and
// what a preview tries and rolls back.
func contractDryRun(t *testing.T, r *real) {
	p := r.proxied(t)
	call := r.at(t, r.Through(p.Addr(), "postgres"))
	call.DryRun = true
	for a, with := range map[*action.Action]map[string]any{
		Ping: nil, Query: {"sql": "SELECT 1"}, Activity: nil, Replication: nil, TerminateBackend: {"pid": int(r.conn.PgConn().PID())},
		Execute: {"sql": "UPDATE jobs SET state = $1 WHERE state = 'stuck'", "params": []any{"queued"}, "max": 500},
	} {
		bound := actiontest.Bind(t, a, call, with)
		_, err := bound.Run(t.Context(), call)
		if a.Effect == action.Read {
			if err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
			continue
		}
		if !errors.Is(err, action.ErrDryRun) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%s: %v", a.Name, err)
		}
		if _, err := bound.Preview(t.Context(), call); err != nil {
			t.Errorf("%s: preview %v", a.Name, err)
		}
		if _, err := bound.Subjects(t.Context(), call); err != nil {
			t.Errorf("%s: subjects %v", a.Name, err)
		}
		if bound.Settle != nil {
			if _, _, err := bound.Settle(t.Context(), call, nil); err != nil {
				t.Errorf("%s: settle %v", a.Name, err)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	tried := 0
	for _, of := range p.statements {
		readOnly := of[0] == "begin read only"
		if !readOnly && of[0] != "begin" || of[len(of)-1] != "rollback" || slices.Contains(of, "commit") {
			t.Errorf("a transaction is %q", of)
		}
		for _, statement := range of[1 : len(of)-1] {
			switch word := wordOf(statement); {
			case word == "select" || word == "explain" || word == "with" && readOnly:
			case word == "update" && !readOnly:
				tried++
			default:
				t.Errorf("%q came in %q", statement, of)
			}
		}
	}
	if tried != 1 || r.number(t, "SELECT count(*)::int FROM jobs WHERE state = 'stuck'") != 30 {
		t.Errorf("%d were tried: %q", tried, p.statements)
	}
}

// contractLostCommit: the server is asked what became of a commit that was not answered.
func contractLostCommit(t *testing.T, r *real) {
	for name, c := range map[string]struct {
		onCommit func(p *proxy) func(client, server net.Conn, message []byte)
		applied  action.Applied
		rows     int
	}{
		"the reply is lost": {func(*proxy) func(net.Conn, net.Conn, []byte) {
			return func(client, server net.Conn, message []byte) {
				_, _ = server.Write(message)
				client.Close()
			}
		}, action.AppliedFully, 1},
		"the request is lost": {func(*proxy) func(net.Conn, net.Conn, []byte) {
			return func(client, server net.Conn, _ []byte) { client.Close(); server.Close() }
		}, action.AppliedNot, 0},
		"the server is gone with it": {func(p *proxy) func(net.Conn, net.Conn, []byte) {
			return func(client, server net.Conn, message []byte) {
				_ = p.Close()
				_, _ = server.Write(message)
				client.Close()
			}
		}, action.AppliedLost, 1},
	} {
		r.do(t, "TRUNCATE made_by_commit, log")
		p := r.proxied(t)
		p.onCommit = c.onCommit(p)
		call := r.at(t, r.Through(p.Addr(), "postgres"))
		_, err := actiontest.Bind(t, Execute, call, map[string]any{"sql": "INSERT INTO made_by_commit VALUES (1)", "max": 1}).Run(t.Context(), call)
		if applied := action.ClassOf(err); applied != c.applied {
			t.Errorf("%s: %s, %v", name, applied, err)
		}
		until(t, func() bool { return r.number(t, "SELECT count(*)::int FROM made_by_commit") == c.rows })
	}
}

// contractDump: pg_restore reads what pg_dump wrote, and an older pg_dump is told as such.
func contractDump(t *testing.T, r *real) {
	folder := t.TempDir()
	t.Setenv("PATH", r.Bin+":"+os.Getenv("PATH"))
	call := r.call(t)
	for format, reads := range map[string][]string{"custom": {"pg_restore", "--list"}, "plain": {"cat"}} {
		to := filepath.Join(folder, format)
		with := map[string]any{"to": to, "format": format, "tables": []any{"jobs"}}
		preview, err := actiontest.Bind(t, Dump, call, with).Preview(t.Context(), call)
		if err != nil || preview.Touches[0].Name != to || !strings.Contains(preview.Summary, "pg_dump of jobs of the database, which has ") {
			t.Errorf("%+v %v", preview, err)
		}
		got := actiontest.Run(t, Dump, call, with).Outputs
		info, err := os.Stat(to)
		if err != nil || got["size_bytes"] != int(info.Size()) || info.Mode().Perm() != 0o600 || got["version"] == "" {
			t.Errorf("%v, %v %v", got, info, err)
		}
		text, err := exec.Command(reads[0], append(reads[1:], to)...).Output()
		if err != nil || !bytes.Contains(text, []byte("jobs")) || bytes.Contains(text, []byte("numbered")) {
			t.Errorf("%s: %v: %s", format, err, text)
		}
		_, err = actiontest.Bind(t, Dump, call, with).Run(t.Context(), call)
		if f := failureOf(t, err); !strings.Contains(f.What, "is there already") || f.Applied != action.AppliedNot {
			t.Errorf("%+v", err)
		}
	}
	fails := func(what string, with map[string]any) {
		t.Helper()
		with["to"] = filepath.Join(folder, "new")
		_, err := actiontest.Bind(t, Dump, call, with).Run(t.Context(), call)
		f := failureOf(t, err)
		told := f.Where + f.What + f.Tried + strings.Join(f.Do, "")
		if !strings.Contains(f.What, what) || f.Applied != action.AppliedNot || len(told) > 300 || strings.Contains(told, r.Password) {
			t.Errorf("%s: %+v", what, err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
			t.Errorf("%s: left %v, %v", what, left, err)
		}
	}
	fails("pg_dump failed: error: no matching tables were found", map[string]any{"tables": []any{"nowhere"}})
	old := t.TempDir()
	if err := os.WriteFile(filepath.Join(old, "pg_dump"), []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", old+":"+os.Getenv("PATH"))
	fails("pg_dump is of version 9.6.1, and the server of 1", map[string]any{})
	t.Setenv("PATH", t.TempDir())
	fails("there is no pg_dump on this machine", map[string]any{})
	dry := r.call(t)
	dry.DryRun = true
	if _, err := actiontest.Bind(t, Dump, dry, map[string]any{"to": filepath.Join(folder, "new")}).Run(t.Context(), dry); !errors.Is(err, action.ErrDryRun) {
		t.Error(err)
	}
}

// What keeps a server from being reached is told in the words of all families, also what
// comes of its answer to whether it speaks TLS.
func TestUnreachable(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	t.Cleanup(certificate.Close)
	answers := func(answer string, then func(net.Conn)) string {
		return actiontest.Listen(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = io.WriteString(conn, answer)
			if then != nil {
				then(conn)
			}
		})
	}
	for _, c := range []struct{ name, address, mode, what string }{
		{"refused", "127.0.0.1:1", "disable", "connection refused"},
		{"unknown name", "no-such-name.invalid:1", "disable", "the name no-such-name.invalid is not known"},
		{"hangs", answers("", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), "prefer", "no answer in "},
		{"closes", answers("", nil), "disable", "without an answer"},
		{"no TLS", answers("N", nil), "verify-full", "the server does not speak TLS"},
		{"untrusted", answers("S", func(c net.Conn) { _ = tls.Server(c, certificate.TLS).Handshake() }), "verify-full", "the certificate was not accepted: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := 10 * time.Second
			if c.name == "hangs" {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			call := actiontest.Call(t, map[string]any{"uri": "postgres://ann:hunter22@" + c.address + "/shop?sslmode=" + c.mode})
			for _, a := range []*action.Action{Ping, Execute} {
				with := map[*action.Action]map[string]any{Execute: {"sql": "DELETE FROM a", "max": 1}}[a]
				_, err := actiontest.Bind(t, a, call, with).Run(ctx, call)
				f := failureOf(t, err)
				told := strings.Join(append([]string{f.Where, f.What, f.Tried}, f.Do...), " ")
				if !strings.Contains(f.What, c.what) || f.Applied != action.AppliedNot || len(told) > 400 || strings.Contains(told, "hunter22") || len(f.Do) == 0 || f.Tried == "" {
					t.Errorf("%s: %+v", a.Name, f)
				}
			}
		})
	}
}

// A password in a URI is a secret of the run, and no error or address shows it.
func TestAddresses(t *testing.T) {
	for uri, want := range map[string]string{
		"postgres://ann:hunter22@h/shop":                      "postgres://ann@h:5432/shop",
		"postgresql://ann:hunter22@[::1]:1/a?sslmode=require": "postgresql://ann@[::1]:1/a",
		"postgres://ann:hunter22@h:1":                         "postgres://…",
		"postgres://h/shop?password=hunter22":                 "postgres://…",
		"postgres://ann:hunter22@h/shop?options=x":            "postgres://…",
		"host=h password=hunter22":                            "postgres://…",
		"http://ann:hunter22@h/shop":                          "postgres://…",
	} {
		for _, given := range []any{uri, schema.NewSecret("uri", uri)} {
			config := map[string]any{"uri": given}
			shown, _ := Target.Address(config)
			parsed, err := Target.Parse(config)
			if shown != want || (err == nil) != (want != "postgres://…") {
				t.Errorf("%s is shown as %s, %v", uri, shown, err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "hunter22") {
					t.Error(err)
				}
				continue
			}
			if password, ok := parsed["password"].(schema.Secret); !ok || password.Reveal() != "hunter22" || strings.Contains(parsed["uri"].(string), "hunter22") {
				t.Errorf("%s: %v", uri, parsed)
			}
		}
	}
}
