package http

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

var secretQuery = regexp.MustCompile(`(?i)(token|secret|passw|passwd|api_?key|signature|credential|^key$|^sig$|^auth$|^pwd$)`)

// destination is where a request goes: its URL, and how people see it.
type destination struct {
	*url.URL
	shown  string
	secret bool // the URL is, but for the host
}

// at is what the parameters of every request say of its address.
type at struct {
	URL   schema.Text    `yaml:"url,omitempty" place:"url" doc:"An absolute URL; it may be a secret. Exactly one of url and path is given."`
	Path  schema.Text    `yaml:"path,omitempty" place:"path" doc:"A path below the target's base URL, with its query."`
	Query map[string]any `yaml:"query,omitempty" secret:"accept" doc:"What is added to the query: texts, numbers, or lists of them for a name that is repeated."`
}

// given is the url or the path.
func (p at) given() schema.Text {
	if p.URL.Reveal() != "" {
		return p.URL
	}
	return p.Path
}

// destination is made of the url of a request, or of its path below the base.
func (c *client) destination(p at) (destination, error) {
	whole, path := p.URL.Reveal() != "", p.Path.Reveal() != ""
	switch {
	case whole && path:
		return destination{}, errors.New("url and path exclude each other; keep one of them")
	case !whole && !path:
		return destination{}, errors.New("the request has no url and no path; it needs one of them")
	case path && c.base == nil:
		return destination{}, fmt.Errorf("path %q has nothing to be joined to: the target has no base_url", showText(p.Path))
	}
	query, err := encodeQuery(p.Query)
	if err != nil {
		return destination{}, err
	}
	a := destination{secret: p.given().IsSecret() || path && c.config.BaseURL.IsSecret()}
	if whole {
		a.URL, err = absolute("url", p.URL)
	} else {
		a.URL, err = below(c.base, p.Path)
	}
	if err != nil {
		return destination{}, err
	}
	a.RawQuery = joinQuery(a.RawQuery, query)
	if a.shown = shown(a.URL); a.secret {
		a.shown = c.shownBeside(a.URL, p)
	}
	if schema.HoldsSecret(p.Query) {
		a.shown, _, _ = strings.Cut(a.shown, "?")
		a.shown += "?…"
	}
	return a, nil
}

// shownBeside shows an address with the names of the secrets in it.
func (c *client) shownBeside(u *url.URL, p at) string {
	known := endpoint.Shown(u, true) + "/"
	switch {
	case p.URL.Reveal() != "":
		return known + p.URL.String()
	case c.config.BaseURL.IsSecret():
		known += c.config.BaseURL.String() + "/"
	default:
		known = endpoint.Shown(c.base, false) + "/"
	}
	return known + strings.TrimLeft(showText(p.Path), "/")
}

// encodeQuery encodes the values of the parameter query, by their names in order.
func encodeQuery(query map[string]any) (string, error) {
	values := url.Values{}
	for name, v := range query {
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, item := range list {
			switch x := item.(type) {
			case nil, []any, map[string]any:
				return "", fmt.Errorf("query: %s is no text or number", name)
			case schema.Secret:
				values.Add(name, x.Reveal())
			default:
				values.Add(name, schema.TextOf(x))
			}
		}
	}
	return strings.ReplaceAll(values.Encode(), "+", "%20"), nil
}

// below is the URL of a path below a base.
func below(base *url.URL, path schema.Text) (*url.URL, error) {
	u, err := url.Parse("/" + strings.TrimLeft(path.Reveal(), "/"))
	if err != nil { // its text quotes a part of the path
		return nil, fmt.Errorf("path %q is no path of a URL", showText(path))
	}
	joined := *base
	joined.Path, joined.RawPath, joined.Fragment = strings.TrimRight(base.Path, "/")+u.Path, "", ""
	if base.RawPath != "" || u.RawPath != "" {
		joined.RawPath = strings.TrimRight(base.EscapedPath(), "/") + u.EscapedPath()
	}
	joined.RawQuery = joinQuery(base.RawQuery, u.RawQuery)
	return &joined, nil
}

// joinQuery keeps the query of the base URL, as a key that every request needs,
// before that of the path. A blank in it would end the request line.
func joinQuery(base, own string) string {
	both := strings.Trim(base+"&"+own, "&")
	return strings.ReplaceAll(both, " ", "%20")
}

func absolute(name string, text schema.Text) (*url.URL, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%s %q is no absolute URL; it begins with http:// or https:// and a host", name, showText(text))
	}
	u.RawQuery = joinQuery("", u.RawQuery)
	return u, nil
}

func sameOrigin(a, b *url.URL) bool {
	return a != nil && b != nil && a.Scheme == b.Scheme && action.HostPort(a) == action.HostPort(b)
}

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
// Expressions in it stay as they are written.
func showURL(raw string) string {
	var written []string
	raw = expression.ReplaceAllStringFunc(raw, func(e string) string {
		name := fmt.Sprintf("~%d~", len(written)/2) // which a URL holds as it is
		written = append(written, name, e)
		return name
	})
	return strings.NewReplacer(written...).Replace(showPlain(raw))
}

var expression = regexp.MustCompile(`\$\{\{.*?\}\}`)

func showPlain(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" { // ann:password@host is read as a scheme and what it says
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
