package http

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	nethttp "net/http"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

// message is a request made ready to send: body is what goes over the wire,
// display the same with the names of secrets in their place.
type message struct {
	method  string
	to      destination
	header  nethttp.Header
	body    []byte
	display string
	effect  action.Effect
}

// message builds a request; headers are the step's, over those of the target.
func (c *client) message(method string, to destination, headers map[string]schema.Text, body payload) message {
	m := message{method: method, to: to, header: nethttp.Header{}, body: body.bytes, display: body.display}
	if sameOrigin(c.base, to.URL) {
		c.config.Authenticate(m.header)
	}
	if body.contentType != "" {
		m.header.Set("Content-Type", body.contentType)
	}
	setHeaders(m.header, headers)
	if m.header.Get("User-Agent") == "" {
		m.header.Set("User-Agent", "runbook")
	}
	m.effect = c.effect(method, to.URL, m.header, m.body)
	return m
}

func setHeaders(to nethttp.Header, from map[string]schema.Text) {
	for name, value := range from {
		to.Set(name, value.Reveal())
	}
}

// String returns the request as it is shown: "GET https://app/health".
func (m message) String() string { return m.method + " " + m.to.shown }

// reply is what came back; body holds at most the limit asked for.
type reply struct {
	status  int
	header  nethttp.Header
	body    []byte
	cut     bool
	latency time.Duration
}

// invalid is a request that cannot be built from its parameters.
func invalid(where string, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		return own
	}
	return &action.Failure{Applied: action.AppliedNot, What: err.Error(), Where: "http " + where, Final: true, Err: err}
}

// send sends m once within limit (0: until ctx ends) and keeps at most most
// bytes of the answer, nothing where that is 0. An error is an *action.Failure
// that says how far the request came.
func (c *client) send(ctx context.Context, call action.Call, m message, limit time.Duration, most int64) (reply, error) {
	within, x := endpoint.Begin(ctx, call, cmp.Or(limit, c.config.Limit(0)), action.Reach{
		Where: "http " + m.String(), Server: "the service", Address: action.HostPort(m.to.URL), Setting: call.Setting("base_url"),
	})
	defer x.End()
	x.Secret = m.to.secret
	req, err := nethttp.NewRequestWithContext(within, m.method, m.to.String(), nil)
	if err != nil {
		return reply{}, invalid(m.String(), errors.New("it is no request that can be sent"))
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
	res, err := c.Send(req, m.effect != action.Read)
	if err != nil {
		return reply{}, x.Unanswered(err)
	}
	defer res.Body.Close()
	r := reply{status: res.StatusCode, header: res.Header}
	if most == 0 {
		_, err = io.Copy(io.Discard, res.Body)
	} else {
		r.body, err = io.ReadAll(io.LimitReader(res.Body, most+1))
	}
	if err != nil {
		return reply{}, x.Unanswered(err)
	}
	r.latency = x.Took()
	if int64(len(r.body)) > most {
		r.body, r.cut = r.body[:most], true
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
