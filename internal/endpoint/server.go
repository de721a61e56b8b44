package endpoint

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
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
	config   Config
	base     *url.URL
	protocol Protocol
	where    string // "prometheus at http://127.0.0.1:9091"
	reader   *http.Client
	changer  *http.Client
}

// Open returns the pool's client of call's target. It opens no connection. An
// error is an *action.Failure that says what to correct.
func Open(call action.Call, protocol Protocol) (*Server, error) {
	s, err := action.Client(call, protocol.Kind, func() (*Server, error) { return newServer(call, protocol) })
	if err != nil {
		return nil, &action.Failure{
			Applied: action.AppliedNot, What: err.Error(), Where: protocol.Kind, Final: true, Err: err,
			Do: []string{"correct the target " + call.Target.Name + " in runbook.yaml"},
		}
	}
	return s, nil
}

func newServer(call action.Call, protocol Protocol) (*Server, error) {
	s := &Server{protocol: protocol}
	if err := schema.Decode(call.Target.Config, &s.config); err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	base, err := s.config.base()
	if err != nil {
		return nil, fmt.Errorf("the configuration of target %s: %w", call.Target.Name, err)
	}
	s.base, s.where = base, protocol.Kind+" at "+shown(base)
	s.reader, s.changer = s.through(true, call.DryRun), s.through(false, call.DryRun)
	return s, nil
}

// through returns a client. Changes go over connections that are never used
// twice: net/http replays some requests on one that the server closed. No
// redirect is followed: these servers send none, what stands before them does.
func (s *Server) through(reuse, dryRun bool) *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      !reuse,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	return &http.Client{
		Transport:     &guard{server: s, next: transport, dryRun: dryRun},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// URL returns the server's URL, for a client library.
func (s *Server) URL() string { return s.base.String() }

// Reader returns the HTTP client for reads, for a client library.
func (s *Server) Reader() *http.Client { return s.reader }

// Where names the server: "prometheus at http://127.0.0.1:9091".
func (s *Server) Where() string { return s.where }

// Close gives up the idle connections.
func (s *Server) Close() error {
	s.reader.CloseIdleConnections()
	s.changer.CloseIdleConnections()
	return nil
}

// bounded is a body of which at most the rest is read; more is an error.
type bounded struct {
	io.ReadCloser
	rest int64
}

// Read reads, and fails beyond the bound.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.rest -= int64(n); b.rest < 0 {
		return 0, errTooLarge
	}
	return n, err
}
