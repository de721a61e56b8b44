package daemon

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
	"runbook/lab/model"
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

// What is removed is what the preview shows, and never what is in use; volumes stay.
func TestPrunesContainers(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		project, volume := dockertest.Name(), dockertest.Name()
		t.Cleanup(func() {
			_, _ = e.API.VolumeRemove(context.Background(), volume, client.VolumeRemoveOptions{Force: true})
		})
		mine := func(o *client.ContainerCreateOptions) {
			o.Config.Labels = map[string]string{docker.ProjectLabel: project}
			o.HostConfig.Binds = []string{volume + ":/data"}
		}
		ended, running := e.Make(t, mine), e.Make(t, mine)
		if _, err := e.API.ContainerKill(t.Context(), ended, client.ContainerKillOptions{}); err != nil {
			t.Fatal(err)
		}
		e.Run(t, docker.WaitHealthy, map[string]any{"container": ended, "for": "1s"})
		e.Call.Target.Config["project"] = project
		with := map[string]any{"what": "containers", "older_than": "0s"}
		if err := e.Call.Clock.Sleep(t.Context(), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		if p, _ := e.Preview(t, Prune, with); len(p.Touches) != 1 || p.Touches[0].Name != ended || !strings.HasPrefix(p.Summary, "remove 1 containers") {
			t.Errorf("preview %+v", p)
		}
		if p, _ := e.Preview(t, Prune, map[string]any{"what": "containers", "older_than": "1h"}); len(p.Touches) != 0 {
			t.Errorf("made just now: %+v", p)
		}
		applied := e.Settle(t, Prune, with, func() {
			if o := e.Run(t, Prune, with).Outputs; fmt.Sprint(o["removed"]) != "["+ended+"]" || o["count"] != 1 {
				t.Errorf("got %v", o)
			}
		})
		if applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		if o := e.Run(t, docker.List, map[string]any{"names": []any{ended, running}}).Outputs; o["count"] != 1 {
			t.Errorf("there are %v", o)
		}
		if o := e.Run(t, ListVolumes, map[string]any{"name": volume}).Outputs; o["count"] != 1 {
			t.Errorf("the volume: %v", o)
		}
		if r := e.Run(t, Prune, with); r.Outputs["count"] != 0 {
			t.Errorf("again: %s", r.Summary)
		}
	})
}

func TestPrunesNetworksReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	e := dockertest.Real(t)
	project := dockertest.Name()
	labels := map[string]string{docker.ProjectLabel: project}
	for _, name := range []string{project + "-a", project + "-b"} {
		if _, err := e.API.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Labels: labels}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = e.API.NetworkRemove(context.Background(), name, client.NetworkRemoveOptions{}) })
	}
	guest := e.Make(t, func(o *client.ContainerCreateOptions) {
		o.HostConfig.NetworkMode = container.NetworkMode(project + "-a")
	})
	t.Cleanup(func() {
		_, _ = e.API.ContainerRemove(context.Background(), guest, client.ContainerRemoveOptions{Force: true})
	})
	e.Call.Target.Config["project"] = project
	o := e.Run(t, Prune, map[string]any{"what": "networks", "older_than": "0s"}).Outputs
	if fmt.Sprint(o["removed"]) != "["+project+"-b]" {
		t.Errorf("got %v", o)
	}
}

func TestPrunesImagesReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	e := dockertest.Real(t)
	e.Make(t, nil)
	p, _ := e.Preview(t, Prune, map[string]any{"what": "images", "older_than": "0s", "all": true})
	for _, o := range p.Touches {
		if strings.Contains(o.Name, e.Image) {
			t.Errorf("one in use: %+v", o)
		}
	}
}

// Of the real engine no image of others is removed: one is, by what Prune removes each.
func TestPrunesAnImage(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		opened, err := docker.Open(e.Call)
		if err != nil {
			t.Fatal(err)
		}
		unused := "mltb/app:1.4.1"
		if e.Real {
			unused = dockertest.Name() + ":unused"
			e.Import(t, unused)
		}
		e.Make(t, nil)
		for name, want := range map[string]bool{unused: true, e.Image: false} {
			p, one := pruneParams{What: "images"}, thing{name: name, tags: []string{name}}
			gone, err := p.remove(t.Context(), opened, one)
			if err != nil || gone != want && (e.Real || want) {
				t.Errorf("%s is gone: %v, %v", name, gone, err)
			}
			if id, err := opened.ImageID(t.Context(), name); want && (err != nil || id != "") {
				t.Errorf("%s is there: %s, %v", name, id, err)
			}
		}
	})
}

func TestPrunesBuildsAndImagesLab(t *testing.T) {
	e := dockertest.Lab(t)
	var err error
	e.Model.Change(func(w *model.World) { err = w.Inject("disk-full", nil) })
	if err != nil {
		t.Fatal(err)
	}
	before := e.Run(t, DiskUsage, nil).Outputs["reclaimable_bytes"].(int)
	for _, what := range []string{"images", "build_cache"} {
		with := map[string]any{"what": what, "older_than": "1h"}
		p, _ := e.Preview(t, Prune, with)
		o := e.Run(t, Prune, with).Outputs
		if o["count"] != len(p.Touches) || what == "images" && o["count"] == 0 {
			t.Errorf("%s: %v, and the preview has %+v", what, o, p.Touches)
		}
	}
	if after := e.Run(t, DiskUsage, nil).Outputs["reclaimable_bytes"].(int); after >= before {
		t.Errorf("%d bytes could be freed, now %d", before, after)
	}
}
