package lab_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/playbooks"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func start(t testing.TB, seed uint64) *lab.Lab {
	t.Helper()
	l, err := lab.Start(lab.Options{Seed: seed, Clock: clock.Step(epoch, 0), Rules: playbooks.AlertRules(), History: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// get asks the app's API and returns the status, 0 for no answer, and how long
// it took in the lab.
func get(t testing.TB, l *lab.Lab, path string) (int, time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, cancel := l.Clock().WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Address(lab.HTTP)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := l.Clock().Now()
	response, err := client.Do(request)
	if err != nil {
		return 0, l.Clock().Now().Sub(before)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, l.Clock().Now().Sub(before)
}

// TestStartsInAMomentAndLeavesNothing holds the work of a start, which is some
// 60 ms on one processor: a machine that is busy changes the time and not the
// work. BenchmarkStart measures the time.
func TestStartsInAMomentAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // others start labs too
	start(t, 1).Close()             // pays for tables of libraries
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l := start(t, 1)
	runtime.ReadMemStats(&after)
	if made, size := after.Mallocs-before.Mallocs, (after.TotalAlloc-before.TotalAlloc)>>20; made > mostObjects || size > mostMiB {
		t.Errorf("a start makes %d objects, %d MiB; want at most %d, %d MiB", made, size, mostObjects, mostMiB)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapInuse > 80<<20 {
		t.Errorf("%d MiB of heap, want at most 80", after.HeapInuse>>20)
	}
	if status, took := get(t, l, "/health"); status != 200 || took < 5*time.Millisecond || took > 200*time.Millisecond {
		t.Errorf("GET /health: %d after %v of the lab's time", status, took)
	}
	l.Close()
	l.Close()
	goleak.VerifyNone(t)
	if left := temporary(t); left != "" {
		t.Errorf("folders left behind: %s", left)
	}
}

// What a start makes at most: it was 311,000 objects and 19 MiB when this was
// written.
const (
	mostObjects = 420_000
	mostMiB     = 26
)

func temporary(t testing.TB) string {
	t.Helper()
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "runbook-lab-") {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

func TestTenSideBySide(t *testing.T) {
	var all sync.WaitGroup
	for seed := range uint64(10) {
		all.Go(func() {
			l := start(t, seed)
			defer l.Close()
			if seed%2 == 0 {
				if err := l.Inject(lab.Fault{Name: "mongo-down"}); err != nil {
					t.Error(err)
				}
			}
			_ = l.Clock().Sleep(context.Background(), 2*time.Minute)
			if s := l.State(); s.Mongo.Running == (seed%2 == 0) {
				t.Errorf("seed %d: MongoDB running %v", seed, s.Mongo.Running)
			}
		})
	}
	all.Wait()
	goleak.VerifyNone(t)
}

func TestTheEnvironmentHoldsEveryTarget(t *testing.T) {
	l := start(t, 1)
	defer l.Close()
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	env, found, err := l.Environment(registry)
	if err != nil || len(found) > 0 {
		t.Fatalf("%v %v", err, found)
	}
	for _, k := range registry.Targets() {
		if _, ok := env.Target(k.Name); !ok && k.Name != "postgres" { // its tests have a real server
			t.Errorf("no target %s", k.Name)
		}
	}
	if err := env.Resolve(t.Context(), environment.Reach{}); err != nil {
		t.Error(err)
	}
	for _, secret := range l.Secrets() {
		if strings.Contains(l.Configuration(), secret) {
			t.Error("the configuration tells a secret")
		}
	}
}

func TestFaultsAtConnections(t *testing.T) {
	l := start(t, 1)
	defer l.Close()
	for name, fault := range map[string]lab.Fault{
		"refused":               {Name: "target-gone", On: lab.HTTP, For: 30 * time.Second},
		"hanging":               {Name: "hanging-target", On: lab.HTTP, For: 30 * time.Second},
		"the container is gone": {Name: "target-gone", On: "container/app", For: 30 * time.Second},
	} {
		if err := l.Inject(fault); err != nil {
			t.Fatal(err)
		}
		if status, _ := get(t, l, "/health"); status != 0 {
			t.Errorf("%s: answered %d", name, status)
		}
		if got := l.State().Faults; len(got) != 1 || !strings.HasPrefix(got[0], fault.Name+" on ") {
			t.Errorf("%s: the state tells of %v", name, got)
		}
		_ = l.Clock().Sleep(t.Context(), time.Minute)
		if status, _ := get(t, l, "/health"); status != 200 {
			t.Errorf("%s: it did not come back, %d", name, status)
		}
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	l := start(t, 1)
	defer l.Close()
	for want, fault := range map[string]lab.Fault{
		`there is no fault "fire"`:             {Name: "fire"},
		"needs a target in `on`":               {Name: "hanging-target"},
		"it takes no target":                   {Name: "memory-leak", On: "docker"},
		`has no option "colour"`:               {Name: "memory-leak", Options: map[string]bool{"colour": true}},
		"there is no container of the service": {Name: "target-gone", On: "container/nobody"},
	} {
		if err := l.Inject(fault); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", fault, err)
		}
	}
}

// A fault of the model is seen at the faces, and gates follow the containers.
func TestAGateFollowsItsContainer(t *testing.T) {
	l := start(t, 1)
	defer l.Close()
	if err := l.Inject(lab.Fault{Name: "api-down"}); err != nil {
		t.Fatal(err)
	}
	if status, took := get(t, l, "/health"); status != 0 || took < 10*time.Second {
		t.Errorf("a hanging app answered %d after %v", status, took)
	}
	if err := l.Heal("api-down"); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, l, "/health"); status != 200 {
		t.Errorf("healed: %d", status)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		start(b, 1).Close()
	}
}
