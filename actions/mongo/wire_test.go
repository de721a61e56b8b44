package mongo

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// answers is a server that has one document that matches anything, and gives
// this answer to one command; nil cuts the connection in place of it.
func answers(t *testing.T, to string, answer bson.D) *fake {
	cursor := func(docs ...any) bson.D {
		return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: "m.tasks"}, {Key: "firstBatch", Value: bson.A(docs)}}}}
	}
	return newFake(t, func(command string) bson.D {
		switch {
		case command == to && answer == nil:
			return bson.D{{Key: "cut", Value: true}}
		case command == to:
			return answer
		case command == "find":
			return cursor(bson.D{{Key: "_id", Value: int32(7)}})
		case command == "aggregate":
			return cursor(bson.D{{Key: "_id", Value: int32(1)}, {Key: "n", Value: int32(1)}})
		case command == "listIndexes":
			return cursor(bson.D{{Key: "name", Value: "_id_"}, {Key: "key", Value: bson.D{{Key: "_id", Value: 1}}}})
		}
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "nModified", Value: 1}}
	})
}

func refused(code int, name string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "codeName", Value: name}, {Key: "errmsg", Value: "said so"}}
}

func TestChangesSayWhatIsKnown(t *testing.T) {
	partly := bson.D{
		{Key: "ok", Value: 1}, {Key: "n", Value: 3}, {Key: "nModified", Value: 3},
		{Key: "writeErrors", Value: bson.A{bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11601}, {Key: "errmsg", Value: "interrupted"}}}},
	}
	violated := bson.D{
		{Key: "ok", Value: 1}, {Key: "n", Value: 0},
		{Key: "writeErrors", Value: bson.A{bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key"}}}},
	}
	for _, c := range []struct {
		name    string
		action  *action.Action
		command string
		answer  bson.D
		applied action.Applied
		what    string
	}{
		{"update", Update, "update", bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "nModified", Value: 1}}, action.AppliedFully, ""},
		{"update cut", Update, "update", nil, action.AppliedLost, "the server closed the connection without an answer"},
		{"update forbidden", Update, "update", refused(13, "Unauthorized"), action.AppliedNot, "the user may not do this"},
		{"update stepped down", Update, "update", refused(189, "PrimarySteppedDown"), action.AppliedLost, "PrimarySteppedDown: said so"},
		{"update partly", Update, "update", partly, action.AppliedPart, "interrupted"},
		{"update violates", Update, "update", violated, action.AppliedNot, "E11000"},
		{"find before it fails", Update, "find", refused(2, "BadValue"), action.AppliedNot, "BadValue: said so"},
		{"delete cut", Delete, "delete", nil, action.AppliedLost, "closed the connection without an answer"},
		{"delete partly", Delete, "delete", partly, action.AppliedPart, "interrupted"},
		{"delete refused", Delete, "delete", refused(2, "BadValue"), action.AppliedNot, "BadValue"},
		{"index cut", EnsureIndexes, "createIndexes", nil, action.AppliedLost, "closed the connection without an answer"},
		{"index forbidden", EnsureIndexes, "createIndexes", refused(13, "Unauthorized"), action.AppliedNot, "the user may not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := callTo(t, answers(t, c.command, c.answer).address)
			call.Target.Config["database"] = "m"
			_, err := actiontest.Bind(t, c.action, call, changes()[c.action]).Run(t.Context(), call)
			if got := action.ClassOf(err); got != c.applied {
				t.Fatalf("%s: %v", got, err)
			}
			if err != nil && !strings.Contains(err.Error(), c.what) {
				t.Errorf("%v", err)
			}
			if f := action.AsFailure(orNone(err)); c.applied == action.AppliedPart && !strings.Contains(strings.Join(f.Seen, ""), "3 documents of m.tasks") {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestAServerThatIsDownIsToldAtOnceAndFoundAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	call := callTo(t, "127.0.0.1:1")
	call.Target.Config["uri"] = "mongodb://" + f.address + "/?directConnection=true"
	ping := actiontest.Bind(t, Ping, call, nil)
	if _, err := ping.Run(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	f.stop()
	began := time.Now()
	for i := range 5 {
		if _, err := ping.Run(t.Context(), call); err == nil {
			t.Fatalf("look %d: it answered", i)
		} else if i > 0 && !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("look %d: %v", i, err)
		}
	}
	if took := time.Since(began); took >= driverTimeout {
		t.Errorf("five looks took %s", took)
	}
	again, err := net.Listen("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	f.listen(again)
	t.Cleanup(func() { _ = again.Close() })
	if _, err := ping.Run(t.Context(), call); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestParametersAreRefusedBeforeAnythingIsSent(t *testing.T) {
	f := newFake(t, nil)
	for _, c := range []struct {
		action   *action.Action
		database string
		with     map[string]any
		want     string
	}{
		{Count, "", map[string]any{"collection": "tasks"}, "with.database: neither the step nor the target target names one"},
		{Count, "m", map[string]any{"collection": "tasks", "database": "a.b"}, `with.database: "a.b" is no name`},
		{Count, "m", map[string]any{"collection": "tasks", "filter": map[string]any{"$where": "1"}}, "with.filter: $where runs code"},
		{Find, "m", map[string]any{"collection": "a$b"}, "with.collection: "},
		{Find, "m", map[string]any{"collection": "tasks", "sort": []any{"a up"}}, "with.sort: "},
		{Delete, "m", map[string]any{"collection": "system.users", "filter": map[string]any{}, "limit": 1}, "with.collection: system.users is the server's own"},
		{Update, "m", map[string]any{"collection": "tasks", "filter": map[string]any{}, "update": map[string]any{"a": 1}}, "with.update: a is no operator"},
		{EnsureIndexes, "m", map[string]any{"collection": "tasks", "indexes": []any{wanted("a up", false)}}, "with.indexes[0].keys: "},
	} {
		call := callTo(t, f.address)
		if c.database != "" {
			call.Target.Config["database"] = c.database
		}
		_, err := actiontest.Bind(t, c.action, call, c.with).Run(t.Context(), call)
		if failure := action.AsFailure(orNone(err)); !strings.Contains(failure.What, c.want) || !failure.Final || failure.Applied != action.AppliedNot {
			t.Errorf("%s: %+v", c.action.Name, failure)
		}
	}
	for _, command := range []string{"find", "aggregate", "update", "delete", "createIndexes"} {
		if f.saw(command) {
			t.Errorf("%s arrived", command)
		}
	}
}

func TestCurrentOps(t *testing.T) {
	op := func(id any, ns string, seconds int, command bson.D) bson.D {
		return bson.D{
			{Key: "opid", Value: id}, {Key: "ns", Value: ns}, {Key: "op", Value: "query"}, {Key: "secs_running", Value: int64(seconds)},
			{Key: "microsecs_running", Value: int64(seconds)*1e6 + 5e5}, {Key: "planSummary", Value: "COLLSCAN"}, {Key: "client", Value: "10.0.0.7:5123"}, {Key: "command", Value: command},
		}
	}
	find := bson.D{{Key: "find", Value: "tasks"}, {Key: "filter", Value: bson.D{{Key: "a", Value: "secret"}}}}
	f := answers(t, "currentOp", bson.D{{Key: "ok", Value: 1}, {Key: "inprog", Value: bson.A{
		op(int32(7), "m.tasks", 3, find), op("shard:8", "m.tasks", 9, find), op(int32(9), "other.tasks", 5, find),
		op(int32(10), "admin.$cmd", 5, bson.D{{Key: "currentOp", Value: true}}), op(int32(11), "", 5, nil),
	}}})
	call := callTo(t, f.address)
	call.DryRun = true
	got := actiontest.Run(t, CurrentOps, call, map[string]any{"namespace": "m"})
	list := got.Outputs["operations"].([]any)
	if len(list) != 2 || got.Summary != "2 operations, the longest for 9.5s in m.tasks" {
		t.Fatalf("%v", got)
	}
	if o := list[0].(map[string]any); o["opid"] != "shard:8" || o["running_seconds"] != 9.5 || o["plan"] != "COLLSCAN" || o["client"] != "10.0.0.7:5123" || o["shape"] != "find tasks {a: ?}" {
		t.Errorf("%v", o)
	}
	kill := actiontest.Bind(t, KillOp, call, map[string]any{"opid": "7"})
	if _, err := kill.Run(t.Context(), call); !errors.Is(err, action.ErrDryRun) || f.saw("killOp") {
		t.Errorf("in a dry run: %v", err)
	}
	if p, err := kill.Preview(t.Context(), call); err != nil || !strings.Contains(p.Summary, "end the query 7 in m.tasks, which runs for 3.5s") {
		t.Errorf("preview %+v, %v", p, err)
	}
	wet := callTo(t, f.address)
	if out := actiontest.Run(t, KillOp, wet, map[string]any{"opid": "7"}).Outputs; out["found"] != true || !f.saw("killOp") {
		t.Errorf("%v", out)
	}
}

func TestACancelledChangeIsLostOnlyIfItWasSent(t *testing.T) {
	t.Parallel()
	silent := newFake(t, func(string) bson.D { return nil })
	call := callTo(t, silent.address)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s, err := server.Of(call)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Admin(ctx, bson.D{{Key: "killOp", Value: 1}, {Key: "op", Value: 1}})
	if action.ClassOf(err) != action.AppliedLost || !silent.saw("killOp") {
		t.Errorf("sent: %+v", err)
	}
	_, err = s.Admin(ctx, bson.D{{Key: "killOp", Value: 1}, {Key: "op", Value: 1}})
	if action.ClassOf(err) != action.AppliedNot {
		t.Errorf("not sent: %+v", err)
	}
}
