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
	"runbook/internal/remote"
)

type targetConfig struct {
	Host    string `yaml:"host" doc:"Address of the engine: unix:///path, tcp://host:port, ssh://user@host:port (and a path, where its socket is not /var/run/docker.sock) or, on Windows, npipe:////./pipe/name. With a key of TLS tcp:// is by TLS."`
	Project string `yaml:"project" default:"" doc:"Compose project outside of which no container is found; empty: all of the engine."`
	endpoint.TLS
	remote.Access
}

// Target is the kind of target that is a Docker engine. Locally it is the
// engine that Docker's command line uses.
var Target = &action.TargetKind{
	Name:     "docker",
	Summary:  "A Docker engine, by its socket, over TCP, or by its socket at another host over ssh, where no program of Docker is needed.",
	Config:   configType(),
	Former:   map[string]string{"tls_ca": "ca_file", "tls_cert": "client_cert", "tls_key": "client_key"},
	Local:    map[string]any{"host": client.DefaultDockerHost},
	Here:     here,
	Parse:    parse,
	Check:    endpoint.CheckOf[targetConfig],
	Address:  address,
	Programs: "exec_reads",
}

// Check reads the files of TLS or of ssh where the engine is reached by it.
func (c targetConfig) Check() error {
	switch {
	case strings.HasPrefix(c.Host, "tcp://"):
		return c.TLS.Check() //nolint:wrapcheck // it names the key
	case strings.HasPrefix(c.Host, "ssh://"):
		return c.Access.Check() //nolint:wrapcheck // it names the key
	}
	return nil
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
	if err := checkHost(cmp.Or(host, client.DefaultDockerHost)); err != nil {
		return nil, err
	}
	return config, checkSSH(config)
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
	if at, err := remote.ParseAddress(host); err == nil {
		return at.String()
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
		_, err := remote.ParseAddress(host)
		return err
	}
	return errors.New("its host is no address of an engine: use unix:///path, tcp://host:port, ssh://user@host or npipe://")
}
