package redis

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"

	"runbook/lab/model"
)

// client is a connection to the server.
type client struct {
	id     int
	conn   net.Conn
	peer   *server.Peer
	reply  *bytes.Buffer // of the command that is carried out
	since  time.Time
	active time.Time
	name   string
	last   string // command
	db     int
	passed bool // gave the password
	ends   bool // with the reply

	inTransaction bool
	queued        bool // a change, in the transaction
}

// clients are the connections: those of the lab's users, and those of the
// service itself, which are there only to be seen.
type clients struct {
	next      int
	connected map[int]*client
	service   []serviceClient
}

// serviceClient is a connection of the app or a worker.
type serviceClient struct {
	id            int
	name, address string
	last          string
	since         time.Time
}

func newClients() clients { return clients{next: 3, connected: map[int]*client{}} }

func (k *clients) connect(conn net.Conn, now time.Time) *client {
	c := &client{id: k.next, conn: conn, reply: &bytes.Buffer{}, since: now, active: now}
	c.peer = server.NewPeer(bufio.NewWriter(c.reply))
	k.next++
	k.connected[c.id] = c
	return c
}

// follow lets the service connect anew, to a process that started.
func (k *clients) follow(w *model.World) {
	k.service = nil
	for i := range w.Redis.Clients {
		c := serviceClient{id: k.next, name: "app", address: fmt.Sprintf("172.18.0.4:%d", 41870+2*i), last: "get", since: w.Redis.Started.Add(time.Second)}
		if i >= 6 {
			c.name, c.address, c.last = fmt.Sprintf("worker-%d", i-5), fmt.Sprintf("172.18.0.%d:52114", i), "lpop"
		}
		k.service = append(k.service, c)
		k.next++
	}
}

func (c *client) close() { _ = c.conn.Close() }

func (c *client) begin(args []string, now time.Time) {
	c.reply.Reset()
	c.active, c.last = now, strings.ToLower(args[0])
}

// selected keeps the number of the database after a SELECT that may have failed.
func (c *client) selected(args []string) {
	if n, err := strconv.Atoi(args[len(args)-1]); err == nil && n >= 0 {
		c.db = n
	}
}

// line is how CLIENT LIST tells of a client.
type line struct {
	id            int
	address, text string
}

// lines tells of all clients, by id; to is the address of the server.
func (k *clients) lines(now time.Time, to string) []line {
	var all []line
	tell := func(id int, address, name, last string, db, protocol int, since, active time.Time) {
		all = append(all, line{id, address, fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=N db=%d sub=0 psub=0 ssub=0 multi=-1 "+
			"qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=0 omem=0 tot-mem=37658 events=r cmd=%s user=default redir=-1 resp=%d\n",
			id, address, to, id+5, name, int(now.Sub(since).Seconds()), int(now.Sub(active).Seconds()), db, last, protocol)})
	}
	for _, c := range k.service {
		tell(c.id, c.address, c.name, c.last, 0, 2, c.since, now)
	}
	for _, id := range slices.Sorted(maps.Keys(k.connected)) {
		c, protocol := k.connected[id], 2
		if c.peer.Resp3 {
			protocol = 3
		}
		tell(c.id, c.conn.RemoteAddr().String(), c.name, c.last, c.db, protocol, c.since, c.active)
	}
	slices.SortFunc(all, func(a, b line) int { return a.id - b.id })
	return all
}

// kill ends a client; one of the service connects again.
func (k *clients) kill(id int, now time.Time) {
	if c := k.connected[id]; c != nil {
		c.close()
		return
	}
	for i := range k.service {
		if c := &k.service[i]; c.id == id {
			c.id, c.since = k.next, now
			host, port, _ := net.SplitHostPort(c.address)
			n, _ := strconv.Atoi(port)
			c.address = net.JoinHostPort(host, strconv.Itoa(n+100))
			k.next++
		}
	}
}
