//go:build unix

package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/lab"
	"runbook/lab/stub"
)

// recorderAt names the variable by which a recording program finds the recorder, and
// recordedTarget that of the target that it is started at.
const (
	recorderAt     = "EXAMPLE_RECORDER"
	recordedTarget = "EXAMPLE_TARGET"
)

// told is what a recording program says of itself, and answer what it does then.
type told struct {
	Target string
	Argv   []string
	Stdin  string
}

type answer struct {
	Stdout, Stderr string
	ExitCode       int
}

// answerAs is a recording program: it says how it was called, and does as it is told.
func answerAs(at string) int {
	in, _ := io.ReadAll(os.Stdin)
	argv := slices.Clone(os.Args)
	argv[0] = filepath.Base(argv[0])
	connection, err := net.Dial("unix", at)
	if err != nil {
		return 126
	}
	defer connection.Close()
	var a answer
	if json.NewEncoder(connection).Encode(told{os.Getenv(recordedTarget), argv, string(in)}) != nil || json.NewDecoder(connection).Decode(&a) != nil {
		return 126
	}
	_, _ = os.Stdout.WriteString(a.Stdout)
	_, _ = os.Stderr.WriteString(a.Stderr)
	return a.ExitCode
}

// seen is something that reached the recorder.
type seen struct {
	what     string
	change   bool
	answered bool
}

// recorder stands in place of all programs and in front of all servers of an example.
// Whether something is a change it decides by the protocol and by what the example's
// targets list as reads, without asking the engine.
type recorder struct {
	t     *testing.T
	lab   *lab.Lab
	stubs *stub.Set
	rules map[string]rules // by target
	dir   string

	mu    sync.Mutex
	all   []seen
	first chan struct{} // closed at the first change
}

func newRecorder(t *testing.T, l *lab.Lab, stubs *stub.Set) *recorder {
	t.Helper()
	dir, err := os.MkdirTemp("", "rec") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &recorder{t: t, lab: l, stubs: stubs, rules: map[string]rules{}, dir: dir, first: make(chan struct{})}
	listener := r.listen(r.socket())
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go r.program(connection)
		}
	}()
	return r
}

func (r *recorder) socket() string { return filepath.Join(r.dir, "s") }

func (r *recorder) listen(path string) net.Listener {
	r.t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func (r *recorder) note(s seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.change && len(r.changes()) == 0 {
		close(r.first)
	}
	r.all = append(r.all, s)
}

// changes are those that came so far; r.mu is held.
func (r *recorder) changes() (out []string) {
	for _, s := range r.all {
		if s.change {
			out = append(out, s.what)
		}
	}
	return out
}

// found are the changes that came, also those that the faces of the lab count, what
// nobody answered, and how much came in all.
func (r *recorder) found() (changes, unanswered []string, all int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changes = r.changes()
	for _, m := range r.lab.Mutations() {
		changes = append(changes, m.Target+" "+m.Name)
	}
	for _, s := range r.all {
		if !s.answered {
			unanswered = append(unanswered, s.what)
		}
	}
	return changes, unanswered, len(r.all)
}

// program answers a recording program.
func (r *recorder) program(connection net.Conn) {
	defer connection.Close()
	var q told
	if err := json.NewDecoder(connection).Decode(&q); err != nil {
		r.note(seen{what: "a program that said nothing: " + err.Error(), change: true})
		return
	}
	a, is := answer{ExitCode: 127, Stderr: "no stub answers " + words(q.Argv)}, r.stubs.Answer(action.Asked{Target: q.Target, Argv: q.Argv})
	if is != nil {
		is.Ends()
		a = answer{today(is.Stdout), today(is.Stderr), is.ExitCode}
	}
	r.note(seen{strings.TrimSpace(q.Target + ": " + words(q.Argv)), q.Stdin != "" || !r.rules[q.Target].program(q.Argv), is != nil})
	_ = json.NewEncoder(connection).Encode(a) // the program may have been ended
}

// server is a recording server in front of a face of the lab at an address.
func (r *recorder) server(target, kind, network, address string) http.Handler {
	face := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: "lab"})
			p.Out.Host = "lab"
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}, DisableKeepAlives: true},
		ErrorLog: log.New(io.Discard, "", 0), // a client that went away is none of it
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(body))
		full := *q.URL
		full.Scheme, full.Host = "http", q.Host
		is := r.stubs.Answer(action.Asked{Target: target, Method: q.Method, URL: full.String(), Shown: full.String()})
		r.note(seen{target + ": " + q.Method + " " + q.URL.RequestURI(), !r.rules[target].request(kind, q, body), true})
		if is == nil {
			face.ServeHTTP(w, q)
			return
		}
		is.Ends()
		for name, value := range is.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(is.Status)
		_, _ = w.Write([]byte(today(string(is.Body))))
	})
}

// serve starts a recording server, and returns its URL, or of a Docker engine its socket.
func (r *recorder) serve(target, kind, face string) string {
	if kind == "docker" {
		path := filepath.Join(r.dir, target)
		server := &http.Server{Handler: r.server(target, kind, "unix", strings.TrimPrefix(face, "unix://"))} //nolint:gosec // of a test
		listener := r.listen(path)
		go func() { _ = server.Serve(listener) }()
		r.t.Cleanup(func() { _ = server.Close() })
		return "unix://" + path
	}
	server := httptest.NewServer(r.server(target, kind, "tcp", face))
	r.t.Cleanup(server.Close)
	return server.URL
}

// elsewhere is a proxy for whatever goes past the targets: it is refused, and noted as
// a change, for nobody knows what it would have been.
func (r *recorder) elsewhere() string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		is := r.stubs.Answer(action.Asked{Method: q.Method, URL: q.URL.String(), Shown: q.URL.String()})
		r.note(seen{"elsewhere: " + q.Method + " " + q.URL.String(), q.Method != http.MethodGet, is != nil || q.Method == http.MethodConnect})
		if is == nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(is.Status)
		_, _ = w.Write([]byte(today(string(is.Body))))
	}))
	r.t.Cleanup(server.Close)
	return server.URL
}

// programs makes a folder in which each of these names is a recording program.
func (r *recorder) programs(names []string) string {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	dir := filepath.Join(r.dir, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			r.t.Fatal(err)
		}
	}
	return dir
}

// labDay is the day on which rehearsals are played, and days how dates are written.
var (
	labDay = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	days   = map[string]*regexp.Regexp{
		time.DateOnly:              regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`),
		"Jan _2 15:04:05 2006 MST": regexp.MustCompile(`\b[A-Z][a-z]{2} [ 0-3]\d \d\d:\d\d:\d\d 20\d\d GMT`),
	}
)

// today is what a stub answers with its dates as long ago as they are in a rehearsal:
// the program that is run here knows no other clock than the machine's.
func today(text string) string {
	passed := time.Since(labDay).Truncate(24 * time.Hour)
	for layout, is := range days {
		text = is.ReplaceAllStringFunc(text, func(date string) string {
			at, err := time.Parse(layout, date)
			if err != nil {
				return date
			}
			return at.Add(passed).Format(layout)
		})
	}
	return text
}

// rules are what a target lists as reads, as it is written.
type rules struct{ list []any }

// program reports whether a call of a program only reads.
func (r rules) program(argv []string) bool {
	return slices.ContainsFunc(r.list, func(rule any) bool {
		list, exact := rule, false
		if m, ok := rule.(map[string]any); ok {
			list, exact = m["argv"], m["exact"] == true
		}
		line, ok := list.([]any)
		if !ok || len(line) > len(argv) || exact && len(line) != len(argv) {
			return false
		}
		for i, word := range line {
			if word != "*" && word != argv[i] {
				return false
			}
		}
		return true
	})
}

// request reports whether a request only reads.
func (r rules) request(kind string, q *http.Request, body []byte) bool {
	switch {
	case q.Method == http.MethodGet, q.Method == http.MethodHead, q.Method == http.MethodOptions:
		return true
	case kind == "docker":
		return q.Method == http.MethodPost && strings.HasSuffix(q.URL.Path, "/wait")
	case kind == "prometheus":
		return q.Method == http.MethodPost && strings.HasPrefix(q.URL.Path, "/api/v1/")
	}
	return slices.ContainsFunc(r.list, func(rule any) bool {
		m, ok := rule.(map[string]any)
		if !ok {
			return rule == q.Method+" "+q.URL.Path
		}
		var call struct{ Method string }
		return m["path"] == q.URL.Path && json.Unmarshal(body, &call) == nil && call.Method != "" && m["rpc"] == call.Method
	})
}
