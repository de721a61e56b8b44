// Package postgres has the actions that talk to a PostgreSQL server.
package postgres

import (
	"errors"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	URI      schema.Text    `yaml:"uri" doc:"Where the database is: postgres://user@host:5432/database, with ?sslmode=verify-full where TLS is a must; it may be a secret."`
	Password *schema.Secret `yaml:"password" doc:"The password, where it is not in uri."`
	endpoint.TLS
}

// Target is the kind of target that postgres actions talk to: one database of a server.
var Target = &action.TargetKind{
	Name:    "postgres",
	Summary: "A database of a PostgreSQL server, 13 or newer.",
	Config:  schema.Of(reflect.TypeFor[targetConfig]()),
	Parse:   parse,
	Check:   endpoint.CheckOf[targetConfig],
	Address: address,
}

var errURI = errors.New("its uri is no URL with a user, a host and a database, as postgres://ann@db.internal:5432/shop, with nothing behind but ?sslmode=")

// modes are those of sslmode.
var modes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// parse takes the password out of the URL, so that it is a secret like any other.
func parse(config map[string]any) (map[string]any, error) {
	text, _ := config["uri"].(string)
	if s, ok := config["uri"].(schema.Secret); ok {
		if text = s.Reveal(); text == "" {
			return config, nil
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Hostname() == "" || u.User.Username() == "" || u.Fragment != "" || strings.Trim(u.Path, "/") == "" {
		return nil, errURI // its cause would quote the password
	}
	for name, values := range u.Query() {
		if name != "sslmode" || len(values) != 1 || !slices.Contains(modes, values[0]) {
			return nil, errURI
		}
	}
	out := maps.Clone(config)
	if password, ok := u.User.Password(); ok && password != "" {
		out["password"] = schema.NewSecret("password of the uri", password)
	}
	u.User = url.User(u.User.Username())
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "5432")
	}
	out["uri"] = u.String()
	return out, nil
}

func address(config map[string]any) (string, []string) {
	if s, ok := config["uri"].(schema.Secret); ok && s.Reveal() == "" {
		return s.String(), nil
	}
	parsed, err := parse(config)
	if err != nil {
		return "postgres://…", endpoint.NotesOf(config)
	}
	text, _ := parsed["uri"].(string)
	u, err := url.Parse(text)
	if err != nil {
		return "postgres://…", nil
	}
	u.RawQuery = ""
	return u.String(), endpoint.NotesOf(config)
}
