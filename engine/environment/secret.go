package environment

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/file"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// secretSource is where a secret's text comes from: exactly one of them.
type secretSource struct {
	env, file string
	command   []string
	place     string
}

func (l *loader) secret(n *yaml.Node, e *Environment) any {
	if _, ok := e.sources[n.Text]; !ok {
		l.fail(CodeNoSecret, n, fmt.Sprintf("no secret %q is declared", n.Text), "declare it under secrets:")
		return nil
	}
	return schema.NewSecret(n.Text, "")
}

// Resolve reads the secrets that targets and variables name, and puts them in
// their places. An error names the secret and its source, never its text.
func (e *Environment) Resolve(ctx context.Context) error {
	have := map[string]schema.Secret{}
	read := func(v any) (any, error) {
		s, ok := v.(schema.Secret)
		if !ok {
			return v, nil
		}
		if got, ok := have[s.Name()]; ok {
			return got, nil
		}
		text, err := e.sources[s.Name()].read(ctx, e.Confine)
		if err != nil {
			return nil, fmt.Errorf("secret %s, %s: %w", s.Name(), e.sources[s.Name()].place, err)
		}
		have[s.Name()] = schema.NewSecret(s.Name(), text)
		e.Secrets = append(e.Secrets, have[s.Name()])
		return have[s.Name()], nil
	}
	for i := range e.Targets {
		for key, v := range e.Targets[i].Config {
			got, err := read(v)
			if err != nil {
				return err
			}
			e.Targets[i].Config[key] = got
		}
		e.address(&e.Targets[i])
	}
	for key, v := range e.Vars {
		got, err := read(v)
		if err != nil {
			return err
		}
		e.Vars[key] = got
	}
	return nil
}

// address names the target afresh, as its address may come from a secret.
func (e *Environment) address(t *action.Target) {
	for _, k := range e.kinds {
		if k.Name == t.Kind && k.Address != nil {
			t.Address, t.Notes = k.Address(t.Config)
		}
	}
}

// read gets the text of a secret, without the line end that files, commands and
// shells put behind it.
func (s secretSource) read(ctx context.Context, confine *action.Confine) (string, error) {
	switch {
	case s.env != "":
		v, ok := os.LookupEnv(s.env)
		if !ok {
			return "", fmt.Errorf("$%s is not set", s.env)
		}
		return strings.TrimRight(v, "\r\n"), nil
	case s.file != "":
		text, err := file.Read(s.file, file.MostOfSecret)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	if err := confine.Program(s.command[0]); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.command[0], slices.Clone(s.command[1:])...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running %s: %w", s.command[0], err)
	}
	return strings.TrimRight(string(out), "\r\n"), nil
}
