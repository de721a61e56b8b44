package actions_test

import (
	"strings"
	"testing"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestEveryDeclarationIsComplete(t *testing.T) {
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range registry.All() {
		actiontest.Check(t, a)
		if a.Target == nil {
			continue
		}
		for _, f := range a.Target.Config.Fields {
			if f.Doc == "" {
				t.Errorf("target %s: %s has no doc", a.Target.Name, f.Name)
			}
		}
	}
}

func TestAddressesShowNoPassword(t *testing.T) {
	for _, kind := range mustRegistry(t).Targets() {
		address, _ := kind.Address(kind.Local)
		if kind.Local != nil && address == "" {
			t.Errorf("target %s has no address for its local configuration", kind.Name)
		}
		for _, key := range []string{"base_url", "uri", "host"} {
			config := map[string]any{key: "https://ann:hunter22@h:1/"}
			if key == "uri" {
				config[key] = "mongodb://ann:hunter22@h:1/"
			}
			if shown, _ := kind.Address(config); strings.Contains(shown, "hunter22") {
				t.Errorf("target %s shows %s", kind.Name, shown)
			}
		}
	}
}

func mustRegistry(t *testing.T) *action.Registry {
	t.Helper()
	r, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
