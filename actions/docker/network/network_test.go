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

func TestConnectsAndDisconnects(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name, guest := made(t, e), e.Make(t, func(o *client.ContainerCreateOptions) {
			o.HostConfig.NetworkMode = "none"
		})
		if e.Real { // none is a network of its own there
			if _, err := e.API.NetworkDisconnect(t.Context(), "none", client.NetworkDisconnectOptions{Container: guest}); err != nil {
				t.Fatal(err)
			}
		}
		with := map[string]any{"container": guest, "network": name, "aliases": []any{"another"}}
		if _, lines := e.Preview(t, Connect, with); fmt.Sprint(lines) != "["+guest+" on "+name+": not connected → connected]" {
			t.Errorf("preview %q", lines)
		}
		applied := e.Settle(t, Connect, with, func() {
			if o := e.Run(t, Connect, with).Outputs; o["changed"] != true || !strings.HasPrefix(o["ipv4"].(string), "1") {
				t.Errorf("got %v", o)
			}
		})
		if applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if o := e.Run(t, Connect, with).Outputs; o["changed"] != false {
			t.Errorf("again: %v", o)
		}
		off := map[string]any{"container": guest, "network": name}
		if p, lines := e.Preview(t, Disconnect, off); len(p.Interrupts) != 1 || !strings.Contains(fmt.Sprint(lines), "names there: another → none") && e.Real {
			t.Errorf("preview %q", lines)
		}
		if applied := e.Settle(t, Disconnect, off, func() { e.Run(t, Disconnect, off) }); applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if o := e.Run(t, Disconnect, off).Outputs; o["changed"] != false {
			t.Errorf("again: %v", o)
		}
	})
}
