// Package endpoint reaches servers that speak JSON over HTTP below one URL: it
// authenticates, lets a dry run send reads only, sends no change twice, and
// notes how far each request came, so that an error can say what is known.
//
// The families of actions for Prometheus and Alertmanager stand on it; what
// their requests mean is theirs.
package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"runbook/engine/schema"
)

// Config is what a target of such a server has in runbook.yaml.
type Config struct {
	URL      string                 `yaml:"url" doc:"The server's URL, with the path where it is served below one."`
	Username string                 `yaml:"username,omitempty" doc:"The user of basic authentication."`
	Password *schema.Secret         `yaml:"password" doc:"The password of basic authentication."`
	Token    *schema.Secret         `yaml:"token" doc:"A bearer token; it excludes username and password."`
	Headers  map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers of every request, as X-Scope-OrgID."`
}

// Address returns the URL of a configuration to show, without user, password
// and query, and no notes. It has the form of TargetKind.Address.
func Address(config map[string]any) (string, []string) {
	text, _ := config["url"].(string)
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", nil
	}
	return Shown(u), nil
}

// Shown returns a URL for people and logs: without user, password and query.
func Shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}).String()
}

// base returns the URL, or what is wrong with the configuration.
func (c *Config) base() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		// The text of the error holds the URL, which may hold a password.
		return nil, errors.New("url is no URL; write it as http://host:port")
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, fmt.Errorf("url %q is no absolute URL; it begins with http:// or https:// and a host", Shown(u))
	case u.User != nil:
		return nil, errors.New("url holds a user; write username, and password as {secret: name}")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("url %q has a query or a fragment; leave it out", Shown(u))
	case c.Token != nil && (c.Username != "" || c.Password != nil):
		return nil, errors.New("token excludes username and password; keep one of them")
	case (c.Username == "") != (c.Password == nil):
		return nil, errors.New("username and password belong together")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// credentials names what the server is shown, without secrets; "" is nothing.
func (c *Config) credentials() string {
	switch {
	case c.Token != nil:
		return "token " + c.Token.String()
	case c.Password != nil:
		return "user " + c.Username + " with " + c.Password.String()
	}
	return ""
}

func (c *Config) authenticate(req *http.Request) {
	for name, value := range c.Headers {
		req.Header.Set(name, value.Reveal())
	}
	if c.Token != nil {
		req.Header.Set("Authorization", "Bearer "+c.Token.Reveal())
	}
	if c.Password != nil {
		req.SetBasicAuth(c.Username, c.Password.Reveal())
	}
}

// overridesMethod reports whether the target's own headers ask for another
// method than a request shows.
func (c *Config) overridesMethod() bool {
	for name := range c.Headers {
		if isOverride(name) {
			return true
		}
	}
	return false
}
