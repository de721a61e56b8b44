package http

import (
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"net/url"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const maxRedirects = 5

// client sends the requests of one target. Changes go over connections of
// their own that are never used twice: net/http replays a request on a reused
// connection that the server closed, if it takes the request for idempotent.
type client struct {
	base    *url.URL
	headers map[string]schema.Text
	reads   []action.ReadRule
	reader  *nethttp.Client
	changer *nethttp.Client
}

func clientOf(call action.Call) (*client, error) {
	return action.Client(call, Target.Name, func() (*client, error) { return newClient(call.Target, call.DryRun) })
}

func newClient(target action.Target, dryRun bool) (*client, error) {
	c, err := configured(target)
	if err != nil {
		return nil, err
	}
	c.reader = c.through(newTransport(true), dryRun)
	c.changer = c.through(newTransport(false), dryRun)
	return c, nil
}

// configured returns a client that knows its target and cannot send yet.
func configured(target action.Target) (*client, error) {
	c := &client{reads: target.Reads}
	if len(target.Config) == 0 {
		return c, nil
	}
	var config targetConfig
	if err := schema.Decode(target.Config, &config); err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", target.Name, err)
	}
	base, err := absolute("base_url", config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", target.Name, err)
	}
	c.base, c.headers = base, config.Headers
	return c, nil
}

func newTransport(reuse bool) *nethttp.Transport {
	return &nethttp.Transport{
		Proxy:                  nethttp.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      !reuse,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

func (c *client) through(transport *nethttp.Transport, dryRun bool) *nethttp.Client {
	var next nethttp.RoundTripper = transport
	if dryRun {
		next = &guard{next: transport, base: c.base, reads: c.reads}
	}
	return &nethttp.Client{Transport: next, CheckRedirect: c.redirect}
}

// redirect follows GET and HEAD a few times, and nothing else: the answer to
// any other request is the redirect itself. Another host gets no headers.
func (c *client) redirect(req *nethttp.Request, via []*nethttp.Request) error {
	first := via[0]
	if first.Method != nethttp.MethodGet && first.Method != nethttp.MethodHead {
		return nethttp.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: more than %d, the last to %s", errRedirects, maxRedirects, shown(req.URL))
	}
	if !sameOrigin(first.URL, req.URL) {
		req.Header = nethttp.Header{}
	}
	return nil
}

var errRedirects = errors.New("redirected too often")

// Close gives up the client's idle connections.
func (c *client) Close() error {
	c.reader.CloseIdleConnections()
	c.changer.CloseIdleConnections()
	return nil
}
