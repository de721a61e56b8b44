package mongo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/dump"
)

// began is when the documents of the contract begin.
var began = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// contract is what the actions promise against any server; call is to an empty
// database of it.
func contract(t *testing.T, call action.Call) {
	seed(t, call)
	for _, part := range []struct {
		name string
		test func(*testing.T, action.Call)
	}{
		{"find", contractOfFind}, {"dry run", contractOfDryRun}, {"indexes", contractOfIndexes},
		{"dump", contractOfDump}, {"update", contractOfUpdate}, {"delete", contractOfDelete},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, call) })
	}
}

// seed writes twelve tasks: t0 to t7 in processing, one minute apart, and four
// queued.
func seed(t *testing.T, call action.Call) {
	t.Helper()
	s, database, err := server.DatabaseOf(call, "")
	if err != nil {
		t.Fatal(err)
	}
	var docs []any
	for i := range 12 {
		status := "processing"
		if i >= 8 {
			status = "queued"
		}
		docs = append(docs, bson.D{
			{Key: "_id", Value: bson.ObjectID{11: byte(i)}}, {Key: "gid", Value: fmt.Sprintf("t%d", i)}, {Key: "status", Value: status},
			{Key: "user_id", Value: int32(i % 3)}, {Key: "bytes", Value: int64(1) << 40}, {Key: "ratio", Value: 0.5},
			{Key: "updated_at", Value: bson.NewDateTimeFromTime(began.Add(time.Duration(i) * time.Minute))},
			{Key: "tags", Value: bson.A{"a", int32(i)}},
		})
	}
	if _, err := s.Client.Database(database).Collection("tasks").InsertMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
}

func contractOfFind(t *testing.T, call action.Call) {
	run := func(with map[string]any) map[string]any {
		t.Helper()
		return actiontest.Run(t, Find, call, with).Outputs
	}
	gids := func(out map[string]any) (found []string) {
		for _, d := range out["documents"].([]any) {
			found = append(found, d.(map[string]any)["gid"].(string))
		}
		return found
	}
	out := run(map[string]any{"collection": "tasks", "filter": map[string]any{"gid": "t3"}})
	doc := out["documents"].([]any)[0].(map[string]any)
	if doc["_id"] != "000000000000000000000003" || !doc["updated_at"].(time.Time).Equal(began.Add(3*time.Minute)) ||
		doc["user_id"] != 0 || doc["bytes"] != 1<<40 || doc["ratio"] != 0.5 || fmt.Sprint(doc["tags"]) != "[a 3]" {
		t.Errorf("document %v", doc)
	}
	out = run(map[string]any{"collection": "tasks", "filter": map[string]any{"status": "processing"}, "sort": []any{"updated_at desc"}, "limit": 3})
	if got := gids(out); !slices.Equal(got, []string{"t7", "t6", "t5"}) || out["truncated"] != true || out["count"] != 3 {
		t.Errorf("the newest three: %v, %v", got, out)
	}
	out = run(map[string]any{"collection": "tasks", "filter": map[string]any{"updated_at": map[string]any{"$lt": began.Add(2 * time.Minute)}}, "sort": []any{"gid"}, "limit": 2})
	if got := gids(out); !slices.Equal(got, []string{"t0", "t1"}) || out["truncated"] != false {
		t.Errorf("before a time: %v, %v", got, out)
	}
	out = run(map[string]any{
		"collection": "tasks", "projection": map[string]any{"gid": 1},
		"filter": map[string]any{"_id": map[string]any{"$oid": doc["_id"]}, "user_id": map[string]any{"$in": []any{0, 9}}},
	})
	if got := out["documents"].([]any); len(got) != 1 || len(got[0].(map[string]any)) != 2 {
		t.Errorf("by id, projected: %v", got)
	}
	if out = run(map[string]any{"collection": "nothing_here"}); out["count"] != 0 || out["documents"] == nil {
		t.Errorf("of no collection: %v", out)
	}
	if n := counted(t, call, "tasks", map[string]any{"status": "queued"}); n != 4 {
		t.Errorf("%d are queued", n)
	}
	if n := counted(t, call, "nothing_here", nil); n != 0 {
		t.Errorf("%d in no collection", n)
	}
}

func counted(t *testing.T, call action.Call, collection string, filter map[string]any) int {
	t.Helper()
	if filter == nil {
		filter = map[string]any{}
	}
	return actiontest.Run(t, Count, call, map[string]any{"collection": collection, "filter": filter}).Outputs["count"].(int)
}

// changes are one of each action that changes something on the server.
func changes() map[*action.Action]map[string]any {
	all := map[string]any{}
	return map[*action.Action]map[string]any{
		Update:        {"collection": "tasks", "filter": all, "update": map[string]any{"$set": map[string]any{"status": "x"}}},
		Delete:        {"collection": "tasks", "filter": all, "limit": 100},
		EnsureIndexes: {"collection": "tasks", "indexes": []any{map[string]any{"keys": []any{"ratio"}}}},
	}
}

func contractOfDryRun(t *testing.T, call action.Call) {
	call.DryRun = true
	call.Clients = action.NewClients()
	t.Cleanup(func() { _ = call.Clients.Close() })
	for a, with := range changes() {
		bound := actiontest.Bind(t, a, call, with)
		if p, err := bound.Preview(t.Context(), call); err != nil || !strings.Contains(p.Summary, "tasks") {
			t.Errorf("%s: preview %+v, %v", a.Name, p, err)
		}
		if _, err := bound.Run(t.Context(), call); !errors.Is(err, action.ErrDryRun) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	if n := counted(t, call, "tasks", map[string]any{"status": "processing"}); n != 8 {
		t.Errorf("%d of 8 are left", n)
	}
	if got := indexNames(t, call, "tasks"); !slices.Equal(got, []string{"_id_"}) {
		t.Errorf("indexes %v", got)
	}
}

func indexNames(t *testing.T, call action.Call, collection string) (names []string) {
	t.Helper()
	for _, i := range actiontest.Run(t, ListIndexes, call, map[string]any{"collection": collection}).Outputs["indexes"].([]any) {
		names = append(names, i.(map[string]any)["name"].(string))
	}
	return names
}

func wanted(keys string, unique bool) map[string]any {
	list := []any{}
	for _, k := range strings.Split(keys, ", ") {
		list = append(list, k)
	}
	return map[string]any{"keys": list, "unique": unique}
}

func contractOfIndexes(t *testing.T, call action.Call) {
	with := map[string]any{"collection": "tasks", "indexes": []any{wanted("user_id, status", false), wanted("gid", true), wanted("updated_at desc", false)}}
	check := map[string]any{"collections": []any{with}}
	out := actiontest.Run(t, CheckIndexes, call, check).Outputs
	if out["missing_count"] != 3 || out["ok"] != false || len(out["missing"].([]any)) != 1 {
		t.Errorf("before: %v", out)
	}
	bound := actiontest.Bind(t, EnsureIndexes, call, with)
	p, err := bound.Preview(t.Context(), call)
	if err != nil || len(p.Changes) != 3 || p.Changes[1].After != "gid, unique" || !strings.Contains(p.Summary, "make 3 indexes over 12 documents") {
		t.Errorf("preview %+v, %v", p, err)
	}
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || subjects[0].Version != "lacks user_id_1_status_1, gid_1, updated_at_-1" {
		t.Errorf("subjects %v, %v", subjects, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedLost {
		t.Errorf("settled before: %s, %v", applied, err)
	}
	const created = "[user_id_1_status_1 gid_1 updated_at_-1] []"
	if out = actiontest.Run(t, EnsureIndexes, call, with).Outputs; fmt.Sprint(out["created"], out["existing"]) != created {
		t.Errorf("created %s", out)
	}
	if applied, r, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedFully || fmt.Sprint(r.Outputs["created"], r.Outputs["existing"]) != created {
		t.Errorf("settled after: %s, %v, %v", applied, r, err)
	}
	if got := indexNames(t, call, "tasks"); len(got) != 4 || got[0] != "_id_" {
		t.Errorf("indexes %v", got)
	}
	with["indexes"] = append(with["indexes"].([]any), map[string]any{"keys": []any{"gid"}, "unique": true, "name": "by_gid"})
	if r := actiontest.Run(t, EnsureIndexes, call, with); len(r.Outputs["created"].([]any)) != 0 || r.Summary != "all 4 indexes were there: nothing changed" {
		t.Errorf("again: %v", r)
	}
	if out = actiontest.Run(t, CheckIndexes, call, check).Outputs; out["ok"] != true {
		t.Errorf("after: %v", out)
	}
	contractOfConflicts(t, call)
}

func contractOfConflicts(t *testing.T, call action.Call) {
	for _, c := range []struct {
		name             string
		index            map[string]any
		what, seen, does string
	}{
		{"not unique", wanted("gid", false), "1 index of", "unique: true", "write unique: true"},
		{"unique", wanted("updated_at desc", true), "1 index of", "unique: false", "look for duplicates"},
		{"name", map[string]any{"keys": []any{"ratio"}, "name": "gid_1"}, "1 index of", "gid_1 on gid, unique", "another name"},
	} {
		_, err := actiontest.Bind(t, EnsureIndexes, call, map[string]any{"collection": "tasks", "indexes": []any{c.index}}).Run(t.Context(), call)
		f := action.AsFailure(orNone(err))
		if f.Applied != action.AppliedNot || !strings.Contains(f.What, c.what) || !strings.Contains(strings.Join(f.Seen, " "), c.seen) || !strings.Contains(strings.Join(f.Do, " "), c.does) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	if got := indexNames(t, call, "tasks"); len(got) != 4 {
		t.Errorf("after conflicts: %v", got)
	}
}

// contractOfOperations is what is held against servers that tell of their own
// work as MongoDB does; it goes on from contract.
func contractOfOperations(t *testing.T, call action.Call) {
	_, err := actiontest.Bind(t, EnsureIndexes, call, map[string]any{"collection": "tasks", "indexes": []any{wanted("status", true)}}).Run(t.Context(), call)
	if f := action.AsFailure(orNone(err)); f.Applied != action.AppliedNot || !f.Final || !strings.HasPrefix(f.What, "documents of ") || !strings.Contains(strings.Join(f.Seen, ""), "E11000") {
		t.Errorf("duplicates: %+v", f)
	}
	for _, c := range []struct {
		with     map[string]any
		stage    string
		index    any
		examined int
		returned int
		sorts    bool
	}{
		{map[string]any{"collection": "tasks", "filter": map[string]any{"ratio": 0.5}}, "COLLSCAN", nil, 8, 8, false},
		{map[string]any{"collection": "tasks", "filter": map[string]any{"gid": "t3"}}, "IXSCAN", "gid_1", 1, 1, false},
		{map[string]any{"collection": "tasks", "filter": map[string]any{}, "sort": []any{"updated_at desc"}, "limit": 2}, "IXSCAN", "updated_at_-1", 2, 2, false},
		{map[string]any{"collection": "tasks", "filter": map[string]any{}, "sort": []any{"ratio"}}, "COLLSCAN", nil, 8, 8, true},
	} {
		out := actiontest.Run(t, Explain, call, c.with).Outputs
		if out["stage"] != c.stage || out["index"] != c.index || out["documents_examined"] != c.examined || out["returned"] != c.returned || out["sorts_in_memory"] != c.sorts {
			t.Errorf("explain %v: %v", c.with, out)
		}
	}
	uses := map[string]int{}
	for _, i := range actiontest.Run(t, ListIndexes, call, map[string]any{"collection": "tasks"}).Outputs["indexes"].([]any) {
		is := i.(map[string]any)
		n, _ := is["uses"].(int)
		uses[is["name"].(string)] = n
		if size, _ := is["size_bytes"].(int); size <= 0 || is["counting_since"] == nil {
			t.Errorf("index %v", is)
		}
	}
	counted(t, call, "tasks", map[string]any{"gid": "t1"})
	for _, i := range actiontest.Run(t, ListIndexes, call, map[string]any{"collection": "tasks"}).Outputs["indexes"].([]any) {
		is := i.(map[string]any)
		if got := is["uses"].(int) - uses[is["name"].(string)]; (got > 0) != (is["name"] == "gid_1") {
			t.Errorf("%s was used %d times more", is["name"], got)
		}
	}
	if out := actiontest.Run(t, CurrentOps, call, map[string]any{"running_longer_than": time.Hour}).Outputs; len(out["operations"].([]any)) != 0 {
		t.Errorf("operations %v", out)
	}
	if out := actiontest.Run(t, KillOp, call, map[string]any{"opid": "123456789"}).Outputs; out["found"] != false {
		t.Errorf("an operation that is none: %v", out)
	}
	if out := actiontest.Run(t, Profile, call, nil).Outputs; out["shapes"] == nil {
		t.Errorf("profile %v", out)
	}
}

func orNone(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

func contractOfDump(t *testing.T, call action.Call) {
	to := filepath.Join(t.TempDir(), "sub", "dump")
	with := map[string]any{"collections": []any{"tasks"}, "to": to}
	bound := actiontest.Bind(t, Dump, call, with)
	if p, err := bound.Preview(t.Context(), call); err != nil || !strings.Contains(p.Summary, "write 12 documents") {
		t.Errorf("preview %+v, %v", p, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, nil); applied != action.AppliedNot || err != nil {
		t.Errorf("settled before: %s, %v", applied, err)
	}
	out := actiontest.Run(t, Dump, call, with).Outputs
	if out["path"] != to || out["documents"] != 12 || out["size_bytes"].(int) == 0 {
		t.Errorf("outputs %v", out)
	}
	if m, err := dump.Verify(t.Context(), to, func(dump.File) {}); err != nil || m.Documents() != 12 || len(m.Files) != 2 || m.Run != call.Run {
		t.Errorf("the dump: %+v, %v", m, err)
	}
	if applied, r, err := bound.Settle(t.Context(), call, nil); applied != action.AppliedFully || r.Outputs["documents"] != 12 {
		t.Errorf("settled after: %s, %v, %v", applied, r, err)
	}
	for name, with := range map[string]map[string]any{
		"something already": with,
		"no collection x":   {"collections": []any{"x"}, "to": to + "2"},
	} {
		_, err := actiontest.Bind(t, Dump, call, with).Run(t.Context(), call)
		if f := action.AsFailure(orNone(err)); f.Applied != action.AppliedNot || !f.Final || !strings.Contains(f.What, name) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(to), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func contractOfUpdate(t *testing.T, call action.Call) {
	processing := map[string]any{"status": "processing"}
	with := map[string]any{"collection": "tasks", "filter": processing, "update": map[string]any{"$set": map[string]any{"status": "stuck"}, "$inc": map[string]any{"tries": 1}}, "max": 7}
	bound := actiontest.Bind(t, Update, call, with)
	_, err := bound.Run(t.Context(), call)
	_, previewErr := bound.Preview(t.Context(), call)
	for _, err := range []error{err, previewErr} {
		if f := action.AsFailure(orNone(err)); f.Applied != action.AppliedNot || !strings.Contains(f.What, "8 documents in") || !strings.Contains(f.What, "at most 7 may be changed") {
			t.Errorf("above max: %+v", f)
		}
	}
	with["max"] = 8
	bound = actiontest.Bind(t, Update, call, with)
	p, err := bound.Preview(t.Context(), call)
	if err != nil || !strings.HasPrefix(p.Summary, "8 of 12 documents in ") || p.Touches[0].Count != 8 || bound.Idempotent {
		t.Errorf("preview %+v, %v", p, err)
	}
	if out := actiontest.Run(t, Update, call, with).Outputs; out["matched"] != 8 || out["modified"] != 8 {
		t.Errorf("outputs %v", out)
	}
	if out := actiontest.Run(t, Update, call, with).Outputs; out["matched"] != 0 {
		t.Errorf("again: %v", out)
	}
	if n := counted(t, call, "tasks", map[string]any{"status": "stuck", "tries": 1}); n != 8 {
		t.Errorf("%d are changed", n)
	}
	with = map[string]any{"collection": "tasks", "filter": map[string]any{"status": "stuck"}, "update": map[string]any{"$set": map[string]any{"status": "stuck"}}}
	if out := actiontest.Run(t, Update, call, with).Outputs; out["matched"] != 8 || out["modified"] != 0 || actiontest.Bind(t, Update, call, with).Idempotent {
		t.Errorf("to what it is: %v", out)
	}
	contractOfLostUpdate(t, call)
}

// An update whose reply was lost is proven by its documents: some were not as wanted
// before, and all are now. It is never sent again, as others may have written meanwhile.
func contractOfLostUpdate(t *testing.T, call action.Call) {
	sets := func(filter map[string]any, state string) map[string]any {
		return map[string]any{"collection": "tasks", "filter": filter, "update": map[string]any{"$set": map[string]any{"state.name": state}, "$unset": map[string]any{"state.old": ""}}}
	}
	byID := func(n ...int) map[string]any {
		var ids []any
		for _, i := range n {
			ids = append(ids, map[string]any{"$oid": bson.ObjectID{11: byte(i)}.Hex()})
		}
		return map[string]any{"_id": map[string]any{"$in": ids}}
	}
	bound := actiontest.Bind(t, Update, call, sets(byID(1, 2, 3), "wanted"))
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || bound.Idempotent || !strings.HasSuffix(subjects[0].Version, ", 3 not as wanted") {
		t.Fatalf("subjects %+v, %v, idempotent %v", subjects, err, bound.Idempotent)
	}
	settled := func(of action.Bound, about []action.Subject, want action.Applied, why string) {
		t.Helper()
		applied, r, err := of.Settle(t.Context(), call, about)
		if applied != want || err != nil || want == action.AppliedFully && (r.Outputs["matched"] != len(partsOf(about[0]).IDs) || r.Outputs["modified"] != nil) {
			t.Errorf("settled %s: %s, %v, %v", why, applied, r, err)
		}
	}
	settled(bound, subjects, action.AppliedLost, "before it")
	actiontest.Run(t, Update, call, sets(byID(1, 2), "wanted"))
	settled(bound, subjects, action.AppliedLost, "in the middle of it")
	lost := call
	lost.Subjects = subjects
	if _, err := bound.Run(t.Context(), lost); action.ClassOf(err) != action.AppliedNot || !strings.Contains(action.AsFailure(err).What, ", 1 not as wanted), and not those that were counted") {
		t.Errorf("sent over what another wrote: %v", err)
	}
	actiontest.Run(t, Update, call, sets(byID(3), "wanted"))
	settled(bound, subjects, action.AppliedFully, "after it")
	actiontest.Run(t, Update, call, sets(byID(2), "of another"))
	settled(bound, subjects, action.AppliedLost, "after another wrote")
	actiontest.Run(t, Update, call, sets(byID(2), "wanted"))
	held, err := bound.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	settled(bound, held, action.AppliedLost, "where all were as wanted before")
	other := actiontest.Bind(t, Update, call, sets(map[string]any{"state": map[string]any{"$exists": false}, "status": "stuck"}, "wanted"))
	leaving, err := other.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	actiontest.Run(t, Update, call, sets(map[string]any{"status": "stuck"}, "wanted"))
	settled(other, leaving, action.AppliedFully, "where the filter finds none of them any more")
}

func contractOfDelete(t *testing.T, call action.Call) {
	with := map[string]any{"collection": "tasks", "filter": map[string]any{"status": "queued"}, "limit": 3}
	_, err := actiontest.Bind(t, Delete, call, with).Run(t.Context(), call)
	if f := action.AsFailure(orNone(err)); f.Applied != action.AppliedNot || !strings.Contains(f.What, "at most 3 may be deleted") {
		t.Errorf("above limit: %+v", f)
	}
	with["limit"] = 4
	bound := actiontest.Bind(t, Delete, call, with)
	p, err := bound.Preview(t.Context(), call)
	if err != nil || !strings.HasPrefix(p.Summary, "4 of 12 documents in ") || !strings.Contains(fmt.Sprint(p.Changes), "000000000000000000000008, ") {
		t.Errorf("preview %+v, %v", p, err)
	}
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || len(subjects) != 1 || !strings.HasPrefix(subjects[0].Version, "4 of ids ") {
		t.Errorf("subjects %+v, %v", subjects, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedLost || err != nil {
		t.Errorf("settled before: %s, %v", applied, err)
	}
	move := func(from, to string) {
		actiontest.Run(t, Update, call, map[string]any{"collection": "tasks", "filter": map[string]any{"status": from}, "update": map[string]any{"$set": map[string]any{"status": to}}})
	}
	move("queued", "elsewhere")
	if applied, r, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedLost || err != nil {
		t.Errorf("settled where all left the filter: %s, %v, %v", applied, r, err)
	}
	move("elsewhere", "queued")
	if out := actiontest.Run(t, Delete, call, with).Outputs; out["deleted"] != 4 {
		t.Errorf("outputs %v", out)
	}
	if applied, r, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedFully || r.Outputs["deleted"] != 4 || err != nil {
		t.Errorf("settled after: %s, %v, %v", applied, r, err)
	}
	for _, kept := range []string{"", strings.Replace(subjects[0].Parts, "08", "•", 1)} {
		other := subjects[0]
		other.Parts = kept
		if applied, _, err := bound.Settle(t.Context(), call, []action.Subject{other}); applied != action.AppliedLost || err != nil {
			t.Errorf("settled with the ids %q: %s, %v", kept, applied, err)
		}
	}
	if n := counted(t, call, "tasks", nil); n != 8 {
		t.Errorf("%d are left", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bound.Run(ctx, call); action.ClassOf(err) != action.AppliedNot {
		t.Errorf("cancelled before it was sent: %v", err)
	}
}
