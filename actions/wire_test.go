package actions_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"runbook/lab"
)

// wire stands in front of a target of the lab. It reads what is asked as it is
// sent, knows by itself what is a change, and can keep back the reply to one.
type wire struct {
	lab      *lab.Lab
	target   string
	address  string // that it listens at, as [lab.Lab.Address] tells
	listener net.Listener
	requests func(pending []byte) (asked []string, rest []byte)

	mu      sync.Mutex
	opened  []net.Conn
	left    bool                                   // nobody is let in any more
	asked   []string                               // requests, by name
	spoil   func(ctx context.Context, on net.Conn) // the reply to the next change: called in its place, and the connection is cut; nil: it comes
	swallow bool                                   // the next change is cut before it comes to the target
	made    int                                    // changes that had come when spoil was set
	pumping sync.WaitGroup
}

func newWire(t testing.TB, l *lab.Lab, target string) *wire {
	t.Helper()
	w := &wire{lab: l, target: target, requests: askedOverHTTP}
	switch target {
	case lab.Mongo:
		w.requests = askedOfMongo
	case lab.Redis, lab.Sentinel:
		w.requests = askedOfRedis
	}
	network, address := "tcp", "127.0.0.1:0"
	if strings.HasPrefix(l.Address(target), "unix://") {
		network, address = "unix", filepath.Join(t.TempDir(), "s")
	}
	var err error
	if w.listener, err = net.Listen(network, address); err != nil {
		t.Fatal(err)
	}
	w.address = w.listener.Addr().String()
	if scheme, _, ok := strings.Cut(l.Address(target), "://"); ok {
		w.address = scheme + "://" + w.address
	}
	w.pumping.Go(w.serve)
	return w
}

func (w *wire) serve() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		if !w.lets(client) {
			cut(client)
			continue
		}
		network, address := "tcp", w.lab.Address(w.target)
		if scheme, at, ok := strings.Cut(address, "://"); ok {
			network, address = scheme, at
		}
		server, err := net.Dial(network, address)
		if err != nil {
			cut(client)
			continue
		}
		c := &passage{wire: w, client: client, server: server}
		w.pumping.Go(c.there)
		w.pumping.Go(c.back)
	}
}

// lets notes who comes in, before anything is passed on, so that gone misses nobody whom
// the listener had taken already.
func (w *wire) lets(client net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened = append(w.opened, client)
	return !w.left
}

// gone lets nobody in any more, and cuts who is, but for one.
func (w *wire) gone(but net.Conn) {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
	for _, c := range w.opened {
		if c != but {
			cut(c)
		}
	}
}

// cut closes a connection as one whose other end is gone.
func cut(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// taken returns what was asked since the last call.
func (w *wire) taken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

// passage is one connection through a wire.
type passage struct {
	*wire
	client, server net.Conn
	changes        bool // a change was asked for on it
}

// there passes requests on.
func (p *passage) there() {
	defer p.server.Close()
	var pending []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := p.client.Read(chunk)
		if err != nil {
			return
		}
		done := p.lab.Clock().Work()
		var asked []string
		asked, pending = p.requests(append(pending, chunk[:n]...))
		p.mu.Lock()
		p.asked = append(p.asked, asked...)
		change := slices.ContainsFunc(asked, func(name string) bool { return mutates(p.target, name) })
		swallowed := p.swallow && change
		p.changes = p.changes || change
		p.swallow = p.swallow && !swallowed
		p.mu.Unlock()
		if swallowed {
			cut(p.client)
			done()
			return
		}
		_, err = p.server.Write(chunk[:n])
		done()
		if err != nil {
			return
		}
	}
}

// back passes replies on, but for one that is to be spoilt.
func (p *passage) back() {
	defer cut(p.client)
	chunk := make([]byte, 64<<10)
	for {
		n, err := p.server.Read(chunk)
		if err != nil {
			return
		}
		if spoil := p.spoils(); spoil != nil {
			ctx, cancel := context.WithCancel(context.Background())
			go func() { // until the client goes away
				defer cancel()
				for err == nil {
					_, err = p.server.Read(chunk)
				}
			}()
			spoil(ctx, p.client)
			cancel()
			return
		}
		done := p.lab.Clock().Work()
		_, err = p.client.Write(chunk[:n])
		done()
		if err != nil {
			return
		}
	}
}

// spoils takes what is to be done in place of this reply.
func (p *passage) spoils() func(context.Context, net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spoil == nil || !p.changes || arrived(p.lab, p.target) == p.made {
		return nil
	}
	spoil := p.spoil
	p.spoil = nil
	return spoil
}

// arrived is how many changes a target was asked for, as the lab counts them.
func arrived(l *lab.Lab, target string) int {
	n := 0
	for _, c := range l.Mutations() {
		if c.Target == target {
			n++
		}
	}
	return n
}

var (
	requestLine = regexp.MustCompile(`(?m)^([A-Z]+) (\S+) HTTP/1\.1\r?$`)
	override    = regexp.MustCompile(`(?i)\r\nX-(HTTP-Method-Override|Method-Override|HTTP-Method|Original-Method|Original-URL|Rewrite-URL):|[?&]_method=`)
	command     = regexp.MustCompile(`\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n(?:\$\d+\r\n([^\r]*)\r\n)?`)
)

func askedOverHTTP(pending []byte) (asked []string, rest []byte) {
	rest = pending
	for _, m := range requestLine.FindAllSubmatchIndex(pending, -1) {
		name := string(pending[m[2]:m[3]]) + " " + string(pending[m[4]:m[5]])
		if override.Match(pending[m[0]:]) {
			name += ", which asks for another method"
		}
		asked, rest = append(asked, name), pending[m[1]:]
	}
	return asked, rest
}

func askedOfRedis(pending []byte) (asked []string, rest []byte) {
	rest = pending
	for _, m := range command.FindAllSubmatchIndex(pending, -1) {
		name := string(pending[m[2]:m[3]])
		if m[4] >= 0 {
			name += " " + string(pending[m[4]:m[5]])
		}
		asked, rest = append(asked, strings.ToLower(name)), pending[m[1]:]
	}
	return asked, rest
}

// askedOfMongo takes whole messages: a length, an operation, and the command as
// the first key of a document.
func askedOfMongo(pending []byte) (asked []string, rest []byte) {
	for rest = pending; len(rest) >= 16; {
		length := binary.LittleEndian.Uint32(rest)
		if uint64(len(rest)) < uint64(length) || length < 16 {
			break
		}
		message := rest[:length]
		rest = rest[length:]
		if binary.LittleEndian.Uint32(message[12:]) != 2013 || len(message) < 27 {
			asked = append(asked, "hello") // OP_QUERY is sent for nothing else
			continue
		}
		name, _, _ := bytes.Cut(message[26:], []byte{0})
		text := string(name)
		if read := []byte("profile\x00\xff\xff\xff\xff"); bytes.HasPrefix(message[26:], read) {
			text = "profile -1" // asks for the level
		}
		if bytes.Contains(message, []byte("$out\x00")) || bytes.Contains(message, []byte("$merge\x00")) {
			text += ", which writes"
		}
		asked = append(asked, text)
	}
	return asked, rest
}

// readers are the requests that change nothing, by target: whole, or the beginning
// where one ends in "*". They are written down here once more, because what the
// clients hold for a read is what is asked about.
var readers = map[string][]string{
	lab.Redis: {
		"hello *", "auth *", "client setinfo", "client setname", "ping*", "info*", "client list", "slowlog get", "slowlog len", "config get", "dbsize*", "scan *",
		"type *", "llen *", "zcard *", "xlen *", "scard *", "hlen *", "strlen *", "lastsave*", "select *", "exists *", "memory usage", "time*", "role*", "command*",
		"latency latest", "cluster info", "cluster nodes", "get *", "getrange *", "pttl *", "object idletime",
	},
	lab.Sentinel: {"hello *", "auth *", "client setinfo", "client setname", "ping*", "sentinel masters", "sentinel master", "sentinel replicas", "sentinel ckquorum"},
	lab.Mongo: {
		"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "endSessions", "ping", "buildInfo", "serverStatus", "find", "count", "getMore", "killCursors",
		"aggregate", "distinct", "explain", "listCollections", "listIndexes", "listDatabases", "collStats", "dbStats", "currentOp", "profile -1", "getParameter", "replSetGetStatus", "connectionStatus",
	},
	"prometheus": {"POST /api/v1/query", "POST /api/v1/query_range", "POST /api/v1/series", "POST /api/v1/labels"},
}

// mutates reports whether a request changes something.
func mutates(target, name string) bool {
	if target != lab.Redis && target != lab.Sentinel && target != lab.Mongo && !strings.Contains(name, ", ") {
		for _, method := range []string{"GET ", "HEAD ", "OPTIONS "} {
			if strings.HasPrefix(name, method) {
				return false
			}
		}
	}
	return !slices.ContainsFunc(readers[target], func(read string) bool {
		begin, open := strings.CutSuffix(read, "*")
		return name == read || open && strings.HasPrefix(name, strings.TrimSuffix(begin, " "))
	})
}
