package docker

import (
	"context"
	"net/http"
	"sync"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// watch wakes who waits for the world to change.
type watch struct {
	mu      sync.Mutex
	changes context.Context // ends at the next change
	wakes   context.CancelFunc
}

func newWatch() *watch {
	w := &watch{}
	w.changes, w.wakes = context.WithCancel(context.Background())
	return w
}

// wake wakes everybody; it is called while the model is locked.
func (w *watch) wake(*model.World) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wakes()
	w.changes, w.wakes = context.WithCancel(context.Background())
}

// context returns a context that ends with ctx and at the next change. It is taken
// before looking, so that nothing is missed.
func (w *watch) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	stop := context.AfterFunc(w.changes, cancel)
	return ctx, func() { stop(); cancel() }
}

// until looks now and after each change of the world, until look is done or ctx
// ends. A clock that steps may go on meanwhile.
func (s *Server) until(ctx context.Context, r *http.Request, look func() (done bool, err error)) error {
	for {
		changed, stop := s.watch.context(ctx)
		done, err := look()
		if done || err != nil || ctx.Err() != nil || s.ctx.Err() != nil {
			stop()
			if err == nil && !done {
				err = errGone
			}
			return err
		}
		_ = gate.VisitOf(r).Wait(changed)
		stop()
	}
}

// lasting is a context of a connection that was taken over: it ends with the
// server.
func (s *Server) lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
