package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Exchange is one request and how far it came. Its fields are set by the
// goroutines of the transport, also after it has ended.
type Exchange struct {
	ctx    context.Context
	cancel context.CancelFunc
	call   action.Call
	began  time.Time
	Secret bool // its URL is, but for the host

	mu       sync.Mutex
	reach    action.Reach
	status   int // 0: no answer yet
	header   http.Header
	received int64 // bytes of the body
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// Begin returns a context for one request that ends after limit by the clock of
// call (0: with ctx), and what becomes of the request: about is what is told of
// it. The caller ends the exchange.
func Begin(ctx context.Context, call action.Call, limit time.Duration, about action.Reach) (context.Context, *Exchange) {
	x := &Exchange{call: call, began: call.Clock.Now(), reach: about}
	if limit > 0 {
		x.ctx, x.cancel = call.Clock.WithTimeout(ctx, limit)
	} else {
		x.ctx, x.cancel = context.WithCancel(ctx)
	}
	traced := context.WithValue(x.ctx, exchangeKey{}, x)
	return httptrace.WithClientTrace(traced, &httptrace.ClientTrace{
		ConnectStart: func(_, address string) { x.note(func() { x.reach.Dialed = address }) },
		GotConn: func(httptrace.GotConnInfo) {
			x.note(func() { x.reach.Sent, x.reach.Connected = true, x.call.Clock.Now().Sub(x.began) })
		},
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

// Took is the time since the request began, by the run's clock.
func (x *Exchange) Took() time.Duration { return x.call.Clock.Now().Sub(x.began) }

// Unanswered says why no answer came, or why one broke off.
func (x *Exchange) Unanswered(err error) *action.Failure {
	x.mu.Lock()
	at := x.reach
	if x.status != 0 {
		at.Answer = fmt.Sprintf("status %d and %s of the body", x.status, schema.HumanBytes(float64(x.received)))
	}
	x.mu.Unlock()
	at.Took = x.Took()
	return action.Unreachable(x.ctx, err, at)
}

func (x *Exchange) note(set func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	set()
}

// begins notes that a request, also one of a redirect, is about to be sent.
func (x *Exchange) begins() {
	x.note(func() { x.status, x.header, x.received, x.reach.Sent, x.reach.Connected = 0, nil, 0, false, 0 })
}

// named is what the request is called from now on: "POST /api/v1/query".
func (x *Exchange) named(request string) { x.note(func() { x.reach.Request = request }) }

func (x *Exchange) answered(res *http.Response) {
	x.note(func() { x.status, x.header = res.StatusCode, res.Header })
}
