package endpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/action"
)

// overrides are the headers by which a request asks a server for another method
// or another path than it shows.
var overrides = []string{
	"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Original-URL", "X-Rewrite-URL", "_method",
}

// Override returns what a header asks the server for in place of the method or the
// path that the request shows, if one does: the request tells nothing of what it does
// then. Servers of CGI take _ and - in a name for the same.
func Override(header http.Header) (asked string, ok bool) {
	folded := strings.NewReplacer("_", "-")
	for name, values := range header {
		if slices.ContainsFunc(overrides, func(known string) bool {
			return strings.EqualFold(folded.Replace(name), folded.Replace(known))
		}) {
			return strings.Join(values, ","), true
		}
	}
	return "", false
}

// A parameter that asks for another method, and its value, as servers read it: some
// part a query at ; or end a name at NUL, and PHP takes .method for _method.
// payment_method is another.
var (
	asksForMethod = regexp.MustCompile(`(?i)(?:^|\W)[_.]method(?:$|\W+(\w*))`)
	percent       = regexp.MustCompile(`(?i)%[0-9a-f]{2}`)
)

// Overridden returns the method that is asked for in place of a request's own, by a
// header, by the query, in a form or in JSON, if one is.
func Overridden(u *url.URL, header http.Header, body []byte) (method string, asked bool) {
	if method, asked = Override(header); asked {
		return method, true
	}
	if method, asked = methodIn(u.RawQuery); asked {
		return method, true
	}
	kind := strings.ToLower(header.Get("Content-Type"))
	members := map[string]json.RawMessage{}
	switch {
	case strings.Contains(kind, "form"):
		method, asked = methodIn(string(body))
		_, err := url.ParseQuery(string(body))
		return method, asked || err != nil
	case json.Unmarshal(body, &members) == nil:
		for name, value := range members {
			if other, found := methodIn(name + "=" + string(value)); found && asksForMethod.MatchString(name) {
				method, asked = cmp.Or(method, other), true
			}
		}
	case strings.Contains(kind, "json"):
		return methodIn(string(body))
	}
	return method, asked
}

// methodIn looks for a method that is asked for in a text as it is and unescaped;
// DELETE goes before any other.
func methodIn(text string) (method string, asked bool) {
	plain := percent.ReplaceAllStringFunc(text, func(escaped string) string {
		unescaped, _ := url.PathUnescape(escaped)
		return unescaped
	})
	for _, found := range append(asksForMethod.FindAllStringSubmatch(text, -1), asksForMethod.FindAllStringSubmatch(plain, -1)...) {
		if !strings.EqualFold(method, http.MethodDelete) {
			method, asked = found[1], true
		}
	}
	return method, asked
}

// Body returns the body of a request that is about to be sent, and leaves it there.
func Body(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, action.NotApplied(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
