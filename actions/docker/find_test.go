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

// The project of a target is a boundary: what is outside is not there, by
// whatever it is named.
func TestFindInProject(t *testing.T) {
	f := newFake(t, app(), fakeContainer("slow", "eeee11112222", nil), service("mltb-app-1", "aaaa11112222", "app"),
		fakeContainer("other-app-1", "bbbb11112222", map[string]string{ServiceLabel: "app", ProjectLabel: "other"}))
	call := callTo(t, map[string]any{"host": "unix://" + f.socket, "project": "mltb"})
	if r := mustRun(t, Inspect, call, map[string]any{"container": "app"}); r.Outputs["name"] != "mltb-app-1" {
		t.Errorf("got %v", r.Outputs)
	}
	for _, outside := range []string{"slow", "other-app-1", app().ID, "eeee"} {
		for _, a := range []*action.Action{Inspect, Restart} {
			if _, err := run(t, a, call, map[string]any{"container": outside}); err == nil || !strings.Contains(err.Error(), "in project mltb") {
				t.Errorf("%s %s: %v", a.Name, outside, err)
			}
		}
	}
	if o := mustRun(t, List, call, map[string]any{}).Outputs; o["count"] != 1 {
		t.Errorf("it lists %v", o)
	}
	if sent := f.changes(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	if !slices.Equal(call.Target.Notes, []string{"project mltb"}) {
		t.Errorf("notes %v", call.Target.Notes)
	}
}

// A name that fits several containers is refused, and they are listed; the
// beginning of several ids hides no service of that name.
func TestAmbiguousNames(t *testing.T) {
	f := newFake(t, app(), service("mltb-app-1", "aaaa11112222", "app"), fakeContainer("web", "db1111111111", nil),
		fakeContainer("api", "db1222222222", nil), service("shop-db-1", "cccc11112222", "db"))
	for reference, want := range map[string]string{"app": "the name of a container and a service of others", "db1": "db1 begins the ids of 2 containers"} {
		_, err := run(t, Restart, f.call(t), map[string]any{"container": reference})
		seen := map[string]string{"app": "app, mltb-app-1", "db1": "api, web"}[reference]
		if failure := action.AsFailure(err); err == nil || !failure.Final || !strings.Contains(failure.What, want) || !strings.Contains(fmt.Sprint(failure.Seen), seen) {
			t.Errorf("%s: got %+v", reference, failure)
		}
	}
	if r := mustRun(t, Inspect, f.call(t), map[string]any{"container": "db"}); r.Outputs["name"] != "shop-db-1" || len(f.changes()) > 0 {
		t.Errorf("the service db: %v, sent %v", r.Outputs["name"], f.changes())
	}
}

// What docker.list finds by a name is what the actions on one container take by
// it: the one, several that are refused, or none.
func TestInspectAndListAgree(t *testing.T) {
	one := service("shop-db-1", "cccc11112222", "db")
	once := service("mltb-app-run-1", "dddd11112222", "app")
	once.Config.Labels[oneOffLabel] = "True"
	f := newFake(t, app(), service("mltb-app-1", "aaaa11112222", "app"), service("mltb-worker-1", "aaaa33334444", "worker"), once,
		service("mltb-worker-2", "aaaa55556666", "worker"), one, fakeContainer("web", "db1111111111", nil),
		fakeContainer("other-app-1", "bbbb11112222", map[string]string{ServiceLabel: "app", ProjectLabel: "other"}))
	for _, project := range []string{"", "mltb", "other", "nobody"} {
		call := callTo(t, map[string]any{"host": "unix://" + f.socket, "project": project})
		for _, reference := range []string{
			"app", "/app", " app ", "db", "worker", "web", "other-app-1", "mltb-app-run-1", "nothing", "cccc", "aaaa", "aaaa1111", "db11", one.ID, one.ID[:12], app().ID,
		} {
			listed := mustRun(t, List, call, map[string]any{"name": reference}).Outputs["containers"].([]any)
			r, err := run(t, Inspect, call, map[string]any{"container": reference})
			switch len(listed) {
			case 0:
				if err == nil || !strings.HasPrefix(action.AsFailure(err).What, "no container") {
					t.Errorf("%s in %q: listed none, inspected %v, %v", reference, project, r.Outputs["name"], err)
				}
			case 1:
				if name := listed[0].(map[string]any)["name"]; err != nil || r.Outputs["name"] != name {
					t.Errorf("%s in %q: listed %v, inspected %v, %v", reference, project, name, r.Outputs["name"], err)
				}
			default:
				if err == nil || !action.AsFailure(err).Final {
					t.Errorf("%s in %q: listed %d, inspected %v", reference, project, len(listed), r.Outputs["name"])
				}
			}
		}
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
		{map[string]any{"labels": map[string]any{ServiceLabel: "worker"}}, 2, 1},
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
