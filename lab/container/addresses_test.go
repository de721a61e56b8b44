package container

import (
	"strings"
	"testing"
	"time"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/clock"
)

// TestRealTargetsReplaceThoseOfTheLab holds that with a real container the
// environment of the lab names it, and no container of anybody else.
func TestRealTargetsReplaceThoseOfTheLab(t *testing.T) {
	l, err := lab.Start(lab.Options{Seed: 1, Clock: clock.Flow(time.Now(), 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	app := &App{host: "unix:///run/some.sock", api: 20001, metrics: 20002}
	real := app.Addresses()
	text := l.ConfigurationWith(app.Project(), real)
	env, list, err := environment.Parse(&yaml.Source{Name: "lab", Text: []byte(text)}, "lab", registry)
	if err != nil || list.Errors() > 0 {
		t.Fatalf("%v %v\n%s", err, list, text)
	}
	for name, at := range real {
		target, ok := env.Target(name)
		if !ok || strings.TrimPrefix(target.Address, "http://") != at {
			t.Errorf("%s is at %q, want %q", name, target.Address, at)
		}
	}
	if target, _ := env.Target("redis"); target.Address != l.Address(lab.Redis) {
		t.Errorf("redis is at %q, want that of the lab", target.Address)
	}
	if !strings.Contains(text, "project: "+app.Project()) {
		t.Errorf("no project of its own in\n%s", text)
	}
}
