package postgres

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type queryParams struct {
	SQL    string `yaml:"sql" doc:"One statement that reads: SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN; $1 stands for the first of params."`
	Params []any  `yaml:"params,omitempty" doc:"What stands for $1, $2 and so on."`
	Max    int    `yaml:"max" default:"100" min:"1" max:"10000" doc:"How many rows to give; the others are not read."`
}

func (p queryParams) Brief() string { return brief(p.SQL) }

type queryOutputs struct {
	Columns  []string         `yaml:"columns" doc:"The names of the columns, in their order."`
	Rows     []map[string]any `yaml:"rows" show:"first" doc:"The rows, by the names of columns. Numbers, truth values, times and JSON are such; all else is the text that psql shows, also numbers that have more than 15 digits."`
	Count    int              `yaml:"count" doc:"How many they are."`
	Complete bool             `yaml:"complete" doc:"false: there are more than max."`
}

func (o queryOutputs) Summary() string {
	if !o.Complete {
		return "the first " + rows(o.Count)
	}
	return rows(o.Count)
}

// Query reads rows.
var Query = action.New(action.Spec[queryParams, queryOutputs]{
	Name:    "postgres.query",
	Summary: "Reads rows of a PostgreSQL database, in a transaction that is read only.",
	Example: `
action: postgres.query
with: {sql: "SELECT state, count(*) FROM jobs WHERE age(created_at) > $1::interval GROUP BY state", params: [1 hour]}
verify: ["none(outputs.rows, .state == 'stuck')"]
`,
	Target: Target,
	Effect: action.Read,
	Run:    query,
})

var (
	firstWord = regexp.MustCompile(`^(?:\s|--[^\n]*(?:\n|$)|/\*(?s:.*?)\*/|\()*([A-Za-z]+)`)
	// outside are the functions that act outside of a transaction, so that one that is read
	// only does not hold them back.
	outside = regexp.MustCompile(`(?i)\b(pg_(terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal|pg_create_\w+|pg_drop_\w+|pg_copy_\w+|pg_wal_replay_\w+|pg_(backup|start|stop)_\w+|pg_replication_\w+|pg_logical_\w+|pg_(try_)?advisory_\w+|pg_stat_reset\w*|pg_stat_clear\w*|pg_notify|pg_file_\w+|pg_log_\w+|pg_import_\w+|pg_prewarm|pg_sync_\w+|pg_execute_\w+|dblink\w*|lo_\w+|lowrite|query_to_xml\w*|set_config)\b|[uU]&"`)
	// literal is a text in a statement.
	literal = regexp.MustCompile(`'(?:[^']|'')*'`)
	mayRead = []string{"select", "with", "values", "table", "show", "explain"}
)

func wordOf(sql string) string {
	if m := firstWord.FindStringSubmatch(sql); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

// refusal says why a statement is no read; "" where it is one.
func (p queryParams) refusal() string {
	if word := wordOf(p.SQL); !slices.Contains(mayRead, word) {
		return "a statement that begins with " + strings.ToUpper(word) + " is no query"
	}
	if m := outside.FindString(p.SQL); m != "" {
		return m + " acts outside of the transaction, which is read only"
	}
	return ""
}

func query(ctx context.Context, call action.Call, p queryParams) (queryOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return queryOutputs{}, err
	}
	if why := p.refusal(); why != "" {
		return queryOutputs{}, &action.Failure{
			Applied: action.AppliedNot, Where: s.where, Final: true, What: why, Tried: "nothing was sent",
			Do: []string{"use postgres.execute for what changes something, postgres.terminate_backend to end a session, shell.run with psql for all else"},
		}
	}
	return reading(ctx, s, brief(p.SQL), func(ctx context.Context, tx pgx.Tx) (queryOutputs, error) {
		got, err := tx.Query(ctx, p.SQL, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, arguments(p.Params)...)...)
		if err != nil {
			return queryOutputs{}, err
		}
		defer got.Close()
		o := queryOutputs{Columns: []string{}, Rows: []map[string]any{}, Complete: true}
		for _, f := range got.FieldDescriptions() {
			o.Columns = append(o.Columns, f.Name)
		}
		for got.Next() {
			if len(o.Rows) == p.Max {
				o.Complete = false
				_ = tx.Conn().PgConn().Conn().Close() // or all others would be read
				break
			}
			row := map[string]any{}
			for i, raw := range got.RawValues() {
				row[o.Columns[i]] = value(got.FieldDescriptions()[i].DataTypeOID, raw)
			}
			o.Rows = append(o.Rows, row)
		}
		o.Count = len(o.Rows)
		if !o.Complete {
			return o, nil
		}
		return o, got.Err()
	})
}

// arguments are parameters as the driver takes them; what is no plain value is sent as JSON.
func arguments(params []any) []any {
	out := make([]any, len(params))
	for i, p := range params {
		switch v := p.(type) {
		case nil, string, int, float64, bool, time.Time:
			out[i] = v
		case map[string]any, []any:
			text, err := schema.JSONOf(v)
			if err != nil {
				text = schema.TextOf(v)
			}
			out[i] = text
		default:
			out[i] = schema.TextOf(v)
		}
	}
	return out
}

// times are the layouts in which times are told.
var times = map[uint32]string{
	pgtype.TimestamptzOID: "2006-01-02 15:04:05.999999999Z07", pgtype.TimestampOID: "2006-01-02 15:04:05.999999999", pgtype.DateOID: "2006-01-02",
}

// value is what a column holds, from the text that the server gives of it.
func value(oid uint32, raw []byte) any {
	if raw == nil {
		return nil
	}
	text := string(raw)
	switch oid {
	case pgtype.BoolOID:
		return text == "t"
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	case pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		digits := strings.Count(text, "") - 1
		if f, err := strconv.ParseFloat(text, 64); err == nil && (digits <= 15 || oid != pgtype.NumericOID) && !strings.ContainsAny(text, "Ny") {
			return f
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		var v any
		if err := json.Unmarshal(raw, &v); err == nil {
			return v
		}
	case pgtype.TimestamptzOID, pgtype.TimestampOID, pgtype.DateOID:
		for _, zone := range []string{"", ":00"} {
			if at, err := time.Parse(times[oid]+zone, text); err == nil {
				return at.UTC()
			}
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
