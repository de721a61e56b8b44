// Package server is a Redis server, or a Sentinel, as the actions see it: its address, its
// client, what is a read, and what its answers mean.
package server

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	Address  schema.Text    `yaml:"address" doc:"Host and port, as 127.0.0.1:6379, or a URL: redis://user:password@host:6379/0, rediss:// for TLS; it may be a secret."`
	Username string         `yaml:"username,omitempty" doc:"The user; without one the user default."`
	Password *schema.Secret `yaml:"password" doc:"The password."`
	DB       int            `yaml:"db" default:"0" min:"0" max:"1048576" doc:"The number of the database."`
	ByTLS    bool           `yaml:"tls" default:"false" doc:"Whether to connect by TLS; rediss:// and each of the keys below say so too."`
	endpoint.TLS
}

// Target is the kind of target that redis actions talk to: one server.
var Target = &action.TargetKind{
	Name:    "redis",
	Summary: "A Redis server, 6.0 or newer.",
	Config:  schema.Of(reflect.TypeFor[targetConfig]()),
	Local:   map[string]any{"address": "127.0.0.1:6379"},
	Parse:   parse,
	Check:   endpoint.CheckOf[targetConfig],
	Address: address,
}

type sentinelConfig struct {
	Address  schema.Text    `yaml:"address" doc:"Host and port, as 127.0.0.1:26379, or a URL: redis://user:password@host:26379, rediss:// for TLS; it may be a secret."`
	Username string         `yaml:"username,omitempty" doc:"The user; without one the user default."`
	Password *schema.Secret `yaml:"password" doc:"The password of the Sentinel, which need not be that of its servers."`
	ByTLS    bool           `yaml:"tls" default:"false" doc:"Whether to connect by TLS; rediss:// and each of the keys below say so too."`
	endpoint.TLS
}

// SentinelTarget is the kind of target that sentinel actions talk to: one Sentinel.
var SentinelTarget = &action.TargetKind{
	Name:    "sentinel",
	Summary: "One Redis Sentinel, 6.0 or newer: it watches Redis servers, and names another master when one is gone.",
	Config:  schema.Of(reflect.TypeFor[sentinelConfig]()),
	Parse:   parse,
	Check:   endpoint.CheckOf[sentinelConfig],
	Address: address,
}

var errAddress = errors.New("its address is neither host:port, as 127.0.0.1:6379, nor a URL without a query, as redis://user@host:6379/0")

// isAddress reports whether text is a host and the number of a port, and nothing behind
// them in which a password may stand: it is shown.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(text, "@/?{ \t\r\n") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// parse takes a URL apart, so that its password is a secret like any other.
func parse(config map[string]any) (map[string]any, error) {
	text, _ := config["address"].(string)
	if s, ok := config["address"].(schema.Secret); ok {
		if text = s.Reveal(); text == "" {
			return config, nil
		}
	}
	out := maps.Clone(config)
	out["address"] = text
	if !strings.Contains(text, "://") {
		if !isAddress(text) {
			return nil, errAddress
		}
		return out, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errAddress // its cause would quote the password
	}
	at := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	if !isAddress(at) {
		return nil, errAddress
	}
	out["address"] = at
	if u.Scheme == "rediss" {
		out["tls"] = true
	}
	if name := u.User.Username(); name != "" {
		out["username"] = name
	}
	if password, ok := u.User.Password(); ok && password != "" {
		out["password"] = schema.NewSecret("password of the address", password)
	}
	if db := strings.Trim(u.Path, "/"); db != "" {
		if out["db"], err = strconv.Atoi(db); err != nil {
			return nil, errAddress
		}
	}
	return out, nil
}

func address(config map[string]any) (string, []string) {
	text, _ := config["address"].(string)
	var notes []string
	if db, _ := config["db"].(int); db != 0 {
		notes = append(notes, fmt.Sprintf("db %d", db))
	}
	return text, append(notes, endpoint.NotesOf(config)...)
}
