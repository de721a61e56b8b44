package redis

import (
	"slices"
	"strconv"
	"strings"
)

func clientCommands() map[string]command {
	done := func(r *request) { r.peer.WriteOK() }
	return map[string]command{
		"CLIENT LIST":    {words: 2, run: clientList},
		"CLIENT ID":      {words: 2, exactly: true, run: func(r *request) { r.peer.WriteInt(r.client.id) }},
		"CLIENT GETNAME": {words: 2, exactly: true, run: clientName},
		"CLIENT SETNAME": {words: 3, exactly: true, run: clientSetName},
		"CLIENT SETINFO": {words: 4, exactly: true, run: done},
		"CLIENT KILL":    {words: 4, mutates: true, run: clientKill},
	}
}

func (r *request) lines() []line {
	return r.server.clients.lines(r.server.gate.Clock().Now(), r.server.Addr())
}

func clientList(r *request) {
	r.client.last = "client|list"
	keep := func(line) bool { return true }
	if len(r.args) > 0 {
		switch option := strings.ToUpper(r.args[0]); {
		case option == "TYPE" && len(r.args) == 2:
			normal := strings.EqualFold(r.args[1], "normal")
			keep = func(line) bool { return normal }
		case option == "ID" && len(r.args) > 1:
			keep = func(l line) bool { return slices.Contains(r.args[1:], strconv.Itoa(l.id)) }
		default:
			r.fail("ERR syntax error")
			return
		}
	}
	var b strings.Builder
	for _, l := range r.lines() {
		if keep(l) {
			b.WriteString(l.text)
		}
	}
	r.text(b.String())
}

func clientName(r *request) {
	if r.client.name == "" {
		r.peer.WriteNull()
		return
	}
	r.peer.WriteBulk(r.client.name)
}

func clientSetName(r *request) {
	if strings.ContainsFunc(r.args[0], func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.fail("ERR Client names cannot contain spaces, newlines or special characters.")
		return
	}
	r.client.name = r.args[0]
	r.peer.WriteOK()
}

// clientKill ends the clients that all of its filters fit.
func clientKill(r *request) {
	fits, ok := r.filters()
	if !ok {
		return
	}
	killed := 0
	for _, l := range r.lines() {
		if !fits(l) {
			continue
		}
		killed++
		if l.id == r.client.id {
			r.client.ends = true
			continue
		}
		r.server.clients.kill(l.id, r.server.gate.Clock().Now())
	}
	r.peer.WriteInt(killed)
}

func (r *request) filters() (fits func(line) bool, ok bool) {
	var all []func(line) bool
	skipMe := true
	for i := 0; i+1 < len(r.args); i += 2 {
		value := r.args[i+1]
		switch strings.ToUpper(r.args[i]) {
		case "ID":
			all = append(all, func(l line) bool { return strconv.Itoa(l.id) == value })
		case "ADDR":
			all = append(all, func(l line) bool { return l.address == value })
		case "LADDR":
			all = append(all, func(line) bool { return value == r.server.Addr() })
		case "USER":
			all = append(all, func(line) bool { return value == "default" })
		case "TYPE":
			all = append(all, func(line) bool { return strings.EqualFold(value, "normal") })
		case "SKIPME":
			skipMe = !strings.EqualFold(value, "no")
		default:
			r.fail("ERR syntax error")
			return nil, false
		}
	}
	if len(r.args)%2 != 0 || len(all) == 0 {
		r.fail("ERR syntax error")
		return nil, false
	}
	return func(l line) bool {
		return (l.id != r.client.id || !skipMe) && !slices.ContainsFunc(all, func(fit func(line) bool) bool { return !fit(l) })
	}, true
}
