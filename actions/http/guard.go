package http

import (
	"bytes"
	"encoding/json"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// maxRPC bounds the body in which the guard looks for a JSON-RPC method.
const maxRPC = 1 << 20

// isRead reports whether a request is a read by its method or by the rules of
// its target, which hold below the target's base URL only. A header that asks
// the server for another method makes it a change.
func isRead(method string, u *url.URL, header nethttp.Header, body []byte, base *url.URL, reads []action.ReadRule) bool {
	if endpoint.OverridesMethod(header) || u != nil && u.Query().Has("_method") {
		return false
	}
	if method == nethttp.MethodGet || method == nethttp.MethodHead || method == nethttp.MethodOptions {
		return true
	}
	path, ok := belowBase(base, u)
	if !ok {
		return false
	}
	for _, rule := range reads {
		if rule.Method != "" && strings.EqualFold(rule.Method, method) && rule.Path == path {
			return true
		}
	}
	return method == nethttp.MethodPost && onlyReadCalls(body, reads)
}

// onlyReadCalls reports whether body is a JSON-RPC call, or a batch of calls,
// of methods that the rules list.
func onlyReadCalls(body []byte, reads []action.ReadRule) bool {
	if len(body) == 0 || len(body) > maxRPC || !slices.ContainsFunc(reads, func(r action.ReadRule) bool { return r.RPC != "" }) {
		return false
	}
	calls := []json.RawMessage{body}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		calls = nil
		if json.Unmarshal(body, &calls) != nil || len(calls) == 0 {
			return false
		}
	}
	for _, call := range calls {
		method, ok := rpcMethod(call)
		if !ok || !slices.ContainsFunc(reads, func(r action.ReadRule) bool { return r.RPC != "" && r.RPC == method }) {
			return false
		}
	}
	return true
}

// rpcMethod returns the method of a JSON-RPC call. A call that names it twice,
// or in another case, has none: servers differ in what they take.
func rpcMethod(call []byte) (method string, ok bool) {
	if !json.Valid(call) {
		return "", false
	}
	d := json.NewDecoder(bytes.NewReader(call))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return "", false
	}
	seen := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", false
		}
		var value any
		if d.Decode(&value) != nil {
			return "", false
		}
		if name, isText := key.(string); isText && strings.EqualFold(name, "method") {
			seen++
			method, ok = value.(string)
			ok = ok && name == "method"
		}
	}
	return method, ok && seen == 1
}
