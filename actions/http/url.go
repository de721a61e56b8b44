package http

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"runbook/engine/schema"
)

var secretQuery = regexp.MustCompile(`(?i)(token|secret|passw|passwd|api_?key|signature|credential|^key$|^sig$|^auth$|^pwd$)`)

// resolve gives the URL of a request from its url or its path below base.
func resolve(base *url.URL, rawURL, path string) (*url.URL, error) {
	switch {
	case rawURL != "" && path != "":
		return nil, errors.New("url and path exclude each other; keep one of them")
	case rawURL == "" && path == "":
		return nil, errors.New("the request has no url and no path; it needs one of them")
	case rawURL != "":
		return absolute("url", schema.NewText(rawURL))
	case base == nil:
		return nil, fmt.Errorf("path %q has nothing to be joined to: the target has no base_url", showURL(path))
	}
	below, err := url.Parse("/" + strings.TrimLeft(path, "/"))
	if err != nil {
		return nil, fmt.Errorf("path %q is no path of a URL: %w", showURL(path), unwrapURL(err))
	}
	u := *base
	u.Path = strings.TrimRight(base.Path, "/") + below.Path
	u.RawPath = ""
	if base.RawPath != "" || below.RawPath != "" {
		u.RawPath = strings.TrimRight(base.EscapedPath(), "/") + below.EscapedPath()
	}
	u.RawQuery = joinQuery(base.RawQuery, below.RawQuery)
	u.Fragment = ""
	return &u, nil
}

// joinQuery keeps the query of the base URL, as a key that every request needs,
// before that of the path. A blank in it would end the request line.
func joinQuery(base, own string) string {
	both := strings.Trim(base+"&"+own, "&")
	return strings.ReplaceAll(both, " ", "%20")
}

func absolute(name string, text schema.Text) (*url.URL, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%s %q is no URL: %w", name, showText(text), unwrapURL(err))
	}
	u.RawQuery = joinQuery("", u.RawQuery)
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%s %q is no absolute URL; it begins with http:// or https:// and a host", name, showText(text))
	}
	return u, nil
}

// unwrapURL drops the text of the URL, which may hold a password, from an error
// of net/url.
func unwrapURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func sameOrigin(a, b *url.URL) bool {
	return a != nil && b != nil && a.Scheme == b.Scheme && a.Hostname() == b.Hostname() && port(a) == port(b)
}

func port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

func hostPort(u *url.URL) string { return net.JoinHostPort(u.Hostname(), port(u)) }

// belowBase returns the path of u relative to base's, if u is under base.
func belowBase(base, u *url.URL) (string, bool) {
	if !sameOrigin(base, u) {
		return "", false
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimRight(base.EscapedPath(), "/"))
	return path, ok && strings.HasPrefix(path, "/")
}

// showText is showURL of a text, or the name of the secret that it is.
func showText(text schema.Text) string {
	if text.IsSecret() {
		return text.String()
	}
	return showURL(text.String())
}

// showURL returns a URL or path for people: without user, password and
// fragment, and without the values of queries that by their name are secrets.
func showURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		raw, _, _ = strings.Cut(raw, "?")
		if at := strings.LastIndex(raw, "@"); at >= 0 {
			raw = raw[at+1:]
		}
		return raw
	}
	return shown(u)
}

func shown(u *url.URL) string {
	c := *u
	c.User, c.Fragment, c.RawFragment = nil, "", ""
	c.RawQuery = showQuery(u.RawQuery)
	return c.String()
}

func showQuery(raw string) string {
	if raw == "" {
		return ""
	}
	parts := strings.Split(raw, "&")
	for i, part := range parts {
		key, _, has := strings.Cut(part, "=")
		name, err := url.QueryUnescape(key)
		if has && (err != nil || secretQuery.MatchString(name)) {
			parts[i] = key + "=…"
		}
	}
	return strings.Join(parts, "&")
}
