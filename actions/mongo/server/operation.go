package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"runbook/engine/action"
)

type operationKey struct{}

// operation is what is asked of a server once: a command, with those that the
// driver sends for its cursor.
type operation struct {
	cancel context.CancelCauseFunc
	call   action.Call
	began  time.Time // of the last command
	sent   bool      // a byte of it may have left
}

// errDown ends an operation that waits for a server where none listens.
type errDown struct{ cause error }

func (e errDown) Error() string { return "no server answers: " + e.cause.Error() }
func (e errDown) Unwrap() error { return e.cause }

// watch knows which operations wait and which servers of the target are away.
// The driver by itself lets an operation wait for as long as a server might
// still come; whoever polls wants to hear at once that none listens.
type watch struct {
	dryRun bool

	mu      sync.Mutex
	waiting map[*operation]struct{}
	servers []string         // of the topology
	away    map[string]error // by address
	failed  map[string]int   // looks at it that failed, one after the other
	last    error            // of the last look that failed, nil after one that did not
}

func newWatch(dryRun bool) *watch {
	return &watch{dryRun: dryRun, waiting: map[*operation]struct{}{}, away: map[string]error{}, failed: map[string]int{}}
}

// begin returns the context of a new operation and its end.
func (w *watch) begin(ctx context.Context, call action.Call) (context.Context, *operation, func()) {
	ctx, cancel := cancellable(ctx)
	op := &operation{cancel: cancel, call: call}
	w.mu.Lock()
	w.waiting[op] = struct{}{}
	down := w.down()
	w.mu.Unlock()
	if down != nil && nobodyListens(ctx, down) {
		cancel(errDown{firstError(down)})
	}
	return context.WithValue(ctx, operationKey{}, op), op, func() {
		w.mu.Lock()
		delete(w.waiting, op)
		w.mu.Unlock()
		cancel(nil)
	}
}

// cancellable is a context that may be cancelled. The driver watches the
// deadline that a context tells, and cancellation: where the time of a context
// is up that told none, as on the clock of a rehearsal, it is cancelled.
func cancellable(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	if _, tells := ctx.Deadline(); tells {
		return context.WithCancelCause(ctx)
	}
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	if ctx.Err() != nil {
		cancel(context.Cause(ctx))
	}
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return inner, func(cause error) {
		stop()
		cancel(cause)
	}
}

// wasSent reports whether a byte of op may have left.
func (w *watch) wasSent(op *operation) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return op.sent
}

// down returns the errors of the servers by address if all are away, else nil.
// The lock is held.
func (w *watch) down() map[string]error {
	found := map[string]error{}
	for _, address := range w.servers {
		err, ok := w.away[address]
		if !ok {
			return nil
		}
		found[address] = err
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// commands is the client layer: it notes what is sent and, in a dry run,
// refuses what is no read. The driver calls Started after a command was encoded
// and looks at the context before it sends the first byte, so that cancelling
// the context keeps the command from leaving. The driver's own commands
// (handshakes, heartbeats, sessions) are reads or of connections, and belong to
// no operation.
func (w *watch) commands() *event.CommandMonitor {
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			op, ok := ctx.Value(operationKey{}).(*operation)
			if !ok {
				return
			}
			if w.dryRun && !isRead(e.CommandName, e.Command) {
				op.cancel(action.RefusedInDryRun("mongo " + e.CommandName))
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.waiting, op)
			op.sent, op.began = op.sent || ctx.Err() == nil, op.call.Clock.Now()
		},
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) {
			w.ended(ctx, &e.CommandFinishedEvent, nil)
		},
		Failed: func(ctx context.Context, e *event.CommandFailedEvent) {
			w.ended(ctx, &e.CommandFinishedEvent, e.Failure)
		},
	}
}

// ended logs a command, by its name and without its body.
func (w *watch) ended(ctx context.Context, e *event.CommandFinishedEvent, err error) {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return
	}
	w.mu.Lock()
	took := op.call.Clock.Now().Sub(op.began)
	w.mu.Unlock()
	status := "ok"
	if err != nil {
		// An answer is told as "(Unauthorized) text", which may quote the command.
		name, _, _ := strings.Cut(err.Error(), ") ")
		if status = strings.TrimPrefix(name, "("); status == name {
			status = action.Unreachable(context.WithoutCancel(ctx), err, action.Reach{Took: took}).What
		}
	}
	op.call.LogRequest("mongo", e.CommandName+" on "+e.DatabaseName, status, took)
}

// lastLook returns why the last look at a server failed, nil where it did not.
func (w *watch) lastLook() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// heartbeats ends the operations that wait when no server is left to wait for.
func (w *watch) heartbeats() *event.ServerMonitor {
	return &event.ServerMonitor{
		TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.servers = w.servers[:0]
			for _, s := range e.NewDescription.Servers {
				w.servers = append(w.servers, s.Addr.String())
			}
		},
		ServerHeartbeatSucceeded: func(e *event.ServerHeartbeatSucceededEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.away, addressOf(e.ConnectionID))
			delete(w.failed, addressOf(e.ConnectionID))
			w.last = nil
		},
		ServerHeartbeatFailed: func(e *event.ServerHeartbeatFailedEvent) {
			if !errors.Is(e.Failure, context.Canceled) {
				w.lost(addressOf(e.ConnectionID), e.Failure)
			}
		},
	}
}

// lost notes that a look at a server failed. One that refuses connections is
// away at once, any other at the second failure: the first may be the end of an
// old connection.
func (w *watch) lost(address string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed[address]++
	w.last = err
	if !refuses(err) && w.failed[address] < 2 {
		return
	}
	w.away[address] = err
	down := w.down()
	if down == nil {
		return
	}
	for op := range w.waiting {
		op.cancel(errDown{firstError(down)})
		delete(w.waiting, op)
	}
}

// addressOf takes the connection's number off: "127.0.0.1:27017[-3]".
func addressOf(connection string) string {
	if i := strings.LastIndexByte(connection, '['); i > 0 {
		return connection[:i]
	}
	return connection
}

func refuses(err error) bool {
	var name *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &name) && name.IsNotFound
}

// nobodyListens looks whether the servers that were away refuse connections
// still, so that nobody waits until the driver looks again.
func nobodyListens(ctx context.Context, away map[string]error) bool {
	dialer := net.Dialer{Timeout: time.Second}
	for address, err := range away {
		if !refuses(err) {
			return false
		}
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return false
		}
		if !refuses(err) {
			return false
		}
	}
	return true
}

// firstError returns the error of the first server by address.
func firstError(away map[string]error) error {
	var addresses []string
	for address := range away {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	return away[addresses[0]]
}
