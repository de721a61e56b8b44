package network

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
)

// made is a network of an engine with nothing on it; the lab has one as it is.
func made(t *testing.T, e *dockertest.Engine) string {
	t.Helper()
	if !e.Real {
		return "mltb_default"
	}
	name := dockertest.Name()
	if _, err := e.API.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Labels: map[string]string{"team": "ops"}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = e.API.NetworkRemove(context.Background(), name, client.NetworkRemoveOptions{}) })
	return name
}

func TestNetworks(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := made(t, e)
		guest := e.Make(t, func(o *client.ContainerCreateOptions) {
			o.NetworkingConfig.EndpointsConfig = map[string]*network.EndpointSettings{name: {}}
		})
		rows := e.Run(t, List, map[string]any{"name": name}).Outputs["networks"].([]any)
		if len(rows) != 1 {
			t.Fatalf("got %v", rows)
		}
		row := rows[0].(map[string]any)
		if row["name"] != name || row["driver"] != "bridge" || len(row["subnets"].([]any)) != 1 || row["created_at"] == nil {
			t.Errorf("got %v", row)
		}
		o := e.Run(t, Inspect, map[string]any{"network": row["id"].(string)[:12]}).Outputs
		found := ""
		for _, m := range o["containers"].([]any) {
			if m := m.(map[string]any); m["name"] == guest {
				found = m["ipv4"].(string)
			}
		}
		if !strings.Contains(found, "/16") && !strings.Contains(found, "/20") || len(o["gateways"].([]any)) != 1 || o["container_count"] != len(o["containers"].([]any)) {
			t.Errorf("%s is at %q: %v", guest, found, o)
		}
		for _, row := range e.Run(t, List, map[string]any{"unused": true}).Outputs["networks"].([]any) {
			if row.(map[string]any)["name"] == name {
				t.Errorf("%s is in use", name)
			}
		}
		_, err := e.Try(t, Inspect, map[string]any{"network": name + "x"})
		if f := action.AsFailure(err); err == nil || fmt.Sprint(f.Nearest) != "["+name+"]" {
			t.Errorf("of a network that is none: %+v", f)
		}
	})
}
