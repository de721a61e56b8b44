//go:build unix

package examples

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/engine/yaml"
	"runbook/lab"
)

// plain is a tree as values: texts, lists and maps.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.List:
		list := []any{}
		for _, item := range n.Items {
			list = append(list, plain(item))
		}
		return list
	case yaml.Map:
		return members(n)
	}
	var v any
	if n.Quoted || json.Unmarshal([]byte(n.Text), &v) != nil {
		return n.Text
	}
	return v
}

func members(n *yaml.Node) map[string]any {
	all := map[string]any{}
	if n == nil {
		return all
	}
	for _, p := range n.Pairs {
		all[p.Key.Text] = plain(p.Value)
	}
	return all
}

func tree(t *testing.T, s *yaml.Source) *yaml.Node {
	t.Helper()
	root, list := yaml.Read(s)
	if len(list) > 0 {
		t.Fatal(list)
	}
	return root
}

// environment is an environment as it is written.
type environment struct {
	name    string
	keys    map[string]any
	targets map[string]any
}

// written is the environment that an example is run in without `--env`.
func written(t *testing.T, s *yaml.Source) environment {
	t.Helper()
	root := tree(t, s)
	all := root.Get("environments")
	name := all.Pairs[0].Key.Text
	if d := root.Get("default"); d != nil {
		name = d.Text
	}
	keys := members(all.Get(name))
	targets, _ := keys["targets"].(map[string]any)
	return environment{name, keys, targets}
}

// kindOf is the kind of a target.
func kindOf(name string, target map[string]any) string {
	if kind, ok := target["kind"].(string); ok {
		return kind
	}
	return name
}

// aside writes a runbook.yaml in dir with the example's environment, in which every
// server is the recorder's and every program is started on this machine. It returns its
// name.
func (e *example) aside(t *testing.T, r *recorder, dir string, change func(environment)) (name string) {
	t.Helper()
	env := written(t, read(t, filepath.Join(e.dir, "runbook.yaml")))
	ofLab := written(t, &yaml.Source{Name: "lab", Text: []byte(r.lab.Configuration())})
	secrets := map[string]any{}
	if own, ok := env.keys["secrets"].(map[string]any); ok {
		for secret := range own {
			path := filepath.Join(dir, secret+".secret")
			if err := os.WriteFile(path, []byte("secret-of-the-example-"+secret), 0o600); err != nil {
				t.Fatal(err)
			}
			secrets[secret] = map[string]any{"file": path}
		}
	}
	for target, v := range env.targets {
		keys, _ := v.(map[string]any)
		kind := kindOf(target, keys)
		list, _ := keys["reads"].([]any)
		if kind == "docker" {
			list, _ = keys["exec_reads"].([]any)
		}
		r.rules[target] = rules{list}
		env.targets[target] = r.stands(target, kind, keys, ofLab.targets)
	}
	own, _ := ofLab.keys["secrets"].(map[string]any)
	maps.Copy(secrets, own)
	env.keys["secrets"] = secrets
	vars, _ := env.keys["vars"].(map[string]any)
	if vars == nil {
		vars = map[string]any{}
	}
	maps.Copy(vars, members(tree(t, e.file.Source).Get("environment").Get("vars")))
	env.keys["vars"] = vars
	if change != nil {
		change(env)
	}
	text, err := json.Marshal(map[string]any{"environments": map[string]any{env.name: env.keys}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "runbook.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return env.name
}

// stands is the target that stands in place of another: its lists, the address of the
// recorder, and what the lab's target of that name or kind has.
func (r *recorder) stands(name, kind string, keys, ofLab map[string]any) map[string]any {
	out := map[string]any{"kind": kind}
	for _, key := range []string{"reads", "writes", "exec_reads", "env"} {
		if list, ok := keys[key]; ok {
			out[key] = list
		}
	}
	if kind == "shell" {
		env := map[string]any{recordedTarget: name}
		if own, ok := keys["env"].(map[string]any); ok {
			maps.Copy(env, own)
		}
		out["env"] = env
		return out
	}
	face := kind
	if slices.Contains(lab.Targets(), name) {
		face = name
	}
	own, _ := ofLab[face].(map[string]any)
	for key, value := range own {
		if _, has := out[key]; !has && key != "kind" {
			out[key] = value
		}
	}
	for _, key := range []string{"base_url", "url", "host", "node_exporter"} {
		at, ok := own[key].(string)
		if !ok {
			continue
		}
		if u, err := url.Parse(at); err == nil && !strings.HasPrefix(at, "unix:") {
			at = u.Host
		}
		out[key] = r.serve(name, kind, at)
	}
	return out
}
