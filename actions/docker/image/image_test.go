package image

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
)

func TestListsImages(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		e.Make(t, nil)
		o := e.Run(t, List, map[string]any{"reference": e.Image}).Outputs
		rows := o["images"].([]any)
		if len(rows) != 1 || o["count"] != 1 || o["dangling_count"] != 0 || o["unused_count"] != 0 {
			t.Fatalf("got %v", o)
		}
		row := rows[0].(map[string]any)
		if fmt.Sprint(row["tags"]) != "["+e.Image+"]" || row["size_bytes"].(int) < 1<<10 || row["container_count"].(int) < 1 {
			t.Errorf("got %v", row)
		}
		if o := e.Run(t, List, map[string]any{"reference": "nowhere/none"}).Outputs; o["count"] != 0 {
			t.Errorf("of a name that is none: %v", o)
		}
		for _, row := range e.Run(t, List, map[string]any{"dangling": true}).Outputs["images"].([]any) {
			if tags := row.(map[string]any)["tags"].([]any); len(tags) > 0 {
				t.Errorf("not dangling: %v", tags)
			}
		}
	})
}

func TestInspectsAnImage(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		image := e.Image
		if e.Real {
			image = dockertest.Name() + ":1"
			e.Import(t, image, "ENV SECRET=hunter22", "USER 1000", "EXPOSE 8080", `CMD ["/guest", "http", "8080"]`, `HEALTHCHECK CMD ["/guest", "check", "8080"]`, "LABEL a=b")
		}
		o := e.Run(t, Inspect, map[string]any{"image": image}).Outputs
		if fmt.Sprint(o["tags"]) != "["+image+"]" || o["size_bytes"].(int) <= 0 || o["os"] != "linux" || o["created_at"] == nil || strings.Contains(fmt.Sprint(o), "hunter22") {
			t.Errorf("got %v", o)
		}
		if e.Real && fmt.Sprintf("%v %v %v %v %v %v", o["user"], o["exposed_ports"], o["command"], o["has_health_check"], o["labels"], o["env_names"]) != "1000 [8080/tcp] [/guest http 8080] true map[a:b] [SECRET]" {
			t.Errorf("got %v", o)
		}
		id := o["id"].(string)
		for _, reference := range []string{id, short(id)} {
			if again := e.Run(t, Inspect, map[string]any{"image": reference}).Outputs; again["id"] != id {
				t.Errorf("by %s: %v", reference, again["id"])
			}
		}
		_, err := e.Try(t, Inspect, map[string]any{"image": image + "0"})
		if f := action.AsFailure(err); err == nil || !slices.Contains(f.Nearest, image) || f.Applied != action.AppliedNot {
			t.Errorf("of an image that is none: %+v", f)
		}
	})
}
