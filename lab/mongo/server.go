package mongo

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// Version is that of the server that this one answers as.
const Version = "7.0.14"

// Server answers clients until it is closed.
type Server struct {
	model    *model.Model
	gate     *gate.Gate
	listener net.Listener
	commands map[string]command
	accounts accounts

	nextID   atomic.Int32 // of replies, connections
	running  running
	cursors  cursors
	tally    tally
	profiler profiler
	settings settings

	life life
}

// life is how the server ends.
type life struct {
	ending context.Context
	end    context.CancelFunc
	work   sync.WaitGroup // everything it started
}

// Serve serves the databases of the model at the address, as 127.0.0.1:27017,
// until Close. accounts are the passwords of users; without one nobody needs to
// log in. A user that the model does not know belongs to the database admin.
func Serve(m *model.Model, g *gate.Gate, address string, accounts map[string]string) (*Server, error) {
	l, err := g.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", address, err)
	}
	s := &Server{model: m, gate: g, listener: l, commands: commands()}
	s.settings.values = parameters()
	s.life.ending, s.life.end = context.WithCancel(context.Background())
	m.Look(func(w *model.World) { s.accounts.fill(accounts, w.Mongo.Users) })
	s.running.last.Store(1000)
	s.life.work.Go(s.accept)
	return s, nil
}

// Addr is where the server listens: host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends the server and its connections, and waits for their end.
func (s *Server) Close() {
	s.life.end()
	_ = s.listener.Close()
	s.life.work.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := &connection{server: s, conn: conn, id: s.nextID.Add(1)}
		s.life.work.Go(c.serve)
	}
}

// tally counts what the world does not count, since the server started.
type tally struct {
	mu                          sync.Mutex
	since                       int64 // the start of the process that it counts, in milliseconds
	commands, getMores          int64
	requests, received, sent    int64
	scanned, examined, returned int64
}

// in calls do with the tally of the process that started then.
func (t *tally) in(started int64, do func(*tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since != started {
		t.since, t.commands, t.getMores, t.requests, t.received, t.sent = started, 0, 0, 0, 0, 0
		t.scanned, t.examined, t.returned = 0, 0, 0
	}
	do(t)
}

// settings are the server's parameters and the options of its collections.
type settings struct {
	mu     sync.Mutex
	values bson.D
}
