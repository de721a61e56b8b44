package postgres

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"runbook/engine/action"
)

// A preview executes a statement in a transaction that is rolled back only where that leaves
// nothing behind. Its bounds keep what it holds meanwhile from others for a moment only.
const (
	mostTried   = 10_000 // rows, as the plan estimates
	tryingLimit = 3 * time.Second
	lockLimit   = 500 * time.Millisecond
)

// plan is what the server would do, as EXPLAIN tells without doing it.
type plan struct {
	text  string
	rows  int      // as it estimates
	ofs   []string // the tables that are changed: public.jobs
	verbs []string // "Update"
}

var (
	changes   = regexp.MustCompile(`(?m)^\s*(?:->\s+)?(Insert|Update|Delete|Merge) on (\S+)`)
	estimates = regexp.MustCompile(`rows=(\d+)`)
	functions = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)"?\s*\(`)
	// harmless are volatile functions that leave nothing behind.
	harmless = []string{"random", "clock_timestamp", "timeofday", "gen_random_uuid", "pg_sleep"}
)

// explain asks for the plan in a transaction that is read only.
func (p executeParams) explain(ctx context.Context, s *server) (plan, error) {
	return reading(ctx, s, "EXPLAIN of "+brief(p.SQL), func(ctx context.Context, tx pgx.Tx) (plan, error) {
		got, err := tx.Query(ctx, "EXPLAIN (VERBOSE) "+p.SQL, arguments(p.Params)...)
		if err != nil {
			return plan{}, err
		}
		lines, err := pgx.CollectRows(got, pgx.RowTo[string])
		if err != nil {
			return plan{}, err
		}
		is := plan{text: strings.Join(lines, "\n")}
		for _, m := range changes.FindAllStringSubmatch(is.text, -1) {
			is.verbs, is.ofs = append(is.verbs, m[1]), append(is.ofs, m[2])
		}
		for _, m := range estimates.FindAllStringSubmatch(is.text, -1) {
			n := 0
			_, _ = fmt.Sscan(m[1], &n)
			is.rows = max(is.rows, n)
		}
		return is, nil
	})
}

// leaves says what would be left behind though the transaction is rolled back; "" for nothing.
func (p executeParams) leaves(ctx context.Context, s *server, is plan) (string, error) {
	switch {
	case len(is.ofs) == 0:
		return "its plan does not tell which table is changed", nil
	case strings.Contains(is.text, "Foreign "):
		return "it reaches another server", nil
	case strings.Contains(is.text, "OPERATOR("):
		return "it uses an operator of its own", nil
	case slices.Contains(is.verbs, "Merge"):
		return "it is a MERGE, of which the plan does not tell all", nil
	case is.rows > mostTried:
		return fmt.Sprintf("its plan expects %d rows, and they would be locked meanwhile", is.rows), nil
	}
	var named []string
	for _, m := range functions.FindAllStringSubmatch(is.text+"\n"+p.SQL, -1) {
		named = append(named, strings.ToLower(m[1]))
	}
	return reading(ctx, s, "SELECT of triggers", func(ctx context.Context, tx pgx.Tx) (string, error) {
		var why *string
		err := tx.QueryRow(ctx, leaving, named, is.ofs, harmless, slices.Contains(is.verbs, "Insert") || strings.Contains(strings.ToLower(p.SQL), "default")).Scan(&why)
		if err != nil || why == nil {
			return "", err
		}
		return *why, nil
	})
}

// leaving finds what a roll-back does not take back: functions that are volatile or not of
// the server itself, triggers and rules of the tables or of those that a foreign key changes
// with them, checks and policies by functions, and defaults by sequences.
const leaving = `WITH RECURSIVE touched(id) AS (
 SELECT to_regclass(name)::oid FROM unnest($2::text[]) AS name
 UNION SELECT also FROM touched JOIN (
  SELECT confrelid AS by, conrelid AS also FROM pg_constraint WHERE contype = 'f' AND (confdeltype NOT IN ('a', 'r') OR confupdtype NOT IN ('a', 'r'))
  UNION ALL SELECT inhparent, inhrelid FROM pg_inherits) AS linked ON by = id
)
SELECT min(why) FROM (
 SELECT 'a table of it is not found' FROM touched WHERE id IS NULL
 UNION ALL SELECT relname || ' is no table of this server' FROM pg_class JOIN touched ON oid = id WHERE relkind NOT IN ('r', 'p')
 UNION ALL SELECT 'the function ' || proname || ' may act outside of the transaction' FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
  WHERE proname = ANY ($1) AND (nspname <> 'pg_catalog' OR provolatile = 'v') AND NOT (nspname = 'pg_catalog' AND proname = ANY ($3))
 UNION ALL SELECT 'the trigger ' || tgname || ' may act outside of the transaction' FROM pg_trigger JOIN touched ON tgrelid = id WHERE NOT tgisinternal AND tgenabled <> 'D'
 UNION ALL SELECT 'the rule ' || rulename || ' makes something else of it' FROM pg_rewrite JOIN touched ON ev_class = id
 UNION ALL SELECT 'the constraint ' || conname || ' calls a function' FROM pg_constraint JOIN touched ON conrelid = id JOIN pg_depend ON classid = 'pg_constraint'::regclass AND objid = pg_constraint.oid AND refclassid = 'pg_proc'::regclass
 UNION ALL SELECT 'the policy ' || polname || ' calls a function' FROM pg_policy JOIN touched ON polrelid = id JOIN pg_depend ON classid = 'pg_policy'::regclass AND objid = pg_policy.oid AND refclassid = 'pg_proc'::regclass
 UNION ALL SELECT 'the default of ' || attname || ' calls a function, which may be that of a sequence' FROM pg_attrdef JOIN touched ON adrelid = id JOIN pg_attribute ON attrelid = id AND attnum = adnum
  WHERE $4 AND attgenerated = '' AND pg_get_expr(adbin, adrelid) ~ '\(' AND pg_get_expr(adbin, adrelid) !~ '^(now|gen_random_uuid)\(\)$'
 UNION ALL SELECT attname || ' is numbered by a sequence' FROM pg_attribute JOIN touched ON attrelid = id WHERE $4 AND attidentity <> ''
) AS found(why)`

// counted executes the statement and rolls it back, and returns how many rows it changed.
func (p executeParams) counted(ctx context.Context, s *server) (int, error) {
	return trying(ctx, s, brief(p.SQL)+", rolled back", func(ctx context.Context, tx pgx.Tx) (int, error) {
		for name, limit := range map[string]time.Duration{"lock_timeout": lockLimit, "statement_timeout": tryingLimit} {
			if err := setting(ctx, tx, name, limit); err != nil {
				return 0, err
			}
		}
		tag, err := p.one(ctx, tx)
		return int(tag.RowsAffected()), err
	})
}

func previewExecute(ctx context.Context, call action.Call, p executeParams) (action.Preview, error) {
	s, err := p.open(call)
	if err != nil {
		return action.Preview{}, err
	}
	word := wordOf(p.SQL)
	preview := action.Preview{Summary: brief(p.SQL), Touches: []action.Object{{Kind: "database", Name: s.uri}}}
	if !slices.Contains(append([]string{"with"}, ofRows...), word) {
		preview.Summary += "; what it would touch is not known before"
		return preview, nil
	}
	is, err := p.explain(ctx, s)
	if err != nil {
		return action.Preview{}, err
	}
	why, err := p.leaves(ctx, s, is)
	if err != nil {
		return action.Preview{}, err
	}
	n := 0
	if why == "" {
		if n, err = p.counted(ctx, s); codeOf(err) == "55P03" || codeOf(err) == "57014" && ctx.Err() == nil {
			why = "others hold the rows, or it takes too long"
		} else if err != nil {
			return action.Preview{}, err
		}
	}
	if why != "" {
		preview.Summary += fmt.Sprintf("; about %s as the plan has it, not tried: %s", rows(is.rows), why)
	} else {
		preview.Summary += "; " + rows(n) + ", as tried and rolled back"
		if n > p.Max {
			return action.Preview{}, p.allow(s, n)
		}
	}
	preview.Touches = nil
	for i, of := range is.ofs {
		object := action.Object{Kind: "table", Name: of, Note: strings.ToLower(is.verbs[i])}
		if i == 0 {
			object.Count = n
		}
		if !slices.Contains(preview.Touches, object) {
			preview.Touches = append(preview.Touches, object)
		}
	}
	return preview, nil
}
