package redis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"

	"runbook/lab/model"
)

// request is a command that is carried out; the lock of the server is held.
type request struct {
	server *Server
	client *client
	peer   *server.Peer
	name   string   // "CONFIG SET", in capitals
	all    []string // as they were sent
	args   []string // after the name
	took   time.Duration
}

// command is one that the lab answers itself; what is not in the table is
// answered by miniredis.
type command struct {
	words   int // with the name, at least
	exactly bool
	mutates bool
	open    bool // also to who has not given the password
	run     func(*request)
}

// table returns the commands by name, and the first words of those with two.
func (s *Server) table() (all map[string]command, groups map[string]bool) {
	all, groups = map[string]command{}, map[string]bool{}
	parts := []map[string]command{sessionCommands(), clientCommands(), configCommands(), serverCommands(), saveCommands(), historyCommands(), memoryCommands(), replicationCommands()}
	if s.isSentinel() {
		parts = []map[string]command{sessionCommands(), clientCommands(), watched()}
	}
	for _, part := range parts {
		for name, c := range part {
			all[name] = c
			if first, _, two := strings.Cut(name, " "); two {
				groups[first] = true
			}
		}
	}
	return all, groups
}

// spelled is the name of a command, with its subcommand where it has some.
func spelled(args []string, groups map[string]bool) string {
	name := strings.ToUpper(args[0])
	if groups[name] && len(args) > 1 {
		return name + " " + strings.ToUpper(args[1])
	}
	return name
}

// reads are commands of miniredis that it does not list as reads.
func reads(name string) bool {
	return slices.Contains([]string{"ECHO", "PING", "SELECT", "OBJECT", "PUBSUB", "COMMAND", "TIME", "XINFO", "WATCH", "UNWATCH", "MULTI", "DISCARD", "WAIT", "CLUSTER", "MEMORY"}, name)
}

// unserved are commands that wait in a connection or that Redis 7.0 has not.
func unserved(args []string) bool {
	switch strings.ToUpper(args[0]) {
	case "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZMPOP", "BZPOPMAX", "BZPOPMIN",
		"DELEX", "HSETEX", "HGETEX", "HEXPIRE", "HPERSIST", "HTTL", "HPTTL", "MSETEX":
		return true
	case "XREAD", "XREADGROUP":
		return slices.ContainsFunc(args, func(a string) bool { return strings.EqualFold(a, "BLOCK") })
	}
	return false
}

// classify names a command for people, and says whether it changes what clients
// can see.
func (s *Server) classify(c *client, args []string) (name string, mutates bool) {
	name = spelled(args, s.groups)
	s.mu.Lock()
	defer s.mu.Unlock()
	own, ok := s.commands[name]
	known := ok || s.knows(name) && !unserved(args)
	switch {
	case !known, !s.passed(c) && !own.open:
		return name, false
	case ok:
		if name == "CONFIG SET" && len(args) > 2 {
			name += " " + strings.ToLower(args[2])
		}
		return name, own.mutates
	case name == "EXEC":
		return name, c.queued
	}
	mutates = !s.data.IsReadOnlyCommand(name) && !reads(name)
	if name == "SCRIPT" && len(args) > 1 && strings.EqualFold(args[1], "EXISTS") {
		mutates = false
	}
	return name, mutates && !c.inTransaction
}

// run carries a command out, or says why not.
func (s *Server) run(r *request) {
	own, ok := s.commands[r.name]
	first := strings.ToUpper(r.all[0])
	s.model.Look(func(w *model.World) { r.took = milliseconds(w.Redis.LatencyMS) })
	switch {
	case !ok && s.groups[first]:
		if len(r.all) == 1 {
			r.fail("ERR wrong number of arguments for '%s' command", strings.ToLower(first))
			return
		}
		r.fail("ERR unknown subcommand '%s'. Try %s HELP.", r.all[1], first)
	case !ok && (!s.knows(first) || unserved(r.all)):
		text := fmt.Sprintf("ERR unknown command '%s', with args beginning with: ", r.all[0])
		for _, a := range r.all[1:min(len(r.all), 20)] {
			text += "'" + a + "' "
		}
		r.peer.WriteError(text)
	case ok && (len(r.all) < own.words || own.exactly && len(r.all) != own.words):
		r.fail("ERR wrong number of arguments for '%s' command", strings.ReplaceAll(strings.ToLower(r.name), " ", "|"))
	case !s.passed(r.client) && !own.open:
		r.fail("NOAUTH Authentication required.")
	case ok && r.client.inTransaction && !own.open:
		r.fail("ERR Command not allowed inside a transaction")
	case ok:
		r.args = r.all[1+strings.Count(r.name, " "):]
		own.run(r)
	default:
		r.ofData()
	}
}

// passed says whether a client may send commands.
func (s *Server) passed(c *client) bool { return s.password == "" || c.passed }

// ofData hands a command to miniredis.
func (r *request) ofData() {
	s := r.server
	writes := !s.data.IsReadOnlyCommand(r.name) && !reads(r.name)
	switch {
	case r.name == "EXEC" || r.name == "DISCARD":
		r.client.inTransaction, r.client.queued = false, false
	case writes && r.refusedWrite():
		return
	case r.client.inTransaction && writes:
		r.client.queued = true
	}
	s.data.Server().Dispatch(r.peer, r.all)
	switch r.name {
	case "MULTI":
		r.client.inTransaction = true
	case "SELECT":
		r.client.selected(r.all)
	case "KEYS":
		r.takeForEachKey()
	}
}

// refusedWrite refuses a write that a full or failing server does not take.
func (r *request) refusedWrite() bool {
	full := false
	r.server.model.Look(func(w *model.World) {
		full = w.Redis.MaxBytes > 0 && w.Redis.Policy == "noeviction" && w.Redis.UsedBytes >= w.Redis.MaxBytes
	})
	settings := &r.server.settings
	switch frees := slices.Contains([]string{"DEL", "UNLINK", "EXPIRE", "LPOP", "RPOP", "SREM", "ZREM", "HDEL", "LTRIM"}, r.name); {
	case r.server.follows() != "":
		r.fail("READONLY You can't write against a read only replica.")
	case full && !frees:
		r.fail("OOM command not allowed when used memory > 'maxmemory'.")
	case r.server.saving.failed && settings.get("save") != "" && settings.get("stop-writes-on-bgsave-error") == "yes":
		r.fail("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.")
	default:
		return false
	}
	return true
}

// takeForEachKey makes a command take as long as one that goes over every entry.
func (r *request) takeForEachKey() {
	r.server.model.Look(func(w *model.World) { r.took += time.Duration(w.Redis.Entries) * 300 * time.Nanosecond })
}

func (r *request) fail(format string, a ...any) { r.peer.WriteError(fmt.Sprintf(format, a...)) }

// text writes a text for people: in RESP3 it says that it is one.
func (r *request) text(text string) {
	if r.peer.Resp3 {
		r.peer.WriteRaw(fmt.Sprintf("=%d\r\ntxt:%s\r\n", len(text)+4, text))
		return
	}
	r.peer.WriteBulk(text)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
