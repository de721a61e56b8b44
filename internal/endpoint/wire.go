package endpoint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"runbook/engine/action"
)

var errTooLarge = errors.New("it is larger than 64 MiB")

// Wire is how the requests of one target are sent. Changes go over connections
// that are never used twice: net/http replays some requests on one that the
// server closed.
type Wire struct {
	Reader  *http.Client
	Changer *http.Client
}

// Rules are what a family decides about the requests of a target.
type Rules struct {
	// Access is how the servers are reached.
	Access Access
	// Pass is given a copy of each request before a byte is sent. It completes
	// it, or refuses it: in a dry run what is no read.
	Pass func(*http.Request) error
	// Confine refuses what leaves it, redirects too; nil: nothing.
	Confine *action.Confine
	// Redirect is http.Client.CheckRedirect.
	Redirect func(req *http.Request, via []*http.Request) error
	// MaxAnswer bounds the body of an answer; 0 leaves that to its reader.
	MaxAnswer int64
}

// NewWire returns a wire. It opens no connection; an error is of the target's
// configuration.
func NewWire(rules Rules) (*Wire, error) {
	t, err := rules.Access.transport()
	if err != nil {
		return nil, err
	}
	once := t.Clone()
	once.DisableKeepAlives = true
	return &Wire{Reader: rules.client(t), Changer: rules.client(once)}, nil
}

func (r Rules) client(t *http.Transport) *http.Client {
	return &http.Client{CheckRedirect: r.Redirect, Transport: &gate{rules: r, next: t}}
}

// Send sends req once, over the connections for changes where it is one.
func (w *Wire) Send(req *http.Request, change bool) (*http.Response, error) {
	if change {
		return w.Changer.Do(req)
	}
	return w.Reader.Do(req)
}

// Close gives up the idle connections.
func (w *Wire) Close() error {
	w.Reader.CloseIdleConnections()
	w.Changer.CloseIdleConnections()
	return nil
}

// gate is the layer below every HTTP client: it lets the rules decide, tells the
// exchange how far the request came, and logs it.
type gate struct {
	rules Rules
	next  *http.Transport
}

var _ http.RoundTripper = (*gate)(nil)

// RoundTrip sends req, or returns the error by which the rules refuse it.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	if x == nil {
		x = &Exchange{ctx: req.Context(), call: action.Call{Clock: action.SystemClock()}}
	}
	sent := req.Clone(req.Context())
	err := g.rules.Pass(sent)
	asked := action.Asked{Target: x.call.Target.Name, Method: req.Method, URL: req.URL.String(), Shown: Shown(req.URL, x.Secret)}
	var stub *action.Answer
	if err == nil {
		stub, err = g.rules.Confine.Request(action.HostPort(req.URL), asked)
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // A RoundTripper closes it; nothing was sent of it.
		}
		return nil, err
	}
	x.begins()
	began := x.call.Clock.Now()
	var res *http.Response
	if stub != nil {
		res, err = x.stubbed(sent, stub)
	} else {
		res, err = g.next.RoundTrip(sent)
	}
	x.log(req, began, res, err)
	if err != nil {
		return nil, err
	}
	x.answered(res)
	if stub == nil && g.rules.Confine.Recording() {
		res.Body = &recorded{ReadCloser: res.Body, confine: g.rules.Confine, asked: asked, answer: action.Answer{
			Status: res.StatusCode, Header: map[string]string{"Content-Type": res.Header.Get("Content-Type")},
		}}
	}
	res.Body = &counted{ReadCloser: res.Body, exchange: x, most: g.rules.MaxAnswer}
	return res, nil
}

// maxRecorded bounds the body of an answer that is recorded.
const maxRecorded = 1 << 20

// recorded is a body that is recorded when it was read to its end.
type recorded struct {
	io.ReadCloser
	confine *action.Confine
	asked   action.Asked
	answer  action.Answer
	over    bool
}

// Read reads, and at the end records the whole.
func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.over = r.over || len(r.answer.Body)+n > maxRecorded
	if !r.over {
		r.answer.Body = append(r.answer.Body, p[:n]...)
	}
	if errors.Is(err, io.EOF) && !r.over {
		r.over = true // once
		r.confine.Record(r.asked, r.answer)
	}
	return n, err
}

// stubbed is the response of a stub that answers in place of the server: nothing is
// sent.
func (x *Exchange) stubbed(req *http.Request, by *action.Answer) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close() // A RoundTripper closes it.
	}
	x.note(func() { x.reach.Sent = true }) // as far as anybody can tell
	if err := by.Come(req.Context(), x.call.Clock); err != nil {
		return nil, err
	}
	res := &http.Response{
		StatusCode: by.Status, Status: strconv.Itoa(by.Status) + " " + http.StatusText(by.Status), Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Body: io.NopCloser(bytes.NewReader(by.Body)), ContentLength: int64(len(by.Body)),
	}
	for name, value := range by.Header {
		res.Header.Set(name, value)
	}
	return res, nil
}

// log tells of a request without what of its URL may be secret.
func (x *Exchange) log(req *http.Request, began time.Time, res *http.Response, err error) {
	if x.call.Log == nil {
		return
	}
	took := x.call.Clock.Now().Sub(began)
	status := ""
	if err == nil {
		status = strconv.Itoa(res.StatusCode)
	} else {
		status = action.Unreachable(context.WithoutCancel(x.ctx), err, action.Reach{Took: took}).What
	}
	x.call.LogRequest("http", req.Method+" "+Shown(req.URL, x.Secret), status, took)
}

// CloseIdleConnections closes those of the transport below.
func (g *gate) CloseIdleConnections() { g.next.CloseIdleConnections() }

// counted is a body whose bytes are counted; more than most of them, if that is
// not 0, are an error.
type counted struct {
	io.ReadCloser
	exchange *Exchange
	most     int64
}

// Read reads, and fails beyond the bound.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	var all int64
	c.exchange.note(func() { c.exchange.received += int64(n); all = c.exchange.received })
	if c.most > 0 && all > c.most {
		return 0, errTooLarge
	}
	return n, err
}
