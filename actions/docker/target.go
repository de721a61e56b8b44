package docker

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	Host    string `yaml:"host" doc:"Address of the engine: unix:///path, tcp://host:port or, on Windows, npipe:////./pipe/name. With a key of TLS tcp:// is by TLS."`
	Project string `yaml:"project" default:"" doc:"Compose project outside of which no container is found; empty: all of the engine."`
	endpoint.TLS
}

// Target is the kind of target that is a Docker engine. Locally it is the
// engine that Docker's command line uses.
var Target = &action.TargetKind{
	Name:    "docker",
	Summary: "A Docker engine, by its socket or over TCP.",
	Config:  configType(),
	Former:  map[string]string{"tls_ca": "ca_file", "tls_cert": "client_cert", "tls_key": "client_key"},
	Local:   map[string]any{"host": client.DefaultDockerHost},
	Here:    here,
	Address: address,
}

// configType is the type of targetConfig, where host has the default of this system.
func configType() *schema.Type {
	t := *schema.Of(reflect.TypeFor[targetConfig]())
	t.Fields = slices.Clone(t.Fields)
	host := slices.IndexFunc(t.Fields, func(f schema.Field) bool { return f.Name == "host" })
	t.Fields[host].Default, t.Fields[host].Required = client.DefaultDockerHost, false
	return &t
}

func address(config map[string]any) (string, []string) {
	shown, _ := config["host"].(string)
	if u, err := url.Parse(shown); err == nil && u.User != nil {
		u.User = url.User(u.User.Username())
		shown = u.String()
	}
	var notes []string
	if project, _ := config["project"].(string); project != "" {
		notes = append(notes, "project "+project)
	}
	return cmp.Or(shown, client.DefaultDockerHost), append(notes, endpoint.NotesOf(config)...)
}

func (c targetConfig) check() error {
	scheme, _, ok := strings.Cut(c.Host, "://")
	if !ok {
		return fmt.Errorf("%q is no address of an engine: it has no scheme", c.Host)
	}
	switch scheme {
	case unknownContext:
		return fmt.Errorf("there is no Docker context %q: list them with docker context ls", strings.TrimPrefix(c.Host, unknownContext+"://"))
	case "unix", "npipe", "tcp":
		return nil
	case "ssh":
		return fmt.Errorf("ssh is not supported; forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, and use unix:///tmp/docker.sock")
	}
	return fmt.Errorf("%q is no address of an engine: use unix://, tcp:// or npipe://", c.Host)
}
