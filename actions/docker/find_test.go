package docker

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"runbook/engine/action"
)

func TestFind(t *testing.T) {
	f := newFake(t, app(), service("mltb-redis-1", "aaaa11112222", "redis"), service("mltb-worker-1", "bbbb11112222", "worker"),
		service("mltb-worker-2", "bbbb33334444", "worker"), service("mltb-db-1", "cccc11112222", "db"), fakeContainer("cache", "db0000000001", nil))
	for _, test := range []struct{ reference, name, what, seen string }{
		{reference: "app", name: "app"},
		{reference: "/app", name: "app"},
		{reference: "3f9c2b71a0de", name: "app"},
		{reference: "redis", name: "mltb-redis-1"},
		{reference: "db", name: "mltb-db-1"}, // and not the container whose id begins so
		{reference: "db00", name: "cache"},
		{reference: "worker", what: "service worker has 2 containers", seen: "mltb-worker-1, mltb-worker-2"},
		{reference: "ap", what: "no container or Compose service ap", seen: "[app]"},
		{reference: "zzzzzz", what: "no container or Compose service zzzzzz", seen: "running: app, cache"},
		{reference: "a/b", what: "is no name"},
		{reference: " ", what: "it is empty"},
	} {
		t.Run(test.reference, func(t *testing.T) {
			r, err := run(t, Inspect, f.call(t), map[string]any{"container": test.reference})
			if test.what == "" {
				if err != nil || r.Outputs["name"] != test.name {
					t.Fatalf("got %v, %v; want %s", r.Outputs["name"], err, test.name)
				}
				return
			}
			failure := action.AsFailure(err)
			if err == nil || !strings.Contains(failure.What, test.what) || !strings.Contains(fmt.Sprint(failure.Nearest, failure.Seen), test.seen) {
				t.Errorf("got %+v", failure)
			}
		})
	}
}

func TestFindInProject(t *testing.T) {
	f := newFake(t, service("mltb-app-1", "aaaa11112222", "app"), fakeContainer("other-app-1", "bbbb11112222", map[string]string{serviceLabel: "app", projectLabel: "other"}))
	if _, err := run(t, Inspect, f.call(t), map[string]any{"container": "app"}); err == nil {
		t.Error("a service of two projects is ambiguous")
	}
	call := callTo(t, map[string]any{"host": "unix://" + f.socket, "project": "mltb"})
	if r := mustRun(t, Inspect, call, map[string]any{"container": "app"}); r.Outputs["name"] != "mltb-app-1" {
		t.Errorf("got %v", r.Outputs)
	}
	if !slices.Equal(call.Target.Notes, []string{"project mltb"}) {
		t.Errorf("notes %v", call.Target.Notes)
	}
}

func TestList(t *testing.T) {
	stopped := service("mltb-worker-2", "bbbb33334444", "worker")
	stopped.State.Running, stopped.State.Status = false, "exited"
	f := newFake(t, service("mltb-worker-1", "bbbb11112222", "worker"), stopped, app())
	for _, test := range []struct {
		params         map[string]any
		count, running int
	}{
		{map[string]any{}, 3, 2},
		{map[string]any{"all": false}, 2, 2},
		{map[string]any{"name": "worker"}, 2, 1},
		{map[string]any{"name": "mltb-worker-2"}, 1, 0},
		{map[string]any{"names": []any{"app", "worker"}}, 3, 2},
		{map[string]any{"labels": map[string]any{serviceLabel: "worker"}}, 2, 1},
		{map[string]any{"project": "mltb"}, 2, 1},
		{map[string]any{"name": "nothing"}, 0, 0},
	} {
		o := mustRun(t, List, f.call(t), test.params).Outputs
		if fmt.Sprint(o["count"], o["running_count"]) != fmt.Sprint(test.count, test.running) || len(o["containers"].([]any)) != test.count {
			t.Errorf("%v: got %v", test.params, o)
		}
	}
	r := mustRun(t, List, f.call(t), map[string]any{"name": "app"})
	first := r.Outputs["containers"].([]any)[0].(map[string]any)
	if fmt.Sprint(first["memory_limit_bytes"], first["healthy"], first["has_health_check"]) != "1073741824 true false" || r.Summary != "container app running" {
		t.Errorf("got %v, %q", first, r.Summary)
	}
}
