package service

import (
	"bytes"
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

// ServeAria2 serves aria2's /jsonrpc at address, behind g, until g is closed. It
// returns where it listens.
func ServeAria2(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	a := &aria2{m}
	mux := http.NewServeMux()
	mux.HandleFunc("/jsonrpc", a.serve)
	return g.Serve("tcp", address, gate.Taking(callTime, mux), classifyCalls)
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

// classifyCalls names a request after the method that it calls.
func classifyCalls(r *http.Request) (string, bool) {
	c, err := callOf(r)
	if err != nil {
		return r.Method + " " + r.URL.Path, false
	}
	return c.Method, methods()[c.Method].mutates
}

// callOf reads the call of a request, and leaves its body to be read again. That
// of a GET is ?method=aria2.getVersion&id=1.
func callOf(r *http.Request) (c call, err error) {
	if r.Method == http.MethodGet {
		c.Method = r.URL.Query().Get("method")
		c.ID, err = json.Marshal(r.URL.Query().Get("id"))
		return c, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, callLimit))
	if err != nil {
		return c, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return c, json.Unmarshal(body, &c)
}

func (a *aria2) serve(w http.ResponseWriter, r *http.Request) {
	c, err := callOf(r)
	if err != nil {
		a.write(w, http.StatusInternalServerError, answered{ID: json.RawMessage("null"), RPC: "2.0", Error: &fault{-32700, "Parse error."}})
		return
	}
	out, status := a.answer(c), http.StatusOK
	if out.Error != nil {
		status = http.StatusBadRequest
	}
	a.write(w, status, out)
}

func (a *aria2) write(w http.ResponseWriter, status int, body answered) {
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
