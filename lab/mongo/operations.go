package mongo

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// operation is a command of a client that is worked on.
type operation struct {
	id      int32
	started time.Time
	call    *call
	cancel  context.CancelFunc
	killed  atomic.Bool
}

// running are the connections and what is worked on for them.
type running struct {
	last        atomic.Int32 // id of an operation
	mu          sync.Mutex
	operations  map[int32]*operation
	connections map[*connection]bool
}

func (r *running) join(c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.connections == nil {
		r.connections = map[*connection]bool{}
	}
	r.connections[c] = true
}

func (r *running) leave(c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.connections, c)
}

func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.connections)
}

// begin notes that a command is worked on; its context ends when it is killed.
func (s *Server) begin(ctx context.Context, c *call) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.op = &operation{id: s.running.last.Add(1), started: s.gate.Clock().Now(), call: c, cancel: cancel}
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	if s.running.operations == nil {
		s.running.operations = map[int32]*operation{}
	}
	s.running.operations[c.op.id] = c.op
	return ctx, func() {
		s.running.mu.Lock()
		defer s.running.mu.Unlock()
		delete(s.running.operations, c.op.id)
		cancel()
	}
}

// kill ends a command that is worked on, if there is one of that id.
func (r *running) kill(id int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.operations[id]; o != nil {
		o.killed.Store(true)
		o.cancel()
	}
}

func (c *call) killOp() (bson.D, error) {
	if err := c.require("op"); err != nil {
		return nil, err
	}
	v, _ := field(c.body, "op")
	id, ok := value.Int(v)
	if !ok {
		return nil, mistake(value.TypeMismatch, "Expected field \"op\" to have numeric type, but found %s", value.TypeName(v))
	}
	if err := c.on(func(w *model.World) error { w.Mongo.Kill(int32(id)); return nil }); err != nil {
		return nil, err
	}
	c.server.running.kill(int32(id))
	return bson.D{{Key: "info", Value: "attempting to kill op"}}, nil
}

func (c *call) currentOp() (bson.D, error) {
	match := bson.D{}
	for _, e := range c.body[1:] {
		switch e.Key {
		case "$all", "$ownOps", "$truncateOps", "$db", "$readPreference", "$clusterTime", "lsid", "comment", "maxTimeMS", "apiVersion", "apiStrict", "apiDeprecationErrors", "txnNumber":
		default:
			match = append(match, e)
		}
	}
	all, err := c.operations()
	if err != nil {
		return nil, err
	}
	found := bson.A{}
	for _, o := range all {
		ok, err := document.Match(o, match)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, o)
		}
	}
	return bson.D{{Key: "inprog", Value: found}}, nil
}

// operations are what runs now: the long operations of the world, and the
// commands that are worked on.
func (c *call) operations() ([]bson.D, error) {
	var all []bson.D
	err := c.on(func(w *model.World) error {
		for _, o := range w.Mongo.Operations {
			all = append(all, longOperation(o, w.Now))
		}
		c.server.running.mu.Lock()
		defer c.server.running.mu.Unlock()
		for _, o := range c.server.running.operations {
			all = append(all, o.document(w.Now))
		}
		return nil
	})
	slices.SortFunc(all, func(a, b bson.D) int { return cmp.Compare(number(a, "connectionId", 0), number(b, "connectionId", 0)) })
	return all, err
}

// the order of fields is that of the server.
func longOperation(o *model.Operation, now time.Time) bson.D {
	ran := now.Sub(o.Started)
	return bson.D{
		{Key: "type", Value: "op"}, {Key: "host", Value: host}, {Key: "desc", Value: "conn88"}, {Key: "connectionId", Value: int32(88)},
		{Key: "client", Value: o.Client}, {Key: "appName", Value: "report"}, {Key: "active", Value: true}, {Key: "currentOpTime", Value: stamp(now)},
		{Key: "opid", Value: o.ID}, {Key: "secs_running", Value: int64(ran.Seconds())}, {Key: "microsecs_running", Value: ran.Microseconds()},
		{Key: "op", Value: o.Kind}, {Key: "ns", Value: o.Namespace}, {Key: "command", Value: o.Command}, {Key: "planSummary", Value: o.Plan},
		{Key: "numYields", Value: int32(ran.Milliseconds() / 10)}, {Key: "locks", Value: bson.D{{Key: "ReplicationStateTransition", Value: "w"}, {Key: "Global", Value: "r"}}},
		{Key: "waitingForLock", Value: false},
	}
}

// document tells of a command as currentOp does.
func (o *operation) document(now time.Time) bson.D {
	ran := now.Sub(o.started)
	d := append(o.call.connection.identity(), bson.D{
		{Key: "active", Value: true}, {Key: "currentOpTime", Value: stamp(now)}, {Key: "opid", Value: o.id}, {Key: "secs_running", Value: int64(ran.Seconds())},
		{Key: "microsecs_running", Value: ran.Microseconds()}, {Key: "op", Value: o.call.kind()}, {Key: "ns", Value: o.call.subject()},
		{Key: "command", Value: o.call.body}, {Key: "numYields", Value: int32(0)}, {Key: "waitingForLock", Value: false},
	}...)
	if o.killed.Load() {
		d = append(d, bson.E{Key: "killPending", Value: true})
	}
	return d
}

// kind is what a command is for currentOp and the profiler.
func (c *call) kind() string {
	switch c.name {
	case "find":
		return "query"
	case "getMore":
		return "getmore"
	case "insert", "update":
		return c.name
	case "delete":
		return "remove"
	}
	return "command"
}

// subject is the namespace that a command is about.
func (c *call) subject() string {
	if name, ok := c.body[0].Value.(string); ok {
		return c.namespace(name)
	}
	if name := c.text("collection"); name != "" {
		return c.namespace(name)
	}
	return c.namespace("$cmd")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+00:00") }
