package daemon

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/actions/docker/dockertest"
)

func TestVersionOfAnEngine(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		o := e.Run(t, Version, nil).Outputs
		if o["version"] == "" || !strings.HasPrefix(o["api_version"].(string), "1.") || o["memory_bytes"].(int) < 1<<28 || o["processor_count"].(int) < 1 || o["swarm_state"] == "" {
			t.Errorf("got %v", o)
		}
	})
}

func TestDiskUsageOfAnEngine(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		e.Make(t, nil)
		o := e.Run(t, DiskUsage, map[string]any{"largest": 1000}).Outputs
		images := o["images"].(map[string]any)
		if images["count"].(int) < 1 || images["active_count"].(int) < 1 || o["total_bytes"].(int) < images["size_bytes"].(int) || o["reclaimable_bytes"].(int) > o["total_bytes"].(int) {
			t.Errorf("got %v", o)
		}
		last := -1
		named := false
		for _, row := range o["largest"].([]any) {
			r := row.(map[string]any)
			if n := r["size_bytes"].(int); last >= 0 && n > last {
				t.Errorf("not by size: %v", o["largest"])
			} else {
				last = n
			}
			named = named || r["kind"] == "image" && r["name"] == e.Image && r["in_use"] == true
		}
		if !named {
			t.Errorf("%s is not among %v", e.Image, o["largest"])
		}
		if o := e.Run(t, DiskUsage, map[string]any{"largest": 1}).Outputs; len(o["largest"].([]any)) != 1 {
			t.Errorf("the largest: %v", o["largest"])
		}
	})
}

func TestVolumesOfAnEngine(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		volume := dockertest.Name()
		guest := e.Make(t, func(o *client.ContainerCreateOptions) { o.HostConfig.Binds = []string{volume + ":/data"} })
		t.Cleanup(func() {
			_, _ = e.API.VolumeRemove(context.Background(), volume, client.VolumeRemoveOptions{Force: true})
		})
		o := e.Run(t, ListVolumes, map[string]any{"name": volume}).Outputs
		if o["count"] != 1 || o["unused_count"] != 0 {
			t.Fatalf("got %v", o)
		}
		row := o["volumes"].([]any)[0].(map[string]any)
		if row["name"] != volume || row["driver"] != "local" || fmt.Sprint(row["containers"]) != "["+guest+"]" || row["created_at"] == nil {
			t.Errorf("got %v", row)
		}
		if o := e.Run(t, ListVolumes, map[string]any{"name": volume, "unused": true}).Outputs; o["count"] != 0 {
			t.Errorf("it is used: %v", o)
		}
	})
}

func TestEventsOfAnEngine(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := e.Make(t, nil)
		if _, err := e.API.ContainerKill(t.Context(), name, client.ContainerKillOptions{}); err != nil {
			t.Fatal(err)
		}
		e.Run(t, docker.WaitHealthy, map[string]any{"container": name, "for": "1s"})
		of := func(with map[string]any) (map[string]any, []string) {
			with["container"], with["since"] = name, time.Minute
			o := e.Run(t, ListEvents, with).Outputs
			var all []string
			for _, row := range o["events"].([]any) {
				r := row.(map[string]any)
				if r["name"] != name && r["type"] == "container" {
					t.Errorf("another: %v", r)
				}
				text := fmt.Sprint(r["action"])
				if code, is := r["exit_code"].(int); is {
					text += fmt.Sprint(" ", code)
				}
				all = append(all, text)
			}
			return o, all
		}
		o, all := of(map[string]any{"types": []any{"container"}})
		if got := strings.Join(all, ", "); got != "create, start, kill, die 137" || o["counts"].(map[string]any)["die"] != 1 {
			t.Errorf("got %s, %v", got, o["counts"])
		}
		if _, all := of(map[string]any{"actions": []any{"die"}}); len(all) != 1 {
			t.Errorf("who died: %v", all)
		}
	})
}
