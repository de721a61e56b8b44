package actions_test

import (
	"fmt"
	"strings"
	"testing"

	"runbook/actions"
	"runbook/actions/alertmanager"
	"runbook/actions/docker"
	"runbook/actions/host"
	httpactions "runbook/actions/http"
	"runbook/actions/mongo"
	"runbook/actions/prometheus"
	"runbook/actions/redis"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/environment"
	"runbook/engine/yaml"
)

// Of an address that is written with a password, rightly or not, nobody reads the
// password: not in what is wrong with it, not as the address of the target, not in a
// failure.
func TestPasswordsInAddresses(t *testing.T) {
	t.Parallel()
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []struct {
		read   *action.Action
		with   map[string]any
		key    string
		scheme string
		more   string
	}{
		{httpactions.Request, map[string]any{"path": "/health"}, "base_url", "http", ""},
		{httpactions.Request, map[string]any{"path": "/health"}, "proxy", "http", ", base_url: 'http://127.0.0.1:1'"},
		{prometheus.Query, map[string]any{"query": "up"}, "url", "https", ""},
		{alertmanager.ListAlerts, nil, "url", "http", ""},
		{host.Memory, nil, "node_exporter", "http", ""},
		{redis.Ping, nil, "address", "redis", ""},
		{mongo.Ping, nil, "uri", "mongodb", ""},
		{docker.List, nil, "host", "tcp", ""},
	} {
		for _, form := range []string{
			"%s://ann:hunter2hunter2@127.0.0.1:1", "%s://ann:hunter2/hunter2@127.0.0.1:1/x", "%s://hunter2hunter2@127.0.0.1:1", "%s://ann:hunter2 hunter2@127.0.0.1:1",
			"%s://127.0.0.1:1/?password=hunter2hunter2", "%s://ann:hunter2%%zz@127.0.0.1:1", "%s:ann:hunter2hunter2@127.0.0.1:1", "odd%s://ann:hunter2hunter2@127.0.0.1:1",
		} {
			for _, address := range []string{fmt.Sprintf(form, family.scheme), strings.TrimPrefix(fmt.Sprintf(form, ""), "://")} {
				kind := family.read.Target.Name
				text := fmt.Sprintf("environments: {e: {targets: {%s: {%s: '%s'%s}}}}", kind, family.key, address, family.more)
				e, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(text)}, "", registry)
				told := fmt.Sprint(list, err)
				if family.read.Target.Here != nil { // what the process gives is not parsed
					told += fmt.Sprint(family.read.Target.Address(map[string]any{family.key: address}))
				}
				if target, ok := e.Target(kind); ok && list.Errors() == 0 {
					call := actiontest.Call(t, target.Config)
					call.Target = target
					_, err := actiontest.Bind(t, family.read, call, family.with).Run(t.Context(), call)
					told += fmt.Sprintf("%s %s %+v", target.Address, target.Notes, action.AsFailure(err))
				}
				if strings.Contains(told, "hunter2") {
					t.Errorf("%s: %s: %s: %s", kind, family.key, address, told)
				}
			}
		}
	}
}
