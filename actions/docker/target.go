package docker

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// Target is the kind of target that is a Docker engine. Locally it is the
// engine's own socket; $DOCKER_HOST is not read.
var Target = &action.TargetKind{
	Name:    "docker",
	Summary: "A Docker engine, by its socket or over TCP.",
	Config: schema.ObjectOf(
		schema.Field{Name: "host", Type: schema.StringType, Default: client.DefaultDockerHost,
			Doc: "Address of the engine: unix:///path, tcp://host:port or, on Windows, npipe:////./pipe/name."},
		schema.Field{Name: "project", Type: schema.StringType, Default: "",
			Doc: "Compose project outside of which no container is found; empty: all of the engine."},
		schema.Field{Name: "tls_ca", Type: schema.StringType, Default: "",
			Doc: "File of the authority that signed the engine's certificate; turns TLS on."},
		schema.Field{Name: "tls_cert", Type: schema.StringType, Default: "", Doc: "File of the client's certificate."},
		schema.Field{Name: "tls_key", Type: schema.StringType, Default: "", Doc: "File of the client's key."},
	),
	Local:   map[string]any{"host": client.DefaultDockerHost},
	Address: address,
}

func address(config map[string]any) (string, []string) {
	s := settingsOf(config)
	shown := s.host
	if u, err := url.Parse(s.host); err == nil && u.User != nil {
		u.User = url.User(u.User.Username())
		shown = u.String()
	}
	if s.project == "" {
		return shown, nil
	}
	return shown, []string{"project " + s.project}
}

type settings struct{ host, project, ca, cert, key string }

func settingsOf(config map[string]any) settings {
	text := func(key string) string { s, _ := config[key].(string); return s }
	s := settings{host: text("host"), project: text("project"), ca: text("tls_ca"), cert: text("tls_cert"), key: text("tls_key")}
	if s.host == "" {
		s.host = client.DefaultDockerHost
	}
	return s
}

func (s settings) tls() bool { return s.ca != "" || s.cert != "" || s.key != "" }

func (s settings) check() error {
	scheme, _, ok := strings.Cut(s.host, "://")
	if !ok {
		return fmt.Errorf("%q is no address of an engine: it has no scheme", s.host)
	}
	switch scheme {
	case "unix", "npipe", "tcp":
		return nil
	case "ssh":
		return fmt.Errorf("ssh is not supported; forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, and use unix:///tmp/docker.sock")
	}
	return fmt.Errorf("%q is no address of an engine: use unix://, tcp:// or npipe://", s.host)
}
