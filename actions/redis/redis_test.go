package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	resp "github.com/alicebob/miniredis/v2/server"
	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

func callTo(t *testing.T, address string, more ...any) action.Call {
	config := map[string]any{"address": address}
	for i := 0; i < len(more); i += 2 {
		config[more[i].(string)] = more[i+1]
	}
	return actiontest.Call(t, config)
}

func TestPing(t *testing.T) {
	m := miniredis.RunT(t)
	got := actiontest.Run(t, Ping, callTo(t, m.Addr()), nil)
	if ms := got.Outputs["latency_ms"].(float64); ms <= 0 || ms > 5000 {
		t.Errorf("outputs %v", got.Outputs)
	}
}

// still is a clock that stands.
type still struct {
	action.Clock
	at time.Time
}

func (s still) Now() time.Time { return s.at }

func TestLatencyIsByTheClockOfTheRun(t *testing.T) {
	call := callTo(t, miniredis.RunT(t).Addr())
	call.Clock = still{action.SystemClock(), time.Now()}
	if ms := actiontest.Run(t, Ping, call, nil).Outputs["latency_ms"]; ms != 0.0 {
		t.Errorf("%v ms on a clock that stands", ms)
	}
}

// answer is what a Redis 7.0 says to INFO, in part.
const answer = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:312\r\n# Clients\r\nconnected_clients:4\r\n# Memory\r\nused_memory:1048576\r\n" +
	"maxmemory:2097152\r\nmaxmemory_policy:allkeys-lru\r\n# Stats\r\nevicted_keys:7\r\nkeyspace_hits:75\r\nkeyspace_misses:25\r\n" +
	"# Replication\r\nrole:master\r\n# Keyspace\r\ndb0:keys=12,expires=3,avg_ttl=0\r\ndb12:keys=30,expires=0,avg_ttl=0\r\ndbx:1\r\n"

func TestInfoIsRead(t *testing.T) {
	o := infoOutputs(server.ParseInfo(answer))
	if o.Version != "7.0.15" || o.Role != "master" || *o.UptimeSeconds != 312 || *o.ConnectedClients != 4 || *o.Keys != 42 ||
		*o.UsedMemoryBytes != 1<<20 || *o.MaxmemoryBytes != 2<<20 || o.MaxmemoryPolicy != "allkeys-lru" || *o.EvictedKeys != 7 {
		t.Errorf("outputs %+v", o)
	}
	if o.HitRatePercent == nil || *o.HitRatePercent != 75 || o.Info["role"] != "master" {
		t.Errorf("outputs %+v", o)
	}
	if got := o.Summary(); got != "Redis 7.0.15, 1.00 MiB, 42 keys, hit rate 75.0 %" {
		t.Errorf("summary %q", got)
	}
	if fresh := infoOutputs(server.ParseInfo("used_memory:1\n# Keyspace\n")); fresh.HitRatePercent != nil || *fresh.Keys != 0 {
		t.Errorf("outputs %+v", fresh)
	}
}

// A figure that a server leaves out or spells otherwise is not told, which is
// another thing than 0, on which a limit would hold.
func TestFiguresThatAServerDoesNotTell(t *testing.T) {
	for name, info := range map[string]string{
		"a Sentinel": "redis_version:7.0.15\r\nredis_mode:sentinel\r\n# Sentinel\r\nsentinel_masters:1\r\n",
		"other spellings": "redis_version:7.0.15\nuptime_in_seconds:5d\nused_memory:1.5M\nmaxmemory:\nconnected_clients:some\nevicted_keys:-\n" +
			"keyspace_hits:1e3\nkeyspace_misses:0x10\ndb0:entries=12\n",
		"nothing": "",
	} {
		for field, value := range schema.Encode(infoOutputs(server.ParseInfo(info))).(map[string]any) {
			if _, isNumber := value.(int); isNumber || strings.HasSuffix(field, "_percent") && value != nil {
				t.Errorf("%s: %s is %v", name, field, value)
			}
		}
		if text := infoOutputs(server.ParseInfo(info)).Summary(); strings.Contains(text, " 0") || strings.Contains(text, ", ") {
			t.Errorf("%s: %s", name, text)
		}
	}
	c := schema.Encode(parseClient("addr=127.0.0.1:1 age=long cmd=ping")).(map[string]any)
	if c["age_seconds"] != nil || c["id"] != nil || c["command"] != "ping" {
		t.Errorf("%v", c)
	}
}

// scripted is a server that gives these answers to commands, by their first word.
func scripted(t *testing.T, answers map[string]func(*resp.Peer)) string {
	t.Helper()
	s, err := resp.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, answer := range answers {
		if err := s.Register(name, func(p *resp.Peer, _ string, _ []string) { answer(p) }); err != nil {
			t.Fatal(err)
		}
	}
	return s.Addr().String()
}

// One node of a cluster is not the whole: it says so, counts nothing as complete,
// and names the node that has a key.
func TestOneNodeOfACluster(t *testing.T) {
	call := callTo(t, scripted(t, map[string]func(*resp.Peer){
		"INFO": func(p *resp.Peer) {
			p.WriteBulk("redis_version:7.0.15\r\ncluster_enabled:1\r\nused_memory:1048576\r\ndb0:keys=2\r\n")
		},
		"SCAN": func(p *resp.Peer) { p.WriteLen(2); p.WriteBulk("0"); p.WriteStrings([]string{"a", "b"}) },
		"LLEN": func(p *resp.Peer) { p.WriteRaw("-MOVED 3999 10.0.0.2:6381\r\n") },
	}))
	if got := actiontest.Run(t, Info, call, nil); got.Outputs["one_node"] != true || got.Summary != "Redis 7.0.15, one node of a cluster, 1.00 MiB, 2 keys" {
		t.Errorf("%v %s", got.Outputs, got.Summary)
	}
	if got := actiontest.Run(t, KeysCount, call, map[string]any{"pattern": "*"}); got.Outputs["complete"] != false || got.Outputs["one_node"] != true || got.Summary != "2 keys on this node of a cluster" {
		t.Errorf("%v %s", got.Outputs, got.Summary)
	}
	_, err := actiontest.Bind(t, QueueLength, call, map[string]any{"key": "q"}).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || f.What != "the server is one node of a cluster, and the key lies on another, 10.0.0.2:6381 (MOVED)" || !f.Final || !strings.Contains(strings.Join(f.Do, ""), "10.0.0.2:6381") {
		t.Errorf("%+v", err)
	}
}

// A password is set where it is a secret, and is in nothing that is told of it.
func TestAPasswordIsSetAndShownNowhere(t *testing.T) {
	const before, after = "lab-password", "Hunter2-hunter2"
	for _, parameter := range []string{"requirepass", "masterauth", "notify-keyspace-events"} {
		l := simulate(t)
		call := l.call(t)
		var log strings.Builder
		call.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		bound := actiontest.Bind(t, ConfigSet, call, map[string]any{"parameter": parameter, "value": schema.NewSecret("new_password", after)})
		preview, err := bound.Preview(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		subjects, err := bound.Subjects(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		got, err := bound.Run(t.Context(), call)
		if err != nil || got.Outputs["changed"] != true || got.Outputs["after"] != "(hidden)" {
			t.Errorf("%s: %v, %v", parameter, got, err)
		}
		applied, settled, err := bound.Settle(t.Context(), call, subjects)
		if applied != action.AppliedFully || err != nil {
			t.Errorf("%s: settled %s, %v", parameter, applied, err)
		}
		again, err := bound.Run(t.Context(), call)
		if err != nil || again.Outputs["changed"] != false {
			t.Errorf("%s again: %v, %v", parameter, again, err)
		}
		if told := fmt.Sprint(bound.Brief, preview, subjects, got, settled, again, log.String()); strings.Contains(told, after) || strings.Contains(told, before) || !strings.Contains(told, "new_password") {
			t.Errorf("%s shows it: %s", parameter, told)
		}
		if parameter == "requirepass" {
			actiontest.Run(t, Ping, callTo(t, l.at, "password", schema.NewSecret("new_password", after)), nil)
		}
	}
}

// replies serves each command with reply; "" closes the connection.
func replies(t *testing.T, reply string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					n, err := conn.Read(make([]byte, 4096))
					if err != nil || n == 0 || reply == "" {
						return
					}
					if reply != "silence" {
						_, _ = conn.Write([]byte(reply))
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func TestFailures(t *testing.T) {
	locked := miniredis.RunT(t)
	locked.RequireAuth("right-password")
	password := schema.NewSecret("redis_password", "wrong-password")
	for _, c := range []struct {
		name        string
		call        action.Call
		what, tried string
		final       bool
	}{
		{"refused", callTo(t, "127.0.0.1:1"), "connection refused", "PING, once", false},
		{"wrong password", callTo(t, locked.Addr(), "password", password), "the password was refused (WRONGPASS)", "AUTH as user default with (secret redis_password), once", true},
		{"no password", callTo(t, locked.Addr()), "the server asks for a password (NOAUTH)", "PING, once", true},
		{"no permission", callTo(t, replies(t, "-NOPERM this user has no permissions\r\n")), "the user may not do this", "PING", true},
		{"loading", callTo(t, replies(t, "-LOADING Redis is loading the dataset in memory\r\n")), "LOADING Redis is loading", "PING", false},
		{"silent", callTo(t, replies(t, "silence")), "no answer in ", "PING", false},
		{"closes", callTo(t, replies(t, "")), "closed the connection", "PING", false},
		{"bad address", callTo(t, "nowhere"), "is neither host:port, as 127.0.0.1:6379, nor a URL", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := actiontest.Bind(t, Ping, c.call, nil).Run(ctx, c.call)
			var f *action.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%v is no failure", err)
			}
			if !strings.Contains(f.What, c.what) || !strings.Contains(f.Tried, c.tried) || f.Final != c.final || strings.Contains(f.Tried+f.What, "wrong-password") {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A context that is cancelled ends a command in flight, and one that waits for
// its connection, and not only a timeout does; nothing of it is left when the
// clients are closed.
func TestACancelledCommandEndsAtOnce(t *testing.T) {
	silent := replies(t, "silence")
	for _, tls := range []bool{false, true} {
		before := goleak.IgnoreCurrent()
		call := callTo(t, silent, "tls", tls)
		call.Clients = action.NewClients()
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err := actiontest.Bind(t, Ping, call, nil).Run(ctx, call)
		if took := time.Since(began); took < 50*time.Millisecond || took >= 5*time.Second {
			t.Errorf("tls %v: it ended after %v", tls, took)
		}
		if f := action.AsFailure(err); !strings.HasPrefix(f.What, "cancelled after ") {
			t.Errorf("tls %v: %+v", tls, f)
		}
		began = time.Now()
		if err := call.Clients.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took >= 5*time.Second {
			t.Errorf("tls %v: closing took %v", tls, took)
		}
		goleak.VerifyNone(t, before)
	}
}

func TestDryRunPassesReadsOnly(t *testing.T) {
	m := miniredis.RunT(t)
	if err := m.Set("kept", "value"); err != nil {
		t.Fatal(err)
	}
	call := callTo(t, m.Addr(), "db", 0)
	call.DryRun = true
	s, err := server.Of(call)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Client.Get(t.Context(), "kept").Result(); err != nil || got != "value" {
		t.Errorf("GET: %q, %v", got, err)
	}
	sent := m.CommandCount()
	for _, args := range [][]any{
		{"SET", "kept", "x"}, {"set", "kept", "x"}, {[]byte("DEL"), "kept"}, {"FLUSHALL"}, {"CONFIG", "SET", "maxmemory", "1"},
		{"CONFIG", []byte("RESETSTAT")}, {"CONFIG"}, {"CONFIG GET"}, {"SORT", "a", "STORE", "b"}, {"EVAL", "return 1", 0}, {"GETEX", "kept"}, {"GETDEL", "kept"},
		{"CLIENT", "KILL", "x"}, {"SLOWLOG", "RESET"}, {"ACL", "SETUSER", "x"}, {"MEMORY", "PURGE"}, {"DEBUG", "SLEEP", 1}, {"SHUTDOWN"}, {42},
		{"BGSAVE"}, {"MONITOR"}, {"XREADGROUP"}, {"SCRIPT", "FLUSH"}, {"CLUSTER", "RESET"}, {"FUNCTION", "DELETE", "x"},
	} {
		if err := s.Client.Do(t.Context(), args...).Err(); !errors.Is(err, action.ErrDryRun) {
			t.Errorf("%v: %v", args, err)
		}
	}
	_, err = s.Client.Pipelined(t.Context(), func(p goredis.Pipeliner) error {
		p.Get(t.Context(), "kept")
		p.Set(t.Context(), "kept", "x", 0)
		return nil
	})
	if !errors.Is(err, action.ErrDryRun) {
		t.Errorf("pipeline: %v", err)
	}
	_, err = s.Client.TxPipelined(t.Context(), func(p goredis.Pipeliner) error { return p.Del(t.Context(), "kept").Err() })
	if !errors.Is(err, action.ErrDryRun) {
		t.Errorf("transaction: %v", err)
	}
	if got, _ := m.Get("kept"); got != "value" || m.CommandCount() != sent {
		t.Errorf("kept is %q; %d commands arrived that were refused", got, m.CommandCount()-sent)
	}
	err = s.Client.Do(t.Context(), "CONFIG", "SET", "requirepass", "hunter22").Err()
	if strings.Contains(err.Error(), "hunter22") || !strings.Contains(err.Error(), "CONFIG SET") {
		t.Errorf("refusal %q", err)
	}
}

func TestListOfReads(t *testing.T) {
	for _, args := range [][]any{{"PING"}, {"info", "memory"}, {"CONFIG", "GET", "*"}, {"config", []byte("get"), "x"}, {"SLOWLOG", "GET", 10}, {"MEMORY", "USAGE", "k"}, {"HELLO", 3}, {"AUTH", "p"}, {"SELECT", 1}, {"CLIENT", "SETNAME", "x"}} {
		if !server.IsRead(args) {
			t.Errorf("%v is refused", args)
		}
	}
}

func FuzzOnlyListedCommandsAreReads(f *testing.F) {
	f.Add("CONFIG", "SET")
	f.Add("config", "get")
	f.Add("Get", "")
	f.Fuzz(func(t *testing.T, name, second string) {
		if !server.IsRead([]any{name, second}) {
			return
		}
		for _, change := range []string{"set", "del", "flushall", "flushdb", "eval", "sort", "shutdown", "rename", "expire", "bgsave"} {
			if strings.EqualFold(name, change) {
				t.Fatalf("%q passed", name)
			}
		}
		if strings.EqualFold(name, "config") && !strings.EqualFold(second, "get") {
			t.Fatalf("config %q passed", second)
		}
	})
}

func TestUnreachable(t *testing.T) {
	actiontest.Unreachable(t, Ping, nil, func(address string, tls bool) map[string]any {
		return map[string]any{"address": address, "tls": tls}
	})
}

func TestRequestsAreLoggedWithoutValues(t *testing.T) {
	m := miniredis.RunT(t)
	if _, err := m.Push("private-queue", "private"); err != nil {
		t.Fatal(err)
	}
	m.Set("private-text", "x")
	for key, want := range map[string]string{"private-queue": "status=ok", "private-text": "status=WRONGTYPE"} {
		got := actiontest.Logged(t, QueueLength, callTo(t, m.Addr()), map[string]any{"key": key})
		if !strings.Contains(got, `msg=redis request="LLEN with 1 word" `+want+" took=") {
			t.Errorf("%s: %s", key, got)
		}
	}
	if got := actiontest.Logged(t, Ping, callTo(t, "127.0.0.1:1"), nil); !strings.Contains(got, `request=PING status="connection refused"`) {
		t.Error(got)
	}
}
