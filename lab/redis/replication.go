package redis

import (
	"net"
	"strings"

	"runbook/lab/model"
)

// replicationCommands change who follows whom: the server has one replica, which is only
// told of.
func replicationCommands() map[string]command {
	return map[string]command{
		"REPLICAOF": {words: 3, exactly: true, mutates: true, run: replicaOf},
		"SLAVEOF":   {words: 3, exactly: true, mutates: true, run: replicaOf},
		"FAILOVER":  {words: 1, mutates: true, run: failover},
	}
}

func replicaOf(r *request) {
	follows := net.JoinHostPort(r.args[0], r.args[1])
	if strings.EqualFold(r.args[0], "NO") && strings.EqualFold(r.args[1], "ONE") {
		follows = ""
	}
	r.server.model.Change(func(w *model.World) { w.Redis.Follows = follows })
	r.peer.WriteOK()
}

// failover gives the role of the master to the replica, which has all writes at once.
func failover(r *request) {
	to := model.RedisReplica
	for args := r.args; len(args) > 0; {
		switch option := strings.ToUpper(args[0]); {
		case option == "TO" && len(args) >= 3:
			to, args = net.JoinHostPort(args[1], args[2]), args[3:]
		case option == "TIMEOUT" && len(args) >= 2:
			args = args[2:]
		case option == "FORCE", option == "ABORT":
			args = args[1:]
		default:
			r.fail("ERR syntax error")
			return
		}
	}
	switch {
	case r.server.follows() != "":
		r.fail("ERR FAILOVER is not valid when server is a replica.")
	case to != model.RedisReplica:
		r.fail("ERR FAILOVER target HOST and PORT is not a replica.")
	default:
		r.server.model.Change(func(w *model.World) { w.Redis.Follows = model.RedisReplica })
		r.peer.WriteOK()
	}
}

// follows is the master of the server, "" where it is one itself.
func (s *Server) follows() (master string) {
	s.model.Look(func(w *model.World) { master = w.Redis.Follows })
	return master
}

// replicationLines are what INFO tells of who follows whom.
func replicationLines(w *model.World, offset int) string {
	host, port, _ := net.SplitHostPort(model.RedisReplica)
	if w.Redis.Follows == "" {
		return "role:master\nconnected_slaves:1\nslave0:ip=" + host + ",port=" + port + ",state=online,offset=" + itoa(offset) + ",lag=0"
	}
	link, last := "up", "0"
	if w.Redis.Follows != model.RedisReplica {
		link, last = "down", "-1"
	}
	host, port, _ = net.SplitHostPort(w.Redis.Follows)
	return "role:slave\nmaster_host:" + host + "\nmaster_port:" + port + "\nmaster_link_status:" + link + "\nmaster_last_io_seconds_ago:" + last +
		"\nmaster_sync_in_progress:0\nslave_read_repl_offset:" + itoa(offset) + "\nslave_repl_offset:" + itoa(offset) + "\nslave_priority:100\nslave_read_only:1\nreplica_announced:1\nconnected_slaves:0"
}
