// Package redis shows the Redis server of a lab's service by its protocol. It
// answers as a Redis 7.0: what the server is like, its memory, hits and saves,
// is the model's; keys are held by miniredis.
package redis

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// version is the version of Redis whose answers these are.
const version = "7.0.15"

// Server is a Redis server of a lab.
type Server struct {
	model    *model.Model
	watches  string // the address that a Sentinel watches; "" of a server
	gate     *gate.Gate
	listener net.Listener
	work     sync.WaitGroup
	commands map[string]command
	groups   map[string]bool // commands that have subcommands of ours

	mu       sync.Mutex // held while a command is carried out, one after the other
	data     *miniredis.Miniredis
	password string
	settings settings
	clients  clients
	saving   saving
	keys     keys
	history  history
}

// Serve serves Redis at address, behind g, until g or the server is closed. A
// password that is not empty is the one of the user default.
func Serve(m *model.Model, g *gate.Gate, address, password string) (*Server, error) {
	return serve(m, g, address, password, "")
}

// serve serves a server, or a Sentinel that watches one at the address watches.
func serve(m *model.Model, g *gate.Gate, address, password, watches string) (*Server, error) {
	data := miniredis.NewMiniRedis()
	starter, err := data.Dial() // starts it without a listener
	if err != nil {
		return nil, fmt.Errorf("start the keys of the lab's Redis: %w", err)
	}
	_ = starter.Close()
	listener, err := g.Listen("tcp", address)
	if err != nil {
		data.Close()
		return nil, fmt.Errorf("listen for the lab's Redis: %w", err)
	}
	s := &Server{watches: watches, model: m, gate: g, listener: listener, data: data, password: password, settings: newSettings(), clients: newClients(), history: newHistory()}
	s.commands, s.groups = s.table()
	m.Look(func(w *model.World) { s.follow(w) })
	data.ClockTTL(true)
	s.work.Go(s.accept)
	return s, nil
}

// Addr is the address, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close closes the listener and every connection, and waits for what works for
// them.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, c := range s.clients.connected {
		c.close()
	}
	s.mu.Unlock()
	s.work.Wait()
	s.data.Close()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := s.clients.connect(conn, s.gate.Clock().Now())
		s.history.peers++
		s.mu.Unlock()
		s.work.Go(func() { s.serve(c) })
	}
}

// serve answers the commands of a connection until it ends.
func (s *Server) serve(c *client) {
	ctx, cancel := context.WithCancel(context.Background())
	requests := make(chan []string, 1024)
	s.work.Go(func() {
		// It ends the connection's context also while a command hangs or waits.
		defer cancel()
		defer close(requests)
		c.read(requests)
	})
	defer func() {
		c.close()
		cancel()
		for range requests { // the reader ends with the connection
		}
		s.mu.Lock()
		delete(s.clients.connected, c.id)
		s.mu.Unlock()
	}()
	for args := range requests {
		if !s.answer(ctx, c, args) {
			return
		}
	}
}

// answer carries out one command, and says whether the connection goes on.
func (s *Server) answer(ctx context.Context, c *client, args []string) bool {
	name, mutates := s.classify(c, args)
	visit, err := s.gate.Enter(ctx, name, mutates)
	if err != nil {
		return false
	}
	defer visit.Leave()
	reply, took := s.carryOut(c, args)
	if err := visit.Pause(ctx, took); err != nil {
		return false
	}
	if !visit.Replies() {
		return false
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	if _, err := c.conn.Write(reply); err != nil {
		return false
	}
	return !c.ends
}

// writeLimit is how long, by the machine's clock, a client may take to read.
const writeLimit = 30 * time.Second

// carryOut lets a command take its effect. It returns the reply and how long the
// command takes.
func (s *Server) carryOut(c *client, args []string) (reply []byte, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.model.Change(func(w *model.World) { s.follow(w) })
	c.begin(args, s.gate.Clock().Now())
	r := &request{server: s, client: c, peer: c.peer, name: spelled(args, s.groups), all: args}
	s.run(r)
	c.peer.Flush()
	reply = append([]byte(nil), c.reply.Bytes()...)
	s.history.note(r, reply, s.gate.Clock().Now(), &s.settings)
	return reply, r.took
}

// follow brings up to date what the model changed. The lock is held.
func (s *Server) follow(w *model.World) {
	if s.isSentinel() {
		return
	}
	s.data.SetTime(w.Now)
	if !s.history.started.Equal(w.Redis.Started) {
		s.restarted(w)
	}
	if len(s.clients.service) != w.Redis.Clients {
		s.clients.follow(w)
	}
	s.saving.follow(w)
	s.keys.follow(w, s.data)
}

// restarted forgets what a process forgets with its end.
func (s *Server) restarted(w *model.World) {
	s.history = newHistory()
	s.history.started = w.Redis.Started
	s.saving = saving{}
	s.clients.service = nil
}
