package endpoint

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"runbook/engine/action"
)

var errTooLarge = errors.New("the answer is larger than 64 MiB")

// guard is the layer below every client. It adds what authenticates, to the
// target's own server only. In a dry run it refuses what is no read before a
// byte is sent.
type guard struct {
	server *Server
	next   *http.Transport
	dryRun bool
}

var _ http.RoundTripper = (*guard)(nil)

// RoundTrip sends req, or returns the error of action.RefusedInDryRun.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	path, below := g.server.below(req.URL)
	if g.dryRun && !(below && g.server.protocol.IsRead(req.Method, path) && !g.server.overridesMethod(req.Header)) {
		if req.Body != nil {
			_ = req.Body.Close() // A RoundTripper closes it; nothing was read.
		}
		return nil, action.RefusedInDryRun(g.server.protocol.Kind + " " + req.Method + " " + path)
	}
	sent := req.Clone(req.Context())
	if below {
		g.server.authenticate(sent)
	}
	x := exchangeOf(req.Context())
	if x != nil {
		x.begins(req.Method + " " + path)
	}
	res, err := g.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if x != nil {
		x.answered(res)
	}
	res.Body = &bounded{ReadCloser: res.Body, rest: maxAnswer}
	return res, nil
}

// CloseIdleConnections closes those of the transport below.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

func (s *Server) authenticate(req *http.Request) {
	for name, value := range s.config.Headers {
		req.Header.Set(name, value.Reveal())
	}
	if s.config.Token != nil {
		req.Header.Set("Authorization", "Bearer "+s.config.Token.Reveal())
	}
	if s.config.Password != nil {
		req.SetBasicAuth(s.config.Username, s.config.Password.Reveal())
	}
}

// overridesMethod reports whether a header, of the request or of the target,
// asks the server for another method than it shows.
func (s *Server) overridesMethod(header http.Header) bool {
	for _, name := range [...]string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		if header.Get(name) != "" {
			return true
		}
		for own := range s.config.Headers {
			if strings.EqualFold(own, name) {
				return true
			}
		}
	}
	return false
}

// below returns the path of u under the server's URL, or the whole path where
// it is not under it.
func (s *Server) below(u *url.URL) (string, bool) {
	if u.Scheme != s.base.Scheme || u.Host != s.base.Host {
		return u.Path, false
	}
	path, ok := strings.CutPrefix(u.Path, s.base.Path)
	if !ok || !strings.HasPrefix(path, "/") || strings.Contains(path, "..") {
		return u.Path, false
	}
	return path, true
}
