package redis

import (
	"strconv"
	"strings"
)

// sessionCommands are those that open and close a session.
func sessionCommands() map[string]command {
	return map[string]command{
		"AUTH":  {words: 2, open: true, run: auth},
		"HELLO": {words: 1, open: true, run: hello},
		"QUIT":  {words: 1, open: true, run: quit},
	}
}

func auth(r *request) {
	if len(r.args) > 2 {
		r.fail("ERR syntax error")
		return
	}
	user, password := "default", r.args[len(r.args)-1]
	if len(r.args) == 2 {
		user = r.args[0]
	}
	if r.server.password == "" && len(r.args) == 1 {
		r.fail("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if r.logIn(user, password) {
		r.peer.WriteOK()
	}
}

func (r *request) logIn(user, password string) bool {
	s := r.server
	if user != "default" || s.password != "" && password != s.password {
		r.fail("WRONGPASS invalid username-password pair or user is disabled.")
		return false
	}
	r.client.passed = true
	return true
}

// hello also sets the protocol and the name, and logs in.
func hello(r *request) {
	protocol, args := 2, r.args
	if r.peer.Resp3 {
		protocol = 3
	}
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			r.fail("ERR Protocol version is not an integer or out of range")
			return
		}
		if n != 2 && n != 3 {
			r.fail("NOPROTO unsupported protocol version")
			return
		}
		protocol, args = n, args[1:]
	}
	name := r.client.name
	for len(args) > 0 {
		switch option := strings.ToUpper(args[0]); {
		case option == "AUTH" && len(args) >= 3:
			if !r.logIn(args[1], args[2]) {
				return
			}
			args = args[3:]
		case option == "SETNAME" && len(args) >= 2:
			name, args = args[1], args[2:]
		default:
			r.fail("ERR Syntax error in HELLO option '%s'", args[0])
			return
		}
	}
	if !r.server.passed(r.client) {
		r.fail("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	r.client.name, r.peer.Resp3 = name, protocol == 3
	r.peer.WriteMapLen(7)
	for _, pair := range [][2]string{{"server", "redis"}, {"version", version}} {
		r.peer.WriteBulk(pair[0])
		r.peer.WriteBulk(pair[1])
	}
	r.peer.WriteBulk("proto")
	r.peer.WriteInt(protocol)
	r.peer.WriteBulk("id")
	r.peer.WriteInt(r.client.id)
	role := "master"
	if r.server.follows() != "" {
		role = "replica"
	}
	for _, pair := range [][2]string{{"mode", "standalone"}, {"role", role}} {
		r.peer.WriteBulk(pair[0])
		r.peer.WriteBulk(pair[1])
	}
	r.peer.WriteBulk("modules")
	r.peer.WriteLen(0)
}

func quit(r *request) {
	r.peer.WriteOK()
	r.client.ends = true
}
