package redis_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/goleak"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/redis"
)

const password = "lab-password"

// lab is the server behind its gate, and a client of it.
type lab struct {
	*redis.Server
	t      *testing.T
	model  *model.Model
	clock  *clock.Clock
	gate   *gate.Gate
	log    *gate.Log
	client *goredis.Client
}

func start(t *testing.T) *lab {
	t.Helper()
	ignored := goleak.IgnoreCurrent()
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	l := &lab{t: t, model: model.New(1, c.Now), clock: c, log: &gate.Log{}}
	l.gate = gate.New("redis", c, l.log)
	server, err := redis.Serve(l.model, l.gate, "127.0.0.1:0", password)
	if err != nil {
		t.Fatal(err)
	}
	l.Server = server
	l.client = goredis.NewClient(&goredis.Options{
		Addr: server.Addr(), Password: password, Protocol: 2, MaxRetries: -1, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() {
		_ = l.client.Close()
		l.gate.Close()
		server.Close()
		c.Close()
		goleak.VerifyNone(t, ignored)
	})
	return l
}

// do sends a command and returns the reply, or the text of the error.
func (l *lab) do(args ...any) any {
	l.t.Helper()
	got, err := l.client.Do(l.t.Context(), args...).Result()
	if err != nil {
		return err.Error()
	}
	return got
}

// fields reads the lines of INFO.
func (l *lab) fields(sections ...any) map[string]string {
	l.t.Helper()
	text, ok := l.do(append([]any{"INFO"}, sections...)...).(string)
	if !ok {
		l.t.Fatal("INFO is no text")
	}
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			all[name] = value
		}
	}
	return all
}

func TestRepliesAreThoseOfRedis7(t *testing.T) {
	l := start(t)
	for _, c := range []struct{ command, want string }{
		{"PING", "PONG"},
		{"nonsense a b", "ERR unknown command 'nonsense', with args beginning with: 'a' 'b' "},
		{"CONFIG", "ERR wrong number of arguments for 'config' command"},
		{"CONFIG FOO", "ERR unknown subcommand 'FOO'. Try CONFIG HELP."},
		{"CONFIG SET maxmemory", "ERR wrong number of arguments for 'config|set' command"},
		{"CONFIG SET nope 1", "ERR Unknown option or number of arguments for CONFIG SET - 'nope'"},
		{"CONFIG SET maxmemory abc", "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"},
		{"CONFIG SET maxmemory-policy x", "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction"},
		{"CONFIG SET databases 4", "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"},
		{"CLIENT KILL 1.2.3.4:5", "ERR wrong number of arguments for 'client|kill' command"},
		{"CLIENT KILL NAME x", "ERR syntax error"},
		{"SUBSCRIBE news", "ERR unknown command 'SUBSCRIBE', with args beginning with: 'news' "},
		{"BGREWRITEAOF", "ERR unknown command 'BGREWRITEAOF', with args beginning with: "},
	} {
		var args []any
		for word := range strings.FieldsSeq(c.command) {
			args = append(args, word)
		}
		if got := l.do(args...); got != c.want {
			t.Errorf("%s: %v", c.command, got)
		}
	}
}

func TestWithoutThePasswordNothingIsAnswered(t *testing.T) {
	l := start(t)
	for _, c := range []struct{ send, want string }{
		{"PING\r\n", "-NOAUTH Authentication required.\r\n"},
		{"CONFIG SET maxmemory 1\r\n", "-NOAUTH Authentication required.\r\n"},
		{"AUTH wrong\r\n", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
		{"HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n"},
		{"AUTH " + password + "\r\nPING\r\n", "+OK\r\n+PONG\r\n"},
		{"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	} {
		conn, err := net.Dial("tcp", l.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.send); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(c.want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != c.want {
			t.Errorf("%q: %q, %v", c.send, got, err)
		}
		_ = conn.Close()
	}
	if _, mutations := l.log.Calls(); len(mutations) != 0 {
		t.Errorf("changes by who may not: %v", mutations)
	}
}

func TestProtocol3(t *testing.T) {
	l := start(t)
	c := goredis.NewClient(&goredis.Options{Addr: l.Addr(), Password: password, Protocol: 3})
	defer c.Close()
	got, err := c.ConfigGet(t.Context(), "maxmemory*").Result()
	if err != nil || got["maxmemory"] != "268435456" || got["maxmemory-policy"] != "allkeys-lru" {
		t.Errorf("%v, %v", got, err)
	}
	if text, err := c.Info(t.Context(), "server").Result(); err != nil || !strings.Contains(text, "redis_version:7.0.15\r\n") {
		t.Errorf("%q, %v", text, err)
	}
}

// What CONFIG SET changes is the model's, and INFO tells of it.
func TestConfigIsTheWorlds(t *testing.T) {
	l := start(t)
	if got := l.do("CONFIG", "SET", "maxmemory", "64mb", "maxmemory-policy", "allkeys-LFU", "slowlog-log-slower-than", "0"); got != "OK" {
		t.Fatal(got)
	}
	l.model.Look(func(w *model.World) {
		if w.Redis.MaxBytes != 64<<20 || w.Redis.Policy != "allkeys-lfu" {
			t.Errorf("%+v", w.Redis)
		}
	})
	l.clock.Advance(time.Minute)
	got := l.fields()
	if got["maxmemory_human"] != "64.00M" || got["evicted_keys"] == "900" || !strings.HasPrefix(got["used_memory_human"], "64.00M") {
		t.Errorf("%v", got)
	}
	if all, _ := l.do("SLOWLOG", "GET").([]any); len(all) == 0 {
		t.Error("the slow log is empty")
	}
	_, mutations := l.log.Calls()
	if len(mutations) != 1 || mutations[0].Name != "CONFIG SET maxmemory" {
		t.Errorf("changes %v", mutations)
	}
}

func TestInfoHasTheSectionsOfRedis(t *testing.T) {
	l := start(t)
	text := l.do("INFO").(string)
	at := 0
	for _, name := range []string{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats", "Cluster", "Keyspace"} {
		i := strings.Index(text[at:], "# "+name+"\r\n")
		if i < 0 {
			t.Fatalf("no section %s in its place", name)
		}
		at += i
	}
	if strings.Contains(text, "cmdstat_") || l.fields("commandstats")["cmdstat_info"] == "" {
		t.Error("commandstats are only for who asks")
	}
	if got := l.fields("memory"); got["used_memory"] != "100663296" || got["redis_version"] != "" {
		t.Errorf("%v", got)
	}
}

func TestASnapshotTakesItsTime(t *testing.T) {
	l := start(t)
	before := l.do("LASTSAVE")
	if got := l.do("BGSAVE"); got != "Background saving started" {
		t.Fatal(got)
	}
	if got := l.do("BGSAVE"); got != "ERR Background save already in progress" {
		t.Error(got)
	}
	if got := l.fields("persistence"); got["rdb_bgsave_in_progress"] != "1" || l.do("LASTSAVE") != before {
		t.Errorf("%v", got)
	}
	l.clock.Advance(3 * time.Second)
	if got := l.fields("persistence"); got["rdb_bgsave_in_progress"] != "0" || got["rdb_last_bgsave_status"] != "ok" || l.do("LASTSAVE") == before {
		t.Errorf("%v", got)
	}
}

func TestAFullDiskFailsSnapshotsAndWrites(t *testing.T) {
	l := start(t)
	l.model.Change(func(w *model.World) { w.Disk.UsedBytes = w.Disk.TotalBytes })
	l.do("BGSAVE")
	l.clock.Advance(3 * time.Second)
	if got := l.fields("persistence"); got["rdb_last_bgsave_status"] != "err" {
		t.Errorf("%v", got)
	}
	if got := l.do("SET", "a", "b"); !strings.HasPrefix(got.(string), "MISCONF ") {
		t.Error(got)
	}
}

func TestKeysFollowTheService(t *testing.T) {
	l := start(t)
	if n := l.do("DBSIZE").(int64); n < 400 {
		t.Errorf("%d keys", n)
	}
	for _, state := range []string{"worker-down", ""} {
		if state != "" {
			l.model.Change(func(w *model.World) {
				if err := w.Inject(state, nil); err != nil {
					t.Error(err)
				}
			})
			l.clock.Advance(5 * time.Minute)
		}
		queued := 0
		l.model.Look(func(w *model.World) { queued = w.Downloads.Queued })
		if got := l.do("LLEN", "queue:downloads"); got != int64(queued) {
			t.Errorf("the queue is %v long, not %d", got, queued)
		}
	}
	if got := l.do("FLUSHALL"); got != "OK" {
		t.Error(got)
	}
	l.model.Look(func(w *model.World) {
		if w.Redis.Entries != 0 {
			t.Errorf("%v entries are left", w.Redis.Entries)
		}
	})
	if n := l.do("EXISTS", "cache:page:0"); n != int64(0) {
		t.Error("a page is left")
	}
	l.clock.Advance(2 * time.Minute)
	if n := l.do("EXISTS", "cache:page:0"); n != int64(1) {
		t.Error("the cache does not fill again")
	}
}

func TestTimeIsThatOfTheLab(t *testing.T) {
	l := start(t)
	l.do("SET", "short", "1", "EX", "60")
	before := l.clock.Now()
	l.do("PING")
	if took := l.clock.Now().Sub(before); took != 400*time.Microsecond {
		t.Errorf("a PING took %v", took)
	}
	l.clock.Advance(2 * time.Minute)
	if got := l.do("EXISTS", "short"); got != int64(0) {
		t.Error("a key outlived its time")
	}
}

func TestTransactions(t *testing.T) {
	l := start(t)
	_, err := l.client.TxPipelined(t.Context(), func(p goredis.Pipeliner) error { return p.Set(t.Context(), "a", "b", 0).Err() })
	if err != nil {
		t.Error(err)
	}
	_, mutations := l.log.Calls()
	if len(mutations) != 1 || mutations[0].Name != "EXEC" {
		t.Errorf("changes %v", mutations)
	}
}

func TestALostReplyIsOfAChangeThatHappened(t *testing.T) {
	l := start(t)
	l.gate.LoseReplies(1)
	if got := l.do("SET", "a", "b").(string); !strings.HasSuffix(got, "EOF") {
		t.Errorf("%s", got)
	}
	if got := l.do("GET", "a"); got != "b" {
		t.Errorf("a is %v", got)
	}
}

// A client that goes while the server hangs leaves nothing behind.
func TestHangingEndsWithTheClient(t *testing.T) {
	l := start(t)
	l.do("PING")
	l.gate.SetHanging(true)
	ctx, cancel := l.clock.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.client.Ping(ctx).Err() }()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("the lab's time stands still")
	}
	_ = l.client.Close()
	<-done
}

func TestClientsAreListedAndKilled(t *testing.T) {
	l := start(t)
	l.do("CLIENT", "SETNAME", "me")
	list := l.do("CLIENT", "LIST").(string)
	if strings.Count(list, "\n") != 9 || !strings.Contains(list, "name=me ") || l.fields("clients")["connected_clients"] != "9" {
		t.Errorf("%s", list)
	}
	_, id, _ := strings.Cut(list, "id=")
	id, _, _ = strings.Cut(id, " ")
	if got := l.do("CLIENT", "KILL", "ID", id); got != int64(1) {
		t.Error(got)
	}
	if strings.Contains(l.do("CLIENT", "LIST").(string), "id="+id+" ") {
		t.Error("it is still there")
	}
}

func BenchmarkServe(b *testing.B) {
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	defer c.Close()
	m := model.New(1, c.Now)
	for b.Loop() {
		g := gate.New("redis", c, &gate.Log{})
		s, err := redis.Serve(m, g, "127.0.0.1:0", password)
		if err != nil {
			b.Fatal(err)
		}
		g.Close()
		s.Close()
	}
}

// A command that takes long is remembered where CONFIG asks for that.
func TestLatencyIsRemembered(t *testing.T) {
	l := start(t)
	if got, _ := l.do("LATENCY", "LATEST").([]any); len(got) != 0 {
		t.Errorf("at first: %v", got)
	}
	l.do("CONFIG", "SET", "latency-monitor-threshold", "1")
	for range 2 {
		l.model.Change(func(w *model.World) { w.Redis.LatencyMS = 30 })
		l.do("PING")
	}
	l.model.Change(func(w *model.World) { w.Redis.LatencyMS = 10 })
	l.do("PING")
	got, _ := l.do("LATENCY", "LATEST").([]any)
	if len(got) != 1 {
		t.Fatalf("%v", got)
	}
	if e := got[0].([]any); e[0] != "command" || e[2] != int64(10) || e[3] != int64(30) {
		t.Errorf("%v", e)
	}
}
