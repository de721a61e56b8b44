package docker

import (
	"cmp"
	"errors"
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
	Name:     "docker",
	Summary:  "A Docker engine, by its socket or over TCP.",
	Config:   configType(),
	Former:   map[string]string{"tls_ca": "ca_file", "tls_cert": "client_cert", "tls_key": "client_key"},
	Local:    map[string]any{"host": client.DefaultDockerHost},
	Here:     here,
	Parse:    parse,
	Address:  address,
	Programs: "exec_reads",
}

// configType is the type of targetConfig, where host has the default of this system.
func configType() *schema.Type {
	t := *schema.Of(reflect.TypeFor[targetConfig]())
	t.Fields = slices.Clone(t.Fields)
	host := slices.IndexFunc(t.Fields, func(f schema.Field) bool { return f.Name == "host" })
	t.Fields[host].Default, t.Fields[host].Required = client.DefaultDockerHost, false
	return &t
}

// parse refuses a host that is none, before it is shown: a password may stand in it.
func parse(config map[string]any) (map[string]any, error) {
	host, _ := config["host"].(string)
	return config, checkHost(cmp.Or(host, client.DefaultDockerHost))
}

func address(config map[string]any) (string, []string) {
	host, _ := config["host"].(string)
	var notes []string
	if project, _ := config["project"].(string); project != "" {
		notes = append(notes, "project "+project)
	}
	return shown(cmp.Or(host, client.DefaultDockerHost)), append(notes, endpoint.NotesOf(config)...)
}

// shown is a host without what may be a password: $DOCKER_HOST was not parsed.
func shown(host string) string {
	if !strings.ContainsAny(host, "@?#") {
		return host
	}
	u, err := url.Parse(host)
	if err != nil || u.Host == "" {
		return "…"
	}
	return u.Scheme + "://" + u.Host
}

// checkHost says what is wrong with the address of an engine, without quoting it.
func checkHost(host string) error {
	scheme, _, _ := strings.Cut(host, "://")
	switch scheme {
	case unknownContext:
		return fmt.Errorf("there is no Docker context %q: list them with docker context ls", strings.TrimPrefix(host, unknownContext+"://"))
	case "unix", "npipe":
		return nil
	case "tcp":
		if u, err := url.Parse(host); err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Port() == "" {
			return errors.New("its host is more or less than tcp://host:port; Docker asks for no user, and is shown client_cert and client_key")
		}
		return nil
	case "ssh":
		return errors.New("ssh is not supported; forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, and use unix:///tmp/docker.sock")
	}
	return errors.New("its host is no address of an engine: use unix:///path, tcp://host:port or npipe://")
}
