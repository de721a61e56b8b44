package http

import (
	"bytes"
	"context"
	"io"
	nethttp "net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// message is a request made ready to send: body is what goes over the wire,
// display the same with the names of secrets in their place.
type message struct {
	method  string
	url     *url.URL
	header  nethttp.Header
	body    []byte
	display string
	change  bool
}

// message builds a request; headers are the step's, over those of the target.
func (c *client) message(method string, u *url.URL, headers map[string]schema.Text, body payload) message {
	m := message{method: method, url: u, header: nethttp.Header{}, body: body.bytes, display: body.display}
	if sameOrigin(c.base, u) {
		setHeaders(m.header, c.headers)
	}
	if body.contentType != "" {
		m.header.Set("Content-Type", body.contentType)
	}
	setHeaders(m.header, headers)
	if m.header.Get("User-Agent") == "" {
		m.header.Set("User-Agent", "runbook")
	}
	m.change = !isRead(method, u, m.header, m.body, c.base, c.reads)
	return m
}

func setHeaders(to nethttp.Header, from map[string]schema.Text) {
	for name, value := range from {
		to.Set(name, value.Reveal())
	}
}

// String returns the request as it is shown: "GET https://app/health".
func (m message) String() string { return m.method + " " + shown(m.url) }

// trail is how far a request came. Its fields are set by the transport's
// goroutines, also after the request has ended.
type trail struct {
	clock     action.Clock
	mu        sync.Mutex
	started   time.Time
	address   string
	connected time.Duration
	hasConn   bool
	wrote     bool
	firstByte bool
}

func (t *trail) watch(ctx context.Context) context.Context {
	note := func(set func()) {
		t.mu.Lock()
		defer t.mu.Unlock()
		set()
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(_, address string) { note(func() { t.address = address }) },
		GotConn: func(httptrace.GotConnInfo) {
			note(func() { t.hasConn, t.connected = true, t.took() })
		},
		WroteRequest:         func(i httptrace.WroteRequestInfo) { note(func() { t.wrote = i.Err == nil }) },
		GotFirstResponseByte: func() { note(func() { t.firstByte = true }) },
	})
}

// reach is a copy of the trail's facts.
type reach struct {
	address                   string
	connected, total          time.Duration
	hasConn, wrote, firstByte bool
}

// took is the time since the request began, by the run's clock.
func (t *trail) took() time.Duration { return t.clock.Now().Sub(t.started) }

func (t *trail) reach() reach {
	t.mu.Lock()
	defer t.mu.Unlock()
	return reach{t.address, t.connected, t.took(), t.hasConn, t.wrote, t.firstByte}
}

// reply is what came back; body holds at most the limit asked for.
type reply struct {
	status  int
	header  nethttp.Header
	body    []byte
	cut     bool
	latency time.Duration
}

// receive reads one byte more than limit, or to the end and keeps nothing where
// limit is 0.
func receive(from io.Reader, limit int64) (body []byte, read int64, err error) {
	if limit == 0 {
		read, err = io.Copy(io.Discard, from)
		return nil, read, err
	}
	body, err = io.ReadAll(io.LimitReader(from, limit+1))
	return body, int64(len(body)), err
}

// send sends m once and keeps at most limit bytes of the answer. An error is an
// *action.Failure that says how far the request came.
func (c *client) send(ctx context.Context, clock action.Clock, m message, limit int64) (reply, error) {
	track := &trail{clock: clock, started: clock.Now()}
	req, err := nethttp.NewRequestWithContext(track.watch(ctx), m.method, m.url.String(), nil)
	if err != nil {
		return reply{}, invalid(m.String(), unwrapURL(err))
	}
	req.Header = m.header.Clone()
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if len(m.body) > 0 {
		// A plain reader, so that net/http cannot send it a second time.
		req.Body = io.NopCloser(bytes.NewReader(m.body))
		req.ContentLength = int64(len(m.body))
	}
	through := c.reader
	if m.change {
		through = c.changer
	}
	res, err := through.Do(req)
	if err != nil {
		return reply{}, failed(ctx, m, track.reach(), err)
	}
	defer res.Body.Close()
	body, read, err := receive(res.Body, limit)
	if err != nil {
		return reply{}, brokenOff(ctx, m, track.reach(), res.StatusCode, read, err)
	}
	r := reply{status: res.StatusCode, header: res.Header, body: body, latency: track.took()}
	if limit > 0 && read > limit {
		r.body, r.cut = body[:limit], true
	}
	return r, nil
}

func lowerHeaders(header nethttp.Header) map[string]string {
	out := make(map[string]string, len(header))
	for name, values := range header {
		out[strings.ToLower(name)] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
	}
	return out
}
