package redis

import (
	"strings"

	"runbook/lab/model"
)

// serverCommands are those about the server as a whole.
func serverCommands() map[string]command {
	return map[string]command{
		"INFO":         {words: 1, run: info},
		"FLUSHALL":     {words: 1, mutates: true, run: flush},
		"FLUSHDB":      {words: 1, mutates: true, run: flush},
		"COMMAND DOCS": {words: 2, run: func(r *request) { r.peer.WriteMapLen(0) }},
	}
}

// flush drops keys, and with those of the first database the model's cache.
func flush(r *request) {
	if r.server.follows() != "" {
		r.fail("READONLY You can't write against a read only replica.")
		return
	}
	if len(r.args) > 1 || len(r.args) == 1 && !strings.EqualFold(r.args[0], "ASYNC") && !strings.EqualFold(r.args[0], "SYNC") {
		r.fail("ERR syntax error")
		return
	}
	if len(r.args) == 0 || strings.EqualFold(r.args[0], "SYNC") {
		r.takeForEachKey()
	}
	s := r.server
	if r.name == "FLUSHDB" && r.client.db != 0 {
		s.data.DB(r.client.db).FlushDB()
		r.peer.WriteOK()
		return
	}
	if r.name == "FLUSHALL" {
		s.data.FlushAll()
	} else {
		s.data.DB(0).FlushDB()
	}
	s.keys.shown = 0
	s.model.Change(func(w *model.World) { w.Redis.Flush() })
	r.peer.WriteOK()
}
