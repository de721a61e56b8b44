package service

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// callTime is how long a call of a download client takes.
const callTime = 2 * time.Millisecond

// callLimit is how much of a request is read, in bytes.
const callLimit = 1 << 20

// aria2 is the JSON-RPC 2.0 interface of an aria2 1.37.
type aria2 struct{ model *model.Model }

// ServeAria2 serves aria2's /jsonrpc at address, behind g, until g is closed: one
// call by GET or POST, or a batch of them. It returns where it listens.
func ServeAria2(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	a := &aria2{m}
	mux := http.NewServeMux()
	mux.HandleFunc("/jsonrpc", a.serve)
	return g.Serve("tcp", address, mux, classifyCalls)
}

// call is one call of a method.
type call struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// fault is an error of a call; its codes are those of aria2.
type fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type answered struct {
	ID     json.RawMessage `json:"id"`
	RPC    string          `json:"jsonrpc"`
	Result any             `json:"result,omitempty"`
	Error  *fault          `json:"error,omitempty"`
}

// classifyCalls names a request after the methods that it calls.
func classifyCalls(r *http.Request) (string, bool) {
	calls, _, err := callsOf(r)
	if err != nil || len(calls) == 0 {
		return r.Method + " " + r.URL.Path, false
	}
	var names []string
	mutates := false
	for _, c := range calls {
		names = append(names, c.Method)
		m, ok := methods()[c.Method]
		mutates = mutates || ok && m.mutates
	}
	return strings.Join(names, ", "), mutates
}

// callsOf reads the calls of a request, and leaves its body to be read again.
func callsOf(r *http.Request) (calls []call, batch bool, err error) {
	if r.Method == http.MethodGet {
		c, err := queryCall(r)
		return []call{c}, false, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, callLimit))
	if err != nil {
		return nil, false, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("[")) {
		err = json.Unmarshal(body, &calls)
		return calls, true, err
	}
	var one call
	err = json.Unmarshal(body, &one)
	return []call{one}, false, err
}

// queryCall reads a call of a GET: ?method=aria2.tellStatus&id=1&params=BASE64.
func queryCall(r *http.Request) (call, error) {
	q := r.URL.Query()
	c := call{Method: q.Get("method")}
	if q.Has("id") {
		id, err := json.Marshal(q.Get("id"))
		if err != nil {
			return c, err
		}
		c.ID = id
	}
	if !q.Has("params") {
		return c, nil
	}
	// A + of base64 is read as a space unless it was escaped.
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(q.Get("params"), " ", "+"))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c.Params)
}

func (a *aria2) serve(w http.ResponseWriter, r *http.Request) {
	if gate.VisitOf(r).Pause(r.Context(), callTime) != nil {
		panic(http.ErrAbortHandler)
	}
	calls, batch, err := callsOf(r)
	if err != nil {
		a.write(w, http.StatusInternalServerError, answered{ID: json.RawMessage("null"), RPC: "2.0", Error: &fault{-32700, "Parse error."}})
		return
	}
	all := make([]answered, 0, len(calls))
	for _, c := range calls {
		all = append(all, a.answer(c))
	}
	if batch {
		a.write(w, http.StatusOK, all)
		return
	}
	status := http.StatusOK
	if all[0].Error != nil {
		status = http.StatusBadRequest
	}
	a.write(w, status, all[0])
}

func (a *aria2) write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json-rpc")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// answer makes one call.
func (a *aria2) answer(c call) answered {
	out := answered{ID: c.ID, RPC: "2.0"}
	if out.ID == nil {
		out.ID = json.RawMessage("null")
	}
	m, ok := methods()[c.Method]
	switch {
	case c.Method == "":
		out.Error = &fault{-32600, "Invalid Request."}
	case !ok:
		out.Error = &fault{1, "No such method: " + c.Method}
	default:
		a.model.Change(func(world *model.World) { out.Result, out.Error = m.call(world, withoutToken(c.Params)) })
	}
	return out
}

// withoutToken leaves out the secret that a call may begin with.
func withoutToken(params []json.RawMessage) []json.RawMessage {
	var first string
	if len(params) > 0 && json.Unmarshal(params[0], &first) == nil && strings.HasPrefix(first, "token:") {
		return params[1:]
	}
	return params
}
