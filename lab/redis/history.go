package redis

import (
	"strings"
	"time"
)

// history is what the process remembers of its commands.
type history struct {
	started  time.Time // of the process
	nextSlow int
	slow     []slowCommand // the newest first
	spikes   spikes
	calls    map[string]*calls // by name, as config|get
	total    int
	peers    int // connections since the start
}

// slowCommand is an entry of the slow log.
type slowCommand struct {
	id            int
	at            time.Time
	took          time.Duration
	args          []string
	address, name string
}

// spikes are the commands that took long: the last one and the worst.
type spikes struct {
	at              time.Time
	lastMS, worstMS int
}

// calls are those of one command.
type calls struct {
	count, failed int
	took          time.Duration
}

func newHistory() history {
	return history{calls: map[string]*calls{}}
}

// note keeps a command that was carried out, as CONFIG wants it.
func (h *history) note(r *request, reply []byte, now time.Time, settings *settings) {
	name := strings.ReplaceAll(strings.ToLower(r.name), " ", "|")
	c := h.calls[name]
	if c == nil {
		c = &calls{}
		h.calls[name] = c
	}
	c.count++
	c.took += r.took
	h.total++
	if len(reply) > 0 && reply[0] == '-' {
		c.failed++
	}
	if limit := settings.number("slowlog-log-slower-than"); limit >= 0 && r.took.Microseconds() >= int64(limit) && r.name != "AUTH" && r.name != "HELLO" {
		h.slow = append([]slowCommand{{h.nextSlow, now, r.took, shortened(r.all), r.client.conn.RemoteAddr().String(), r.client.name}}, h.slow...)
		h.nextSlow++
	}
	h.slow = h.slow[:min(len(h.slow), settings.number("slowlog-max-len"))]
	if limit := settings.number("latency-monitor-threshold"); limit > 0 && r.took.Milliseconds() >= int64(limit) {
		ms := int(r.took.Milliseconds())
		h.spikes = spikes{now, ms, max(ms, h.spikes.worstMS)}
	}
}

// shortened are the arguments as the slow log keeps them: at most 32, of at most
// 128 bytes each.
func shortened(args []string) []string {
	const maxArgs, maxBytes = 32, 128
	all := make([]string, 0, min(len(args), maxArgs))
	for i, a := range args {
		if i == maxArgs-1 && len(args) > maxArgs {
			return append(all, "... ("+itoa(len(args)-maxArgs+1)+" more arguments)")
		}
		if len(a) > maxBytes {
			a = a[:maxBytes] + "... (" + itoa(len(a)-maxBytes) + " more bytes)"
		}
		all = append(all, a)
	}
	return all
}
