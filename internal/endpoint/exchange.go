package endpoint

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"runbook/engine/action"
)

// Exchange is one request and how far it came. Its fields are set by the
// goroutines of the transport, also after it has ended.
type Exchange struct {
	server *Server
	ctx    context.Context
	cancel context.CancelFunc
	clock  action.Clock
	began  time.Time

	mu        sync.Mutex
	request   string // "POST /api/v1/query", the last one sent
	address   string // that was dialed
	hasConn   bool
	wrote     bool
	firstByte bool
	status    int // 0: no answer yet
	location  string
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// Begin returns a context for one request that ends after limit by the clock of
// call, and what becomes of the request. The caller ends the exchange.
func (s *Server) Begin(ctx context.Context, call action.Call, limit time.Duration) (context.Context, *Exchange) {
	x := &Exchange{server: s, clock: call.Clock, began: call.Clock.Now()}
	x.ctx, x.cancel = call.Clock.WithTimeout(ctx, limit)
	traced := context.WithValue(x.ctx, exchangeKey{}, x)
	return httptrace.WithClientTrace(traced, &httptrace.ClientTrace{
		ConnectStart:         func(_, address string) { x.note(func() { x.address = address }) },
		GotConn:              func(httptrace.GotConnInfo) { x.note(func() { x.hasConn = true }) },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { x.note(func() { x.wrote = i.Err == nil }) },
		GotFirstResponseByte: func() { x.note(func() { x.firstByte = true }) },
	}), x
}

// End gives up what the exchange holds.
func (x *Exchange) End() { x.cancel() }

// Status returns the status of the answer, 0 where none came.
func (x *Exchange) Status() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.status
}

func (x *Exchange) note(set func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	set()
}

func (x *Exchange) begins(request string) {
	x.note(func() {
		x.request, x.status, x.location = request, 0, ""
		x.hasConn, x.wrote, x.firstByte = false, false, false
	})
}

func (x *Exchange) answered(res *http.Response) {
	x.note(func() { x.status, x.location = res.StatusCode, res.Header.Get("Location") })
}
