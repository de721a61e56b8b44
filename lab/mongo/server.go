package mongo

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

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
	guarded  bool // clients must log in

	nextID  atomic.Int32 // of replies, connections
	running running
	cursors cursors
	tally   tally

	parameters bson.D         // guarded by the model's lock
	levels     map[string]int // of the profiler, by database; guarded by the model's lock

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
	s := &Server{model: m, gate: g, listener: l, commands: commands(), guarded: len(accounts) > 0, parameters: parameters(), levels: map[string]int{}}
	s.life.ending, s.life.end = context.WithCancel(context.Background())
	m.Change(func(w *model.World) { open(w, accounts) })
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

// tally counts what the world does not count, since the server started. The
// model's lock guards it.
type tally struct {
	since                       time.Time // the start of the process that it counts
	commands, getMores          int64
	requests, received, sent    int64
	scanned, examined, returned int64
}

// of is the tally of the process that runs.
func (t *tally) of(w *model.World) *tally {
	if !t.since.Equal(w.Mongo.Started) {
		*t = tally{since: w.Mongo.Started}
	}
	return t
}
