package endpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"runbook/engine/schema"
)

// Access is what a target has beside its address: what the server is shown, and
// how it is reached. Every kind of target that speaks HTTP has these keys.
type Access struct {
	Username string                 `yaml:"username,omitempty" doc:"The user of basic authentication."`
	Password *schema.Secret         `yaml:"password" doc:"The password of basic authentication."`
	Token    *schema.Secret         `yaml:"token" doc:"A bearer token; it excludes username and password."`
	Headers  map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers of every request, as X-Scope-OrgID; never sent to another host."`
	TLS
	Proxy   schema.Text    `yaml:"proxy,omitempty" doc:"The URL of the proxy that requests go through, or none; without it the variables of the process decide, as HTTPS_PROXY."`
	Timeout *time.Duration `yaml:"timeout" min:"1ms" max:"1h" doc:"How long one request may take; without it what the action says."`
}

// check says what of it does not go together.
func (a *Access) check() error {
	switch {
	case a.Token != nil && (a.Username != "" || a.Password != nil):
		return errors.New("token excludes username and password; keep one of them")
	case (a.Username == "") != (a.Password == nil):
		return errors.New("username and password belong together")
	case a.Token != nil && controls(a.Token.Reveal()):
		return errors.New("token holds a line break or another control character; take it out")
	}
	return CheckHeaders(a.Headers)
}

// CheckHeaders says which of the headers cannot be sent, by its name alone.
func CheckHeaders(headers map[string]schema.Text) error {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if name == "" || strings.ContainsFunc(name, notInNames) {
			return fmt.Errorf("%q is no name of a header; write letters, digits and dashes", name)
		}
		if controls(headers[name].Reveal()) {
			return fmt.Errorf("header %s holds a line break or another control character; take it out", name)
		}
	}
	return nil
}

// notInNames reports whether no name of a header has r (RFC 9110, 5.6.2).
func notInNames(r rune) bool {
	return r >= 0x7f || r <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// controls reports whether a value holds what none of a header may.
func controls(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// Credentials names what the server is shown, without secrets; "" is nothing.
func (a *Access) Credentials() string {
	switch {
	case a.Token != nil:
		return "token " + a.Token.String()
	case a.Password != nil:
		return "user " + a.Username + " with " + a.Password.String()
	}
	return ""
}

// Authenticate adds the headers of the target to those of a request.
func (a *Access) Authenticate(to http.Header) {
	for name, value := range a.Headers {
		to.Set(name, value.Reveal())
	}
	if a.Token != nil {
		to.Set("Authorization", "Bearer "+a.Token.Reveal())
	}
	if a.Password != nil {
		to.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Password.Reveal())))
	}
}

// Limit is how long a request may take of which its action says usual.
func (a *Access) Limit(usual time.Duration) time.Duration {
	if a.Timeout != nil {
		return *a.Timeout
	}
	return usual
}

// Check says what of it cannot work. It reads the files, and opens no connection.
func (a Access) Check() error {
	_, err := a.transport()
	return err
}

// transport is one that reaches a server so. It opens no connection.
func (a *Access) transport() (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	var err error
	if t.TLSClientConfig, err = a.TLS.Config(); err != nil {
		return nil, err
	}
	switch text := a.Proxy.Reveal(); text {
	case "":
	case "none":
		t.Proxy = nil
	default:
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, errors.New("proxy is no URL; write it as http://host:port, or none") // its cause would quote a password
		}
		t.Proxy = http.ProxyURL(u)
	}
	return t, nil
}
