package redis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// historyCommands tell of commands that took long.
func historyCommands() map[string]command {
	return map[string]command{
		"SLOWLOG GET":     {words: 2, run: slowLogGet},
		"SLOWLOG LEN":     {words: 2, exactly: true, run: func(r *request) { r.peer.WriteInt(len(r.server.history.slow)) }},
		"SLOWLOG RESET":   {words: 2, exactly: true, mutates: true, run: slowLogReset},
		"LATENCY LATEST":  {words: 2, exactly: true, run: latencyLatest},
		"LATENCY HISTORY": {words: 3, exactly: true, run: latencyHistory},
		"LATENCY RESET":   {words: 2, mutates: true, run: latencyReset},
		"LATENCY DOCTOR":  {words: 2, exactly: true, run: latencyDoctor},
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

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
	spikes := r.server.history.spikes
	r.peer.WriteLen(len(spikes))
	for _, name := range slices.Sorted(maps.Keys(spikes)) {
		all := spikes[name]
		worst := slices.MaxFunc(all, func(a, b spike) int { return a.ms - b.ms })
		last := all[len(all)-1]
		r.peer.WriteLen(4)
		r.peer.WriteBulk(name)
		r.peer.WriteInt(int(last.at.Unix()))
		r.peer.WriteInt(last.ms)
		r.peer.WriteInt(worst.ms)
	}
}

func latencyHistory(r *request) {
	all := r.server.history.spikes[r.args[0]]
	r.peer.WriteLen(len(all))
	for _, s := range all {
		r.peer.WriteLen(2)
		r.peer.WriteInt(int(s.at.Unix()))
		r.peer.WriteInt(s.ms)
	}
}

func latencyReset(r *request) {
	spikes := r.server.history.spikes
	names := r.args
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(spikes))
	}
	dropped := 0
	for _, name := range names {
		if _, ok := spikes[name]; ok {
			delete(spikes, name)
			dropped++
		}
	}
	r.peer.WriteInt(dropped)
}

func latencyDoctor(r *request) {
	h := &r.server.history
	switch {
	case r.server.settings.number("latency-monitor-threshold") == 0 && len(h.spikes) == 0:
		r.text("I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n")
	case len(h.spikes) == 0:
		r.text("Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n")
	default:
		r.text(h.report())
	}
}

// report is what LATENCY DOCTOR says of spikes.
func (h *history) report() string {
	var b strings.Builder
	b.WriteString("Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n")
	for i, name := range slices.Sorted(maps.Keys(h.spikes)) {
		all := h.spikes[name]
		sum, worst := 0, 0
		for _, s := range all {
			sum, worst = sum+s.ms, max(worst, s.ms)
		}
		mean, deviation := sum/len(all), 0
		for _, s := range all {
			deviation += max(s.ms-mean, mean-s.ms)
		}
		period := all[len(all)-1].at.Sub(all[0].at).Seconds() / float64(len(all))
		fmt.Fprintf(&b, "%d. %s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). Worst all time event %dms.\n", i+1, name, len(all), mean, deviation/len(all), period, worst)
	}
	b.WriteString("\nWhile there are latency events logged, I'm not able to suggest any easy fix. Please use the Redis community to get some help, providing this report in your help request.\n")
	return b.String()
}
