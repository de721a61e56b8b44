// Package endpoint reaches servers that speak JSON over HTTP below one URL: it
// authenticates, lets a dry run send reads only, sends no change twice, and
// notes how far each request came, so that an error can say what is known.
//
// The families of actions for Prometheus and Alertmanager stand on it; what
// their requests mean is theirs.
package endpoint

import (
	"errors"
	"net/url"
	"strings"

	"runbook/engine/schema"
)

// Config is what a target of such a server has in runbook.yaml.
type Config struct {
	URL schema.Text `yaml:"url" doc:"The server's URL, with the path where it is served below one; it may be a secret."`
	Access
}

// Address returns the URL of a configuration to show, without user, password
// and query, and notes. It has the form of TargetKind.Address.
func Address(config map[string]any) (string, []string) { return AddressAt("url", config) }

// AddressAt is Address of a configuration that has the URL under key.
func AddressAt(key string, config map[string]any) (string, []string) {
	var notes []string
	if insecure, _ := config["insecure"].(bool); insecure {
		notes = append(notes, "certificate not checked")
	}
	text, _ := config[key].(string)
	secret, isSecret := config[key].(schema.Secret)
	if isSecret {
		text = secret.Reveal()
	}
	u, err := url.Parse(text)
	switch {
	case isSecret && text == "":
		return secret.String(), notes
	case err != nil || u.Host == "":
		return "", nil
	}
	return Shown(u, isSecret), notes
}

// Shown returns a URL for people and logs: without user, password and query. Of
// one that is a secret they see the host, as the rest may be what is secret.
func Shown(u *url.URL, secret bool) string {
	shown := &url.URL{Scheme: u.Scheme, Host: u.Host}
	if !secret {
		shown.Path = strings.TrimRight(u.Path, "/")
	}
	return shown.String()
}

// Parse looks, when the environment is loaded, whether the URL of a configuration is
// one that a request can go to. It has the form of TargetKind.Parse.
func Parse(config map[string]any) (map[string]any, error) {
	text, read := written(config["url"])
	if !read {
		return config, nil
	}
	c := Config{URL: text}
	if _, err := c.base(); err != nil {
		return nil, err
	}
	return config, nil
}

// ParseAt is Parse of a configuration that has the URL under key, and may have a query
// and a user in it.
func ParseAt(key string) func(map[string]any) (map[string]any, error) {
	return func(config map[string]any) (map[string]any, error) {
		if text, read := written(config[key]); read {
			if u, err := url.Parse(text.Reveal()); err != nil || !absolute(u) {
				return nil, errors.New(key + " is no absolute URL; it begins with http:// or https:// and a host")
			}
		}
		return config, nil
	}
}

// written is a text of a configuration, if it is one that was read already.
func written(value any) (text schema.Text, read bool) {
	switch v := value.(type) {
	case string:
		return schema.NewText(v), true
	case schema.Secret:
		return schema.SecretText(v), v.Reveal() != ""
	}
	return text, false
}

// absolute reports whether requests can go to a URL.
func absolute(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// base returns the URL, or what is wrong with it.
func (c *Config) base() (*url.URL, error) {
	u, err := url.Parse(c.URL.Reveal())
	switch {
	case err != nil:
		// The text of the error holds the URL, which may hold a password.
		return nil, errors.New("url is no URL; write it as http://host:port")
	case !absolute(u):
		return nil, errors.New("url is no absolute URL; it begins with http:// or https:// and a host")
	case u.User != nil:
		return nil, errors.New("url holds a user; write username, and password as {secret: name}")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("url has a query or a fragment; leave it out")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}
