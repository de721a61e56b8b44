package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"runbook/engine/action"
)

// maxAnswer bounds the body of an answer that is read.
const maxAnswer = 64 << 20

// Protocol is what a family says of the servers that it talks to.
type Protocol struct {
	Kind string // of the target: "prometheus"
	// IsRead reports whether a request with that method changes nothing; path
	// is below the target's URL. What it refuses is not sent in a dry run.
	IsRead func(method, path string) bool
}

// Server is the client of one target, shared by a run.
type Server struct {
	*Wire
	config   Config
	base     *url.URL
	protocol Protocol
	shown    string // the URL
	setting  string // "url of the target prometheus in runbook.yaml"
	dryRun   bool
}

// Open returns the pool's client of call's target. It opens no connection. An
// error is an *action.Failure that says what to correct.
func Open(call action.Call, protocol Protocol) (*Server, error) {
	return action.Client(call, protocol.Kind, func() (*Server, error) { return newServer(call, protocol) })
}

// newServer makes a client that follows no redirect: these servers send none,
// what stands before them does.
func newServer(call action.Call, protocol Protocol) (*Server, error) {
	config, err := action.ConfigOf[Config](call.Target)
	if err != nil {
		return nil, err
	}
	base, err := config.base()
	if err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	s := &Server{
		config: config, base: base, protocol: protocol, dryRun: call.DryRun,
		shown: Shown(base, config.URL.IsSecret()), setting: call.Setting("url"),
	}
	s.Wire, err = NewWire(Rules{
		Access: config.Access, Pass: s.pass, Confine: call.Confine, MaxAnswer: maxAnswer,
		Redirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	if err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	return s, nil
}

// Begin is Begin for a request of this server, which may take limit unless the
// target says otherwise.
func (s *Server) Begin(ctx context.Context, call action.Call, limit time.Duration) (context.Context, *Exchange) {
	within, x := Begin(ctx, call, s.config.Limit(limit), action.Reach{
		Where: s.Where(), Server: "the server", Address: s.base.Host, Setting: s.setting,
	})
	x.Secret = s.config.URL.IsSecret()
	return within, x
}

// URL returns the server's URL, for a client library.
func (s *Server) URL() string { return s.base.String() }

// Shown returns the server's URL for people.
func (s *Server) Shown() string { return s.shown }

// Where names the server: "prometheus at http://127.0.0.1:9091".
func (s *Server) Where() string { return s.protocol.Kind + " at " + s.shown }

// pass adds what authenticates, to the target's own server only. In a dry run
// it refuses what is no read.
func (s *Server) pass(req *http.Request) error {
	path, below := s.below(req.URL)
	if below {
		s.config.Authenticate(req.Header)
	}
	if s.dryRun {
		body, err := Body(req)
		if err != nil {
			return err
		}
		if _, overridden := Overridden(req.URL, req.Header, body); overridden || !below || !s.protocol.IsRead(req.Method, path) {
			return action.RefusedInDryRun(s.protocol.Kind + " " + req.Method + " " + path)
		}
	}
	if x := exchangeOf(req.Context()); x != nil {
		x.named(req.Method + " " + path)
	}
	return nil
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
