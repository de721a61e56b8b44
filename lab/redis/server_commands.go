package redis

import (
	"strings"

	"runbook/lab/model"
)

// serverCommands are those about the server as a whole.
func serverCommands() map[string]command {
	return map[string]command{
		"INFO":          {words: 1, run: info},
		"ROLE":          {words: 1, exactly: true, run: role},
		"FLUSHALL":      {words: 1, mutates: true, run: flush},
		"FLUSHDB":       {words: 1, mutates: true, run: flush},
		"SHUTDOWN":      {words: 1, mutates: true, run: shutdown},
		"COMMAND COUNT": {words: 2, exactly: true, run: func(r *request) { r.peer.WriteInt(commandCount) }},
		"COMMAND DOCS":  {words: 2, run: func(r *request) { r.peer.WriteMapLen(0) }},
		"COMMAND INFO":  {words: 2, run: commandInfo},
	}
}

// commandCount is how many commands a Redis 7.0 has.
const commandCount = 240

// commandInfo knows no command closer: a client that asks does without.
func commandInfo(r *request) {
	r.peer.WriteLen(len(r.args))
	for range r.args {
		if r.peer.Resp3 {
			r.peer.WriteNull()
		} else {
			r.peer.WriteRaw("*-1\r\n")
		}
	}
}

func role(r *request) {
	r.peer.WriteLen(3)
	r.peer.WriteBulk("master")
	r.peer.WriteInt(0)
	r.peer.WriteLen(0)
}

// flush drops keys, and with those of the first database the model's cache.
func flush(r *request) {
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

// shutdown ends the process, and with it the container; its restart policy acts.
func shutdown(r *request) {
	for _, option := range r.args {
		switch strings.ToUpper(option) {
		case "NOSAVE", "SAVE", "NOW", "FORCE":
		default:
			r.fail("ERR syntax error")
			return
		}
	}
	r.client.ends = true
	r.server.model.Change(func(w *model.World) {
		c := w.Container("redis")
		if c == nil {
			return
		}
		w.Stop(c, 0)
		if c.Restart != "no" {
			restarts := c.Restarts + 1
			w.Start(c)
			c.Restarts = restarts
		}
	})
}
