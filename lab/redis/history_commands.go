package redis

import (
	"strconv"
)

// historyCommands tell of commands that took long.
func historyCommands() map[string]command {
	return map[string]command{
		"SLOWLOG GET":    {words: 2, run: slowLogGet},
		"SLOWLOG LEN":    {words: 2, exactly: true, run: func(r *request) { r.peer.WriteInt(len(r.server.history.slow)) }},
		"SLOWLOG RESET":  {words: 2, exactly: true, mutates: true, run: slowLogReset},
		"LATENCY LATEST": {words: 2, exactly: true, run: latencyLatest},
	}
}

func slowLogGet(r *request) {
	count := 10
	if len(r.args) > 0 {
		n, err := strconv.Atoi(r.args[0])
		if err != nil || n < -1 || len(r.args) > 1 {
			r.fail("ERR count should be greater than or equal to -1")
			return
		}
		count = n
	}
	all := r.server.history.slow
	if count >= 0 {
		all = all[:min(count, len(all))]
	}
	r.peer.WriteLen(len(all))
	for _, e := range all {
		r.peer.WriteLen(6)
		r.peer.WriteInt(e.id)
		r.peer.WriteInt(int(e.at.Unix()))
		r.peer.WriteInt(int(e.took.Microseconds()))
		r.peer.WriteStrings(e.args)
		r.peer.WriteBulk(e.address)
		r.peer.WriteBulk(e.name)
	}
}

func slowLogReset(r *request) {
	r.server.history.slow = nil
	r.peer.WriteOK()
}

func latencyLatest(r *request) {
	s := r.server.history.spikes
	if s.at.IsZero() {
		r.peer.WriteLen(0)
		return
	}
	r.peer.WriteLen(1)
	r.peer.WriteLen(4)
	r.peer.WriteBulk("command")
	r.peer.WriteInt(int(s.at.Unix()))
	r.peer.WriteInt(s.lastMS)
	r.peer.WriteInt(s.worstMS)
}
