package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"runbook/engine/action"
)

// Request is one request of a family that has no client library.
type Request struct {
	Method string
	Path   string // below the server's URL, not escaped
	Query  url.Values
	Body   any           // sent as JSON; nil: none
	Change bool          // it is no read
	Limit  time.Duration // how long it may take
	// Explain gives the family's words for an answer of that status and body
	// that is no success, and what to do; "" leaves it to this package.
	Explain func(status int, body []byte) (what string, do []string)
}

// Ask sends r once and decodes the JSON of a 2xx answer into into, if that is
// not nil; a *[]byte gets the body as it is. An error is an *action.Failure that says how far the request came.
func (s *Server) Ask(ctx context.Context, call action.Call, r Request, into any) error {
	within, x := s.Begin(ctx, call, r.Limit)
	defer x.End()
	req, err := s.request(within, r)
	if err != nil {
		return action.NotApplied(err)
	}
	res, err := s.Send(req, r.Change)
	if err != nil {
		return x.Unanswered(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return x.Unanswered(err)
	}
	if res.StatusCode/100 != 2 {
		return s.refused(x, r, body)
	}
	if into == nil {
		return nil
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = body
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return s.Failed(x, fmt.Errorf("decode the answer: %w", err), "")
	}
	return nil
}

func (s *Server) refused(x *Exchange, r Request, body []byte) error {
	var what string
	var do []string
	if r.Explain != nil {
		what, do = r.Explain(x.Status(), body)
	}
	return s.Failed(x, errors.New(http.StatusText(x.Status())), what, do...)
}

func (s *Server) request(ctx context.Context, r Request) (*http.Request, error) {
	u := s.base.JoinPath(r.Path)
	u.RawQuery = r.Query.Encode()
	var body io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("encode the body of %s %s: %w", r.Method, r.Path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	if body != nil {
		// Without it net/http cannot send the body a second time.
		req.GetBody = nil
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}
