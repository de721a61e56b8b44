package redis

import (
	"fmt"
	"strconv"
	"strings"
)

// settings are the values of CONFIG, by name; maxmemory and maxmemory-policy are
// the model's.
type settings map[string]string

// kind is what a setting takes.
type kind int

const (
	anyText   kind = iota
	number         // a whole number
	memory         // bytes, with or without a unit
	yesOrNo        //
	oneOf          // a list of words
	fixed          // set at the start only
	protected      // set at the start only, for safety
)

// setting is a parameter of Redis and the value that it starts with.
type setting struct {
	name  string
	value string
	kind  kind
	words []string // that oneOf takes
	from  int      // the least that number takes
}

var policies = [...]string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}

// known are the parameters that the lab knows, with the defaults of Redis 7.0.
func known() []setting {
	return []setting{
		{name: "maxmemory", kind: memory}, {name: "maxmemory-policy", kind: oneOf, words: policies[:]},
		{name: "maxmemory-samples", value: "5", kind: number, from: 1}, {name: "maxmemory-eviction-tenacity", value: "10", kind: number}, {name: "maxmemory-clients", value: "0", kind: memory},
		{name: "slowlog-log-slower-than", value: "10000", kind: number, from: -1}, {name: "slowlog-max-len", value: "128", kind: number},
		{name: "latency-monitor-threshold", value: "0", kind: number}, {name: "save", value: "3600 1 300 100 60 10000"},
		{name: "appendonly", value: "no", kind: yesOrNo}, {name: "appendfsync", value: "everysec", kind: oneOf, words: []string{"everysec", "always", "no"}},
		{name: "stop-writes-on-bgsave-error", value: "yes", kind: yesOrNo}, {name: "rdbcompression", value: "yes", kind: yesOrNo}, {name: "rdbchecksum", value: "yes", kind: yesOrNo},
		{name: "timeout", value: "0", kind: number}, {name: "tcp-keepalive", value: "300", kind: number}, {name: "tcp-backlog", value: "511", kind: fixed},
		{name: "maxclients", value: "10000", kind: number, from: 1}, {name: "databases", value: "16", kind: fixed}, {name: "port", value: "6379", kind: fixed}, {name: "bind", value: "* -::*"},
		{name: "protected-mode", value: "no", kind: yesOrNo}, {name: "dir", value: "/data", kind: protected}, {name: "dbfilename", value: "dump.rdb", kind: protected}, {name: "enable-debug-command", value: "no", kind: fixed},
		{name: "requirepass"}, {name: "masterauth"}, {name: "notify-keyspace-events"},
		{name: "loglevel", value: "notice", kind: oneOf, words: []string{"debug", "verbose", "notice", "warning", "nothing"}}, {name: "hz", value: "10", kind: number, from: 1},
		{name: "lfu-log-factor", value: "10", kind: number}, {name: "lfu-decay-time", value: "1", kind: number}, {name: "activedefrag", value: "no", kind: yesOrNo},
		{name: "lazyfree-lazy-eviction", value: "no", kind: yesOrNo}, {name: "lazyfree-lazy-expire", value: "no", kind: yesOrNo}, {name: "lazyfree-lazy-user-del", value: "no", kind: yesOrNo},
		{name: "lazyfree-lazy-user-flush", value: "no", kind: yesOrNo}, {name: "io-threads", value: "1", kind: fixed}, {name: "repl-backlog-size", value: "1048576", kind: memory},
		{name: "min-replicas-to-write", value: "0", kind: number}, {name: "replica-priority", value: "100", kind: number}, {name: "proto-max-bulk-len", value: "536870912", kind: memory},
	}
}

func newSettings() settings {
	s := settings{}
	for _, k := range known() {
		s[k.name] = k.value
	}
	return s
}

func (s settings) get(name string) string { return s[name] }

// number is the value of a setting of that kind.
func (s settings) number(name string) int {
	n, _ := strconv.Atoi(s[name])
	return n
}

// check returns the value as Redis keeps it, or says what is wrong with it.
func (k setting) check(value string) (kept string, err error) {
	switch k.kind {
	case fixed:
		return "", fmt.Errorf("can't set immutable config")
	case protected:
		return "", fmt.Errorf("can't set protected config")
	case memory:
		n, ok := sizeOf(value)
		if !ok {
			return "", fmt.Errorf("argument must be a memory value")
		}
		return strconv.FormatInt(n, 10), nil
	case number:
		n, err := strconv.Atoi(value)
		if err != nil {
			return "", fmt.Errorf("argument couldn't be parsed into an integer")
		}
		if n < k.from {
			return "", fmt.Errorf("argument must be between %d and 2147483647 inclusive", k.from)
		}
	case yesOrNo:
		if value = strings.ToLower(value); value != "yes" && value != "no" {
			return "", fmt.Errorf("argument must be 'yes' or 'no'")
		}
	case oneOf:
		for _, word := range k.words {
			if strings.EqualFold(word, value) {
				return word, nil
			}
		}
		return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(k.words, ", "))
	}
	return value, nil
}

// sizeOf reads a size as Redis does: 256mb are of 1024, 256m of 1000.
func sizeOf(text string) (int64, bool) {
	text = strings.ToLower(text)
	digits := strings.TrimRight(text, "bkmg")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	unit, ok := map[string]int64{
		"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30,
	}[text[len(digits):]]
	if !ok || n > 1<<62/unit {
		return 0, false
	}
	return n * unit, true
}
