package docker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
)

func TestProcessesOfAContainer(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := e.Make(t, nil)
		o := e.Run(t, ListProcesses, map[string]any{"container": name}).Outputs
		list := o["processes"].([]any)
		if len(list) != 1 || o["count"] != 1 {
			t.Fatalf("got %v", o)
		}
		first := list[0].(map[string]any)
		if !strings.HasPrefix(first["command"].(string), e.Argv[0]) || first["pid"].(int) < 2 || first["parent_pid"].(int) < 1 || first["cpu_percent"] == nil {
			t.Errorf("got %v", first)
		}
		e.Run(t, Stop, map[string]any{"container": name, "timeout": "1s"})
		if _, err := e.Try(t, ListProcesses, map[string]any{"container": name}); err == nil || !strings.Contains(err.Error(), "is not running") {
			t.Errorf("of a container that does not run: %v", err)
		}
	})
}

func TestChangesOfAContainer(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name, want := "app", "[{/tmp/mltb-app-1.pid added} {/tmp modified}]"
		if e.Real {
			name = e.Make(t, func(o *client.ContainerCreateOptions) { o.Config.Cmd = []string{"/guest", "write", "/etc/guest.new"} })
			want = "[{/etc/guest.new added} {/etc modified}]"
		}
		of := func(with map[string]any) []string {
			with["container"] = name
			var all []string
			for _, row := range e.Run(t, ListChanges, with).Outputs["changes"].([]any) {
				r := row.(map[string]any)
				all = append(all, fmt.Sprintf("{%s %s}", r["path"], r["kind"]))
			}
			slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
			return all
		}
		if err := e.Call.Clock.Sleep(t.Context(), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(of(map[string]any{})); !e.Real && got != want || e.Real && !strings.Contains(got, "{/etc/guest.new added}") {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := of(map[string]any{"except": []any{"/tmp", "/etc"}}); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "{/tmp") || strings.HasPrefix(s, "{/etc") }) {
			t.Errorf("left out, and told: %v", got)
		}
		if got := of(map[string]any{"below": "/nowhere"}); len(got) > 0 {
			t.Errorf("below nowhere: %v", got)
		}
	})
}

// What a container was made with is told without what may be a secret.
func TestConfigurationOfAContainer(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		name := e.Make(t, func(o *client.ContainerCreateOptions) {
			o.Config.Env = []string{"PASSWORD=hunter22", "B=c"}
			o.Config.Labels = map[string]string{"team": "ops"}
			o.HostConfig.Binds = []string{"/etc:/host-etc:ro", dockertest.Name() + ":/data"}
		})
		r := e.Run(t, Inspect, map[string]any{"container": name})
		o := r.Outputs
		if strings.Contains(fmt.Sprint(o), "hunter22") {
			t.Errorf("a value of the environment is told: %v", o)
		}
		names := fmt.Sprint(o["env_names"])
		if !strings.Contains(names, "PASSWORD") || fmt.Sprint(o["labels"]) != "map[team:ops]" || !strings.HasPrefix(o["image_id"].(string), "sha256:") {
			t.Errorf("env %s, labels %v, image %v", names, o["labels"], o["image_id"])
		}
		if _, has := o["digest"].(string); has == e.Real {
			t.Errorf("digest %v", o["digest"])
		}
		var mounts []string
		for _, m := range o["mounts"].([]any) {
			row := m.(map[string]any)
			mounts = append(mounts, fmt.Sprintf("%s %s %v", row["type"], row["path"], row["read_only"]))
		}
		if got := strings.Join(mounts, ", "); got != "volume /data false, bind /host-etc true" {
			t.Errorf("mounts %s", got)
		}
		if e.Real {
			_, _ = e.API.VolumeRemove(t.Context(), o["mounts"].([]any)[0].(map[string]any)["source"].(string), client.VolumeRemoveOptions{Force: true})
		}
	})
}
