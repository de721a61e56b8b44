package http

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

const maxRedirects = 5

// client sends the requests of one target.
type client struct {
	*endpoint.Wire
	base   *url.URL
	target action.Target
	config targetConfig
	dryRun bool
}

func clientOf(call action.Call) (*client, error) {
	return action.Client(call, Target.Name, func() (*client, error) {
		c, err := configured(call.Target)
		if err != nil {
			return nil, err
		}
		c.dryRun = call.DryRun
		c.Wire, err = endpoint.NewWire(endpoint.Rules{Access: c.config.Access, Pass: c.pass, Confine: call.Confine, Redirect: redirect})
		if err != nil {
			return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
		}
		return c, nil
	})
}

// configured returns a client that knows its target and cannot send yet.
func configured(target action.Target) (*client, error) {
	c := &client{target: target}
	if len(target.Config) == 0 {
		return c, nil
	}
	var err error
	if c.config, err = action.ConfigOf[targetConfig](target); err != nil {
		return nil, err
	}
	if c.base, err = absolute("base_url", c.config.BaseURL); err != nil {
		return nil, fmt.Errorf("target %s: %w", target.Name, err)
	}
	return c, nil
}

// redirect follows GET and HEAD a few times, and nothing else: the answer to
// any other request is the redirect itself. Another host gets no headers.
func redirect(req *nethttp.Request, via []*nethttp.Request) error {
	first := via[0]
	if first.Method != nethttp.MethodGet && first.Method != nethttp.MethodHead {
		return nethttp.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return &action.Failure{
			Applied: action.AppliedNot, Final: true, Err: errRedirects,
			What: fmt.Sprintf("%v: more than %d, the last to %s", errRedirects, maxRedirects, shown(req.URL)),
		}
	}
	if !sameOrigin(first.URL, req.URL) {
		req.Header = nethttp.Header{}
	}
	return nil
}

var errRedirects = errors.New("redirected too often")
