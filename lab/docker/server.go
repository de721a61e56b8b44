package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// The engine that the lab shows.
const (
	engineVersion = "20.10.24"
	apiVersion    = "1.41"
	minAPIVersion = "1.24"
)

// Server is an engine that runs.
type Server struct {
	model   *model.Model
	gate    *gate.Gate
	address net.Addr
	mux     *http.ServeMux
	watch   *watch
	execs   execs

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	mu     sync.Mutex
	closed bool
}

// Serve serves the engine of m behind g at an address of a network, "unix" or
// "tcp", until Close.
func Serve(m *model.Model, g *gate.Gate, network, address string) (*Server, error) {
	s := &Server{model: m, gate: g, mux: http.NewServeMux(), watch: newWatch()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for pattern, serve := range s.routes() {
		s.mux.HandleFunc(pattern, answer(serve))
	}
	s.mux.HandleFunc("/", answer(func(http.ResponseWriter, *http.Request) error {
		return failure{http.StatusNotFound, "page not found"}
	}))
	at, err := g.Serve(network, address, http.HandlerFunc(s.serve), s.classify)
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("serve the engine: %w", err)
	}
	s.address = at
	m.Watch(s.watch.wake)
	return s, nil
}

// Addr is where it listens: a path, or host:port.
func (s *Server) Addr() string { return s.address.String() }

// Close ends it and waits until nothing of it runs.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.watch.wake(nil)
	s.gate.Close()
	s.work.Wait()
}

// begin counts something that runs until work.Done; false after Close.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Add(1)
	}
	return !s.closed
}

// handler answers a request. What it returns becomes the engine's answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// failure is an answer that refuses.
type failure struct {
	status  int
	message string
}

// Error is the engine's message.
func (f failure) Error() string { return f.message }

// errGone says that the client went away, or the lab ended.
var errGone = errors.New("the client has gone")

func (s *Server) routes() map[string]handler {
	return map[string]handler{
		"GET /_ping": s.ping, "GET /version": s.version, "GET /events": s.events,
		"GET /info": s.tells(10*time.Millisecond, info), "GET /system/df": s.tells(150*time.Millisecond, diskUsage),

		"GET /containers/json": s.list, "GET /containers/{id}/json": s.tells(2*time.Millisecond, of(s.inspect)),
		"GET /containers/{id}/stats": s.stats, "GET /containers/{id}/logs": s.logs,
		"GET /containers/{id}/top": s.tells(15*time.Millisecond, of(top)), "GET /containers/{id}/changes": s.tells(10*time.Millisecond, of(changes)),
		"POST /containers/{id}/start": s.does(startTime, of(s.start)), "POST /containers/{id}/stop": s.stop, "POST /containers/{id}/restart": s.restart,
		"POST /containers/{id}/kill": s.does(pauseTime, s.kill), "POST /containers/{id}/pause": s.does(pauseTime, of(pause)),
		"POST /containers/{id}/unpause": s.does(pauseTime, of(unpause)), "POST /containers/{id}/rename": s.does(pauseTime, of(rename)),
		"POST /containers/{id}/update": s.update, "POST /containers/{id}/wait": s.wait,
		"POST /containers/{id}/attach": s.attach, "POST /containers/{id}/resize": s.resize, "POST /containers/{id}/exec": s.execCreate,
		"HEAD /containers/{id}/archive": s.archive, "GET /containers/{id}/archive": s.archive, "PUT /containers/{id}/archive": s.archive,
		"POST /containers/create": s.create, "POST /containers/prune": s.does(removeTime, s.pruneContainers),
		"DELETE /containers/{id}": s.does(removeTime, of(s.remove)),

		"POST /exec/{id}/start": s.execStart, "GET /exec/{id}/json": s.execInspect, "POST /exec/{id}/resize": s.resize,

		"GET /images/json": s.tells(3*time.Millisecond, images), "GET /images/{name...}": s.tells(3*time.Millisecond, image),
		"GET /images/get": s.save, "POST /images/create": s.pull, "POST /images/{name}/tag": s.creates(pauseTime, tagImage), "POST /commit": s.commit,
		"POST /images/{host}/{name}/tag": s.creates(pauseTime, tagImage),
		"DELETE /images/{name...}":       s.does(removeTime, removeImage),
		"POST /images/prune":             s.does(2*time.Second, pruneImages), "POST /build/prune": s.does(500*time.Millisecond, pruneBuilds),

		"GET /networks": s.tells(2*time.Millisecond, networks), "GET /networks/{id}": s.tells(2*time.Millisecond, networkDetails),
		"POST /networks/{id}/connect": s.connect, "POST /networks/{id}/disconnect": s.disconnect,
		"POST /networks/prune": s.tells(2*time.Millisecond, pruneNetworks),
		"GET /volumes":         s.tells(2*time.Millisecond, volumes), "GET /volumes/{name}": s.tells(2*time.Millisecond, volumeDetails),
	}
}

// errand is what a request asks of the world, and the body of its answer; nil for
// none.
type errand func(*model.World, *http.Request) (any, error)

// of is an errand about the container of a request.
func of(do func(*model.World, *model.Container, *http.Request) (any, error)) errand {
	return func(w *model.World, r *http.Request) (any, error) {
		c, err := find(w, r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		return do(w, c, r)
	}
}

// tells answers what is read of the world, while its client waits for it.
func (s *Server) tells(took time.Duration, read errand) handler {
	return s.handles(s.model.Look, read, func(r *http.Request) error { return s.take(r, took) })
}

// does changes the world; that goes on when its client has gone.
func (s *Server) does(took time.Duration, change errand) handler {
	return s.handles(s.model.Change, change, func(r *http.Request) error { return s.insist(r, took) })
}

// creates is does, answered with 201 and no body.
func (s *Server) creates(took time.Duration, change errand) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var err error
		s.model.Change(func(world *model.World) { _, err = change(world, r) })
		if err == nil {
			err = s.insist(r, took)
		}
		if err == nil {
			w.WriteHeader(http.StatusCreated)
		}
		return err
	}
}

func (s *Server) handles(visit func(func(*model.World)), do errand, pass func(*http.Request) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body any
		var err error
		visit(func(world *model.World) { body, err = do(world, r) })
		if err == nil {
			err = pass(r)
		}
		switch {
		case err != nil:
			return err
		case body == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			reply(w, http.StatusOK, body)
		}
		return nil
	}
}

var versionPath = regexp.MustCompile(`^/v(\d+)\.(\d+)(/.*)$`)

// serve takes the version off the path, as every request may have one.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		panic(http.ErrAbortHandler)
	}
	defer s.work.Done()
	h := w.Header()
	h.Set("Api-Version", apiVersion)
	h.Set("Docker-Experimental", "false")
	h.Set("Ostype", "linux")
	h.Set("Server", "Docker/"+engineVersion+" (linux)")
	if v := versionPath.FindStringSubmatch(r.URL.Path); v != nil {
		if err := checkVersion(v[1], v[2]); err != nil {
			refuse(w, *err)
			return
		}
		r.URL.Path, r.URL.RawPath = v[3], ""
	}
	s.mux.ServeHTTP(w, r)
}

// checkVersion refuses a version of the API that the engine does not speak.
func checkVersion(major, minor string) *failure {
	asked := "client version " + major + "." + minor
	n, err := strconv.Atoi(minor)
	switch {
	case major == "0" || major == "1" && err == nil && n < 24:
		return &failure{http.StatusBadRequest, asked + " is too old. Minimum supported API version is " + minAPIVersion + ", please upgrade your client to a newer version"}
	case major != "1" || err != nil || n > 41:
		return &failure{http.StatusBadRequest, asked + " is too new. Maximum supported API version is " + apiVersion}
	}
	return nil
}

// answer writes what a handler refuses.
func answer(serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		var refused failure
		switch {
		case err == nil:
		case errors.As(err, &refused):
			refuse(w, refused)
		default:
			panic(http.ErrAbortHandler)
		}
	}
}

func refuse(w http.ResponseWriter, f failure) {
	if f.status == http.StatusNotModified {
		w.WriteHeader(f.status)
		return
	}
	reply(w, f.status, map[string]string{"message": f.message})
}

// reply writes body as JSON. A client that is gone is no fault of the engine.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// send goes on with a reply that has begun, by body as JSON; it is false once
// nobody takes it any more.
func send(out *json.Encoder, body any) bool { return out.Encode(body) == nil }

// take lets the time pass that a request takes while its client waits for it.
func (s *Server) take(r *http.Request, d time.Duration) error {
	if gate.VisitOf(r).Pause(r.Context(), d) != nil {
		return errGone
	}
	return nil
}

// insist lets the time pass of what goes on also when the client has gone.
func (s *Server) insist(r *http.Request, d time.Duration) error {
	if gate.VisitOf(r).Pause(s.ctx, d) != nil {
		return errGone
	}
	return nil
}

// decode reads the body of a request.
func decode(r *http.Request, to any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 4<<20)).Decode(to); err != nil {
		return failure{http.StatusBadRequest, "invalid JSON: " + err.Error()}
	}
	return nil
}

// flag is a parameter that is true as the engine reads it.
func flag(r *http.Request, name string) bool {
	switch strings.ToLower(strings.TrimSpace(r.FormValue(name))) {
	case "", "0", "no", "false", "none":
		return false
	}
	return true
}

var containerPath = regexp.MustCompile(`^/containers/([^/]+)(/.*)?$`)

// classify names a request by the name of its container, and says whether it
// changes what others see.
func (s *Server) classify(r *http.Request) (string, bool) {
	path := r.URL.Path
	if v := versionPath.FindStringSubmatch(path); v != nil {
		path = v[3]
	}
	mutates := r.Method != http.MethodGet && r.Method != http.MethodHead
	if strings.HasPrefix(path, "/exec/") {
		return r.Method + " " + s.execPath(path), mutates && strings.HasSuffix(path, "/start")
	}
	m := containerPath.FindStringSubmatch(path)
	if m == nil || m[2] == "" && r.Method != http.MethodDelete {
		return r.Method + " " + path, mutates
	}
	switch m[2] {
	case "/wait", "/exec", "/attach", "/resize":
		mutates = false
	}
	s.model.Look(func(w *model.World) {
		if c, err := find(w, m[1]); err == nil {
			path = "/containers/" + c.Name + m[2]
		}
	})
	return r.Method + " " + path, mutates
}
