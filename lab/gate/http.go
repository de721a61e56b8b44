package gate

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"
)

// Classify names a request and says whether it changes something.
type Classify func(*http.Request) (name string, mutates bool)

// ByMethod is the [Classify] of a target where GET, HEAD and OPTIONS read and
// everything else changes something.
func ByMethod(r *http.Request) (string, bool) {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return r.Method + " " + r.URL.Path, !read
}

// Serve serves HTTP through the gate on a listener of its own until the gate is
// closed, and returns the address. A handler finds its [Visit] by [VisitOf], to
// let time pass.
func (g *Gate) Serve(network, address string, handler http.Handler, classify Classify) (net.Addr, error) {
	l, err := g.Listen(network, address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: g.Handler(handler, classify), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	return l.Addr(), nil
}

// Handler puts the gate in front of a handler: every request is counted, hangs
// and loses its reply as the gate says.
func (g *Gate) Handler(next http.Handler, classify Classify) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, mutates := classify(r)
		v, err := g.Enter(r.Context(), name, mutates)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer v.Leave()
		answer := &reply{ResponseWriter: w, visit: v}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
		if answer.begin(); answer.lost {
			panic(http.ErrAbortHandler)
		}
	})
}

type visitKey struct{}

// VisitOf returns the visit that a request behind [Gate.Handler] is.
func VisitOf(r *http.Request) *Visit {
	v, _ := r.Context().Value(visitKey{}).(*Visit)
	return v
}

// Taking lets d pass before h answers a request.
func Taking(d time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Take(r, d)
		h.ServeHTTP(w, r)
	})
}

// Take lets d pass while a request is worked on. Where its client goes meanwhile
// it ends the handler, as [http.ErrAbortHandler] does.
func Take(r *http.Request, d time.Duration) {
	if VisitOf(r).Pause(r.Context(), d) != nil {
		panic(http.ErrAbortHandler)
	}
}

// reply is the writer of a reply that may be lost.
type reply struct {
	http.ResponseWriter
	visit       *Visit
	begun, lost bool
}

// begin asks, before the first byte, whether there is a reply.
func (r *reply) begin() {
	if !r.begun {
		r.begun, r.lost = true, !r.visit.Replies()
	}
}

// WriteHeader sends the status.
func (r *reply) WriteHeader(status int) {
	if r.begin(); !r.lost {
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write sends a part of the body.
func (r *reply) Write(b []byte) (int, error) {
	if r.begin(); r.lost {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

// Flush sends what was written.
func (r *reply) Flush() {
	if r.begin(); !r.lost {
		_ = http.NewResponseController(r.ResponseWriter).Flush()
	}
}

// Hijack takes the connection over; one whose reply is lost is cut.
func (r *reply) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.begin()
	conn, buffer, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil && r.lost {
		cut(conn)
	}
	return conn, buffer, err
}
