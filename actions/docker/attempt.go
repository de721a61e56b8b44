package docker

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"sync"
	"time"

	"runbook/engine/action"
)

// Attempt notes how far one call of the client came, since its errors do not
// tell whether a byte was sent. It travels in the context of the call.
type Attempt struct {
	ctx  context.Context
	call action.Call

	mu        sync.Mutex
	began     time.Time
	request   string // "POST /containers/app/restart", the last one
	requested time.Time
	connected bool
	sent      bool // a byte of the last request may have left
	status    int  // of the last request; 0: none came
	dialErr   error
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// Try returns a context for one call of the client, and what becomes of it.
func (e *Engine) Try(ctx context.Context) (context.Context, *Attempt) {
	a := &Attempt{ctx: ctx, call: e.call, began: e.call.Clock.Now()}
	ctx = context.WithValue(ctx, attemptKey{}, a)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { a.mark(func() { a.connected = true }) },
		WroteHeaders: func() { a.mark(func() { a.sent = true }) },
		WroteRequest: func(httptrace.WroteRequestInfo) { a.mark(func() { a.sent = true }) },
	}), a
}

func (a *Attempt) mark(set func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	set()
}

func (a *Attempt) notConnected(err error) { a.mark(func() { a.dialErr = err }) }

// noteRequest is a hook of the client, called before a request is sent.
func noteRequest(r *http.Request) error {
	if a := attemptOf(r.Context()); a != nil {
		a.mark(func() {
			a.request, a.requested = r.Method+" "+unversioned(r.URL.Path), a.call.Clock.Now()
			a.connected, a.sent, a.status, a.dialErr = false, false, 0, nil
		})
	}
	return nil
}

// noteResponse is a hook of the client, called when the header of a response came.
func noteResponse(r *http.Response) {
	if r.Request == nil {
		return
	}
	if a := attemptOf(r.Request.Context()); a != nil {
		a.mark(func() { a.status = r.StatusCode })
		a.call.LogRequest("docker", a.request, strconv.Itoa(r.StatusCode), a.call.Clock.Now().Sub(a.requested))
	}
}

var versionPrefix = regexp.MustCompile(`/v1\.\d+/`)

// unversioned returns a path of the API as its reference has it.
func unversioned(path string) string {
	if at := versionPrefix.FindStringIndex(path); at != nil {
		return path[at[1]-1:]
	}
	return path
}

// progress is how far an attempt came, without its lock.
type progress struct {
	request   string
	connected bool
	sent      bool
	status    int
	dialErr   error
	took      time.Duration
}

func (a *Attempt) progress() progress {
	a.mu.Lock()
	defer a.mu.Unlock()
	return progress{request: a.request, connected: a.connected, sent: a.sent, status: a.status, dialErr: a.dialErr, took: a.call.Clock.Now().Sub(a.began)}
}

// Status is that of the last answer; 0 where none came.
func (a *Attempt) Status() int { return a.progress().status }
