package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

func callTo(t *testing.T, address string) action.Call {
	return actiontest.Call(t, map[string]any{"uri": "mongodb://" + address + "/?directConnection=true"})
}

func TestServerInfo(t *testing.T) {
	f := newFake(t, func(command string) bson.D {
		switch command {
		case "buildInfo":
			return bson.D{{Key: "ok", Value: 1}, {Key: "version", Value: "7.0.5"}}
		case "serverStatus":
			return bson.D{
				{Key: "ok", Value: 1}, {Key: "uptime", Value: 312.0}, {Key: "mem", Value: bson.D{{Key: "resident", Value: 64}}},
				{Key: "connections", Value: bson.D{{Key: "current", Value: int32(7)}, {Key: "available", Value: int64(812)}}},
			}
		}
		return bson.D{{Key: "ok", Value: 1}}
	})
	call := callTo(t, f.address)
	call.DryRun = true
	got := actiontest.Run(t, ServerInfo, call, nil)
	want := map[string]any{
		"version": "7.0.5", "uptime_seconds": 312, "connections_current": 7, "connections_available": 812,
		"is_primary": true, "replica_set": nil, "resident_memory_bytes": 64 << 20,
	}
	for name, value := range want {
		if got.Outputs[name] != value {
			t.Errorf("%s is %v, want %v", name, got.Outputs[name], value)
		}
	}
	if got.Summary != "MongoDB 7.0.5, 7 connections" {
		t.Errorf("summary %q", got.Summary)
	}
	if ms := actiontest.Run(t, Ping, call, nil).Outputs["latency_ms"].(float64); ms <= 0 {
		t.Errorf("latency %v", ms)
	}
}

func TestFailures(t *testing.T) {
	says := func(code int, name string) *fake {
		return newFake(t, func(string) bson.D {
			return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "codeName", Value: name}, {Key: "errmsg", Value: "said so"}}
		})
	}
	silent := newFake(t, func(string) bson.D { return nil })
	for _, c := range []struct {
		name, address, what, tried string
		final                      bool
	}{
		{"refused", "127.0.0.1:1", "connection refused", "ping, once", false},
		{"unauthorized", says(13, "Unauthorized").address, "the user may not do this (Unauthorized)", "ping, once", true},
		{"credentials", says(18, "AuthenticationFailed").address, "the credentials were refused", "", true},
		{"other answer", says(91, "ShutdownInProgress").address, "ShutdownInProgress: said so", "ping, once", false},
		{"silent", silent.address, "no answer in ", "ping, once", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			call := callTo(t, c.address)
			_, err := actiontest.Bind(t, Ping, call, nil).Run(ctx, call)
			var f *action.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%v is no failure", err)
			}
			if !strings.HasPrefix(f.What, c.what) || !strings.Contains(f.Tried, c.tried) || f.Final != c.final || f.Where != "mongo at mongodb://"+c.address {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestWrongURIShowsNothingOfIt(t *testing.T) {
	for _, uri := range []any{"mongodb://ann:hunt/er22@h", schema.NewSecret("mongo_uri", "mongodb://ann:hunt/er22@h"), "hunter22"} {
		call := actiontest.Call(t, map[string]any{"uri": uri})
		_, err := actiontest.Bind(t, Ping, call, nil).Run(t.Context(), call)
		f := action.AsFailure(err)
		if err == nil || !f.Final || strings.Contains(f.Error()+f.Tried, "hunt") {
			t.Errorf("%+v", err)
		}
		if shown, _ := Target.Address(call.Target.Config); strings.Contains(shown, "hunt") {
			t.Errorf("shown as %s", shown)
		}
	}
}

func TestDryRunPassesReadsOnly(t *testing.T) {
	f := newFake(t, nil)
	call := callTo(t, f.address)
	call.DryRun = true
	s, err := server.Of(call)
	if err != nil {
		t.Fatal(err)
	}
	out := bson.A{bson.D{{Key: "$match", Value: bson.D{}}}, bson.D{{Key: "$out", Value: "x"}}}
	for _, c := range []struct {
		command bson.D
		read    bool
	}{
		{bson.D{{Key: "ping", Value: 1}}, true},
		{bson.D{{Key: "dbStats", Value: 1}}, true},
		{bson.D{{Key: "profile", Value: -1}}, true},
		{bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$match", Value: bson.D{}}}}}, {Key: "cursor", Value: bson.D{}}}, true},
		{bson.D{{Key: "explain", Value: bson.D{{Key: "find", Value: "c"}}}}, true},
		{bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: out}, {Key: "cursor", Value: bson.D{}}}, false},
		{bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$merge", Value: "x"}}}}}, false},
		{bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: "x"}}, false},
		{bson.D{{Key: "explain", Value: bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: out}}}}, false},
		{bson.D{{Key: "explain", Value: bson.D{{Key: "delete", Value: "c"}}}}, false},
		{bson.D{{Key: "profile", Value: 2}}, false},
		{bson.D{{Key: "insert", Value: "c"}}, false},
		{bson.D{{Key: "delete", Value: "c"}}, false},
		{bson.D{{Key: "findAndModify", Value: "c"}}, false},
		{bson.D{{Key: "dropDatabase", Value: 1}}, false},
		{bson.D{{Key: "setParameter", Value: 1}}, false},
		{bson.D{{Key: "killOp", Value: 1}}, false},
		{bson.D{{Key: "createIndexes", Value: "c"}}, false},
		{bson.D{{Key: "mapReduce", Value: "c"}}, false},
		{bson.D{{Key: "shutdown", Value: 1}}, false},
	} {
		_, err := s.Admin(t.Context(), c.command)
		if refused := errors.Is(err, action.ErrDryRun); refused == c.read {
			t.Errorf("%v: error %v", c.command, err)
		}
		if name := c.command[0].Key; !c.read && name != "aggregate" && name != "explain" && name != "profile" && f.saw(name) {
			t.Errorf("%s arrived", name)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := map[string]int{}
	for _, name := range f.commands {
		sent[name]++
	}
	if sent["aggregate"] != 1 || sent["explain"] != 1 || sent["profile"] != 1 {
		t.Errorf("commands that arrived: %v", sent)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel() // as the others that wait for the driver, which looks at a server twice a second
	actiontest.Unreachable(t, Ping, nil, func(address string, tls bool) map[string]any {
		return map[string]any{"uri": fmt.Sprintf("mongodb://%s/?directConnection=true&tls=%v", address, tls)}
	})
}

func TestRequestsAreLoggedWithoutValues(t *testing.T) {
	says := newFake(t, func(command string) bson.D {
		if command == "find" {
			return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 13}, {Key: "codeName", Value: "Unauthorized"}, {Key: "errmsg", Value: "private"}}
		}
		return nil
	})
	with := map[string]any{"database": "m", "collection": "tasks", "filter": map[string]any{"a": "private"}}
	if got := actiontest.Logged(t, Find, callTo(t, says.address), with); !strings.Contains(got, `msg=mongo request="find on m" status=Unauthorized took=`) {
		t.Error(got)
	}
}
