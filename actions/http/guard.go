package http

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// maxCall bounds the body in which the guard looks for what is called.
const maxCall = 1 << 20

// effect is what a request does. It reads by its method or by what the target lists
// under reads, below its base URL only. DELETE destroys, unless the target lists it
// under writes. Where another method or path is asked for than the request shows,
// it is a change.
func (c *client) effect(method string, u *url.URL, header nethttp.Header, body []byte) action.Effect {
	if other, asked := overridden(u, header, body); asked {
		if method == nethttp.MethodDelete || strings.EqualFold(other, nethttp.MethodDelete) {
			return action.Destructive
		}
		return action.Write
	}
	path, below := belowBase(c.base, u)
	below = below && header.Get("Host") == c.config.Headers["Host"].Reveal()
	switch method {
	case nethttp.MethodGet, nethttp.MethodHead, nethttp.MethodOptions:
		return action.Read
	case nethttp.MethodDelete:
		if below && slices.ContainsFunc(c.target.Writes, func(r action.RequestRule) bool { return r.Method == method && matches(r.Path, path) }) {
			return action.Write
		}
		return action.Destructive
	}
	if below && c.listed(method, path, u, header, body) {
		return action.Read
	}
	return action.Write
}

// overridden returns the method that is asked for in place of the request's own. A
// GraphQL document that is not plainly one of queries asks for one, too.
func overridden(u *url.URL, header nethttp.Header, body []byte) (method string, asked bool) {
	if method, asked = endpoint.Overridden(u, header, body); asked {
		return method, true
	}
	return "", mutates(u, header, body)
}

// mutates reports whether a request may hold a mutation of GraphQL: in the query of a
// URL where GraphQL is spoken what is not plainly a query, and elsewhere, as GraphQL may
// have any path, what looks like a mutation.
func mutates(u *url.URL, header nethttp.Header, body []byte) bool {
	values, err := url.ParseQuery(u.RawQuery)
	documents := values["query"]
	if isGraphQL(u) && u.RawQuery != "" && (err != nil || len(documents) > 1 || len(documents) == 1 && !isQuery(documents[0])) {
		return true
	}
	if strings.Contains(strings.ToLower(header.Get("Content-Type")), "graphql") {
		documents = append(documents, string(body))
	}
	onlyCalls(body, func(call map[string]any) bool {
		for name, value := range call {
			if document, ok := value.(string); ok && strings.EqualFold(name, "query") {
				documents = append(documents, document)
			}
		}
		return true
	})
	return slices.ContainsFunc(documents, looksLikeMutation.MatchString)
}

// isGraphQL reports whether by its name GraphQL is spoken at a URL, or below it.
func isGraphQL(u *url.URL) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(u.Path), "/"), func(segment string) bool {
		return segment == "gql" || strings.Contains(segment, "graphql")
	})
}

// listed reports whether the target lists a request under reads: as a whole, or by
// what its body calls.
func (c *client) listed(method, below string, u *url.URL, header nethttp.Header, body []byte) bool {
	var methods []string
	queries := false
	for _, r := range c.target.Reads {
		switch {
		case !matches(r.Path, below):
		case r.RPC != "":
			methods = append(methods, r.RPC)
		case r.GraphQL, strings.EqualFold(r.Method, method) && isGraphQL(u): // also where * stands for graphql
			queries = true
		case strings.EqualFold(r.Method, method):
			return true
		}
	}
	// Nothing beside the body may say what is called, and the server must read the
	// body as it is read here.
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	typed := header.Get("Content-Type") == "" || err == nil && kind == "application/json" && strings.EqualFold(cmp.Or(parameters["charset"], "utf-8"), "utf-8")
	if method != nethttp.MethodPost || !typed || u.RawQuery != c.base.RawQuery || len(body) > maxCall || !utf8.Valid(body) {
		return false
	}
	return onlyCalls(body, func(call map[string]any) bool {
		name, _ := call["method"].(string)
		return slices.Contains(methods, name)
	}) || queries && onlyCalls(body, isQueryCall)
}

// matches reports whether a path is that of a rule, in which * stands for one
// segment. A segment that a server may take for several matches none.
func matches(rule, path string) bool {
	want, have := strings.Split(rule, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(want, segment string) bool {
		if want != "*" {
			return want == segment
		}
		plain, err := url.PathUnescape(segment)
		return err == nil && strings.Trim(plain, ".") != "" && !strings.ContainsAny(plain, `/\;`)
	})
}

// isQueryCall reports whether the body of a GraphQL request asks for queries only;
// a name under which a server knows a document is not plainly one.
func isQueryCall(call map[string]any) bool {
	for key := range call {
		if !slices.Contains([]string{"query", "variables", "operationName"}, key) {
			return false
		}
	}
	document, _ := call["query"].(string)
	return isQuery(document)
}

// onlyCalls reports whether body is a JSON object, or a list of some, that all are.
func onlyCalls(body []byte, are func(map[string]any) bool) bool {
	calls := []json.RawMessage{body}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		calls = nil
		if json.Unmarshal(body, &calls) != nil || len(calls) == 0 {
			return false
		}
	}
	return !slices.ContainsFunc(calls, func(raw json.RawMessage) bool {
		call, ok := plainObject(raw)
		return !ok || !are(call)
	})
}

// plainObject returns the members of a JSON object. One that names a member twice,
// or in another case, is none: servers differ in what they take.
func plainObject(raw []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') || !json.Valid(raw) {
		return nil, false
	}
	members, seen := map[string]any{}, map[string]bool{}
	for d.More() {
		key, err := d.Token()
		var value any
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		name, _ := key.(string)
		if seen[strings.ToLower(name)] {
			return nil, false
		}
		seen[strings.ToLower(name)], members[name] = true, value
	}
	return members, true
}

// pass is the client layer of a dry run: it passes what is a read and refuses
// everything else before a byte is sent. It is given a copy of the request.
func (c *client) pass(req *nethttp.Request) error {
	if !c.dryRun {
		return nil
	}
	body, err := endpoint.Body(req)
	if err != nil {
		return err
	}
	if c.effect(req.Method, req.URL, req.Header, body) != action.Read {
		return action.RefusedInDryRun(req.Method + " " + shown(req.URL))
	}
	return nil
}
