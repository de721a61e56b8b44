package lab

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/yaml"
	"runbook/lab/model"
)

// Environment is the environment `lab`: the lab's targets, with their secrets.
// Kinds of targets that the lab has no face for are left out.
func (l *Lab) Environment(registry *action.Registry) (*environment.Environment, diag.List, error) {
	env, found, err := environment.Parse(&yaml.Source{Name: "lab", Text: []byte(l.Configuration())}, "lab", registry)
	if err != nil {
		return nil, found, fmt.Errorf("the lab's environment: %w", err)
	}
	return env, found, nil
}

// Outline is the environment of a lab that does not run: its targets are nowhere.
func Outline(registry *action.Registry) (*environment.Environment, error) {
	l := &Lab{addresses: map[string]string{}}
	for _, f := range faces() {
		l.addresses[f.name] = "127.0.0.1:1"
	}
	l.addresses[Docker] = "unix:///nowhere"
	env, _, err := l.Environment(registry)
	return env, err
}

// Configuration is a runbook.yaml with the environment `lab`. The secrets are
// read from files beside the Docker socket.
func (l *Lab) Configuration() string { return l.ConfigurationWith(model.Project, nil) }

// ConfigurationWith is the configuration in which some targets are elsewhere: the
// containers in another Compose project, and addresses as [Lab.Address] tells
// them, by the names of targets.
func (l *Lab) ConfigurationWith(project string, elsewhere map[string]string) string {
	at := maps.Clone(l.addresses)
	maps.Copy(at, elsewhere)
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("default: lab")
	line("environments:")
	line("  lab:")
	line("    targets:")
	for _, f := range faces() {
		line("      %s: %s", f.name, os.Expand(f.target, func(name string) string {
			if name == "project" {
				return project
			}
			quoted := strconv.Quote(at[f.name])
			return quoted[1 : len(quoted)-1]
		}))
	}
	line("    vars: {token: {secret: token}}")
	line("    secrets:")
	for _, name := range []string{"redis", "mongo", "token"} {
		line("      %s: {file: %q}", name, l.secretFile(name))
	}
	return b.String()
}

// secretFile is where a secret of the environment stands.
func (l *Lab) secretFile(name string) string { return filepath.Join(l.dir, name+".secret") }

// writeSecrets writes the secrets of the environment, but for the URI of the
// database, which needs its address.
func (l *Lab) writeSecrets() error {
	s := l.secrets()
	if err := l.writeSecret("redis", s.Redis); err != nil {
		return err
	}
	return l.writeSecret("token", s.Token)
}

func (l *Lab) writeSecret(name, text string) error {
	if err := os.WriteFile(l.secretFile(name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write a secret of the lab: %w", err)
	}
	return nil
}
