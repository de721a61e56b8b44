package redis

import (
	"net"
	"strconv"
	"strings"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// SentinelMaster is the name under which the lab's Sentinel watches the server.
const SentinelMaster = "cache"

// ServeSentinel serves a Sentinel at address, behind g, that watches the server of m, which
// is told to be at master. Two more watch it, of which it only tells.
func ServeSentinel(m *model.Model, g *gate.Gate, address, password, master string) (*Server, error) {
	return serve(m, g, address, password, master)
}

// watched are a Sentinel's own commands.
func watched() map[string]command {
	return map[string]command{
		"PING":               {words: 1, run: func(r *request) { r.peer.WriteInline("PONG") }},
		"SENTINEL MASTERS":   {words: 2, exactly: true, run: func(r *request) { r.peer.WriteLen(1); r.fields(r.master()) }},
		"SENTINEL MASTER":    {words: 3, exactly: true, run: ofMaster(func(r *request) { r.fields(r.master()) })},
		"SENTINEL REPLICAS":  {words: 3, exactly: true, run: ofMaster(func(r *request) { r.peer.WriteLen(1); r.fields(r.replica()) })},
		"SENTINEL SENTINELS": {words: 3, exactly: true, run: ofMaster(func(r *request) { r.peer.WriteLen(0) })},
		"SENTINEL CKQUORUM": {words: 3, exactly: true, run: ofMaster(func(r *request) {
			r.peer.WriteInline("OK 3 usable Sentinels. Quorum and failover authorization can be reached")
		})},
		"SENTINEL GET-MASTER-ADDR-BY-NAME": {words: 3, exactly: true, run: ofMaster(func(r *request) {
			host, port, _ := net.SplitHostPort(r.at())
			r.peer.WriteStrings([]string{host, port})
		})},
		"SENTINEL FAILOVER": {words: 3, exactly: true, mutates: true, run: ofMaster(sentinelFailover)},
	}
}

// ofMaster is a command about the master that its argument names.
func ofMaster(run func(*request)) func(*request) {
	return func(r *request) {
		if r.args[0] != SentinelMaster {
			r.fail("ERR No such master with that name")
			return
		}
		run(r)
	}
}

// at is where the present master is.
func (r *request) at() string {
	if r.server.follows() == model.RedisReplica {
		return model.RedisReplica
	}
	return r.server.watches
}

func (r *request) up() (up bool) {
	r.server.model.Look(func(w *model.World) { up = w.Redis.Up })
	return up
}

// master are the fields of the present master. That the replica is one is told of, and it is
// always there.
func (r *request) master() [][2]string {
	host, port, _ := net.SplitHostPort(r.at())
	flags := "master"
	if r.at() == r.server.watches && !r.up() {
		flags = "s_down,o_down,master"
	}
	return [][2]string{
		{"name", SentinelMaster}, {"ip", host}, {"port", port}, {"flags", flags}, {"last-ok-ping-reply", "120"}, {"down-after-milliseconds", "30000"},
		{"role-reported", "master"}, {"config-epoch", "0"}, {"num-slaves", "1"}, {"num-other-sentinels", "2"}, {"quorum", "2"}, {"failover-timeout", "180000"}, {"parallel-syncs", "1"},
	}
}

// replica are the fields of the other one.
func (r *request) replica() [][2]string {
	at := model.RedisReplica
	if r.at() == at {
		at = r.server.watches
	}
	host, port, _ := net.SplitHostPort(at)
	return [][2]string{{"name", at}, {"ip", host}, {"port", port}, {"flags", "slave"}, {"master-link-status", "ok"}, {"slave-priority", "100"}}
}

func (r *request) fields(all [][2]string) {
	r.peer.WriteMapLen(len(all))
	for _, f := range all {
		r.peer.WriteBulk(f[0])
		r.peer.WriteBulk(f[1])
	}
}

// sentinelFailover exchanges the server and its replica at once.
func sentinelFailover(r *request) {
	if r.at() == model.RedisReplica && !r.up() {
		r.fail("NOGOODSLAVE No suitable replica to promote")
		return
	}
	follows := model.RedisReplica
	if r.at() == model.RedisReplica {
		follows = ""
	}
	r.server.model.Change(func(w *model.World) { w.Redis.Follows = follows })
	r.peer.WriteOK()
}

// isSentinel reports whether the server is none, and watches one.
func (s *Server) isSentinel() bool { return s.watches != "" }

func (s *Server) knows(name string) bool {
	return !s.isSentinel() && s.data.Server().IsRegisteredCommand(strings.ToUpper(name))
}

func itoa(n int) string { return strconv.Itoa(n) }
