package model

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// bench is a model whose time the test sets.
type bench struct {
	*Model
	now time.Time
}

func newBench(seed uint64) *bench {
	b := &bench{now: start}
	b.Model = New(seed, func() time.Time { return b.now })
	return b
}

func (b *bench) pass(d time.Duration) State {
	b.now = b.now.Add(d)
	return b.state()
}

func (b *bench) state() (s State) {
	b.Look(func(w *World) { s = w.State() })
	return s
}

func (b *bench) inject(t *testing.T, name string, o Options) Fault {
	t.Helper()
	b.Change(func(w *World) {
		if err := w.Inject(name, o); err != nil {
			t.Fatal(err)
		}
	})
	f, _ := Lookup(name)
	return f
}

// Each container is made of an image that there is, and no other.
func TestContainersHaveTheirImages(t *testing.T) {
	newBench(1).Look(func(w *World) {
		for _, c := range w.Containers {
			if c.Image == nil {
				t.Errorf("%s is of an image that is not in images: add a row in lab/model/compose.go", c.Name)
			}
		}
	})
}

func TestHealthyStaysHealthy(t *testing.T) {
	for seed := range uint64(5) {
		b := newBench(seed)
		for range 60 {
			s := b.pass(time.Minute)
			if s.App.MemoryPercent < 30 || s.App.MemoryPercent > 42 || !s.App.Healthy || s.HTTP.Availability < 0.999 || s.HTTP.LatencyMS > 80 ||
				s.Cache.HitRatePercent < 80 || s.Pool.UsePercent > 60 || s.Pool.WaitMS > 10 || s.Mongo.QueryMS > 20 || s.Queue.Stuck > 0 || s.Queue.Depth > 12 || s.Disk.UsedPercent > 70 || s.App.Throttled {
				t.Fatalf("seed %d: %+v", seed, s)
			}
		}
	}
}

func TestHowOftenIsLookedChangesNothing(t *testing.T) {
	often, seldom := newBench(7), newBench(7)
	often.inject(t, "memory-leak", nil)
	seldom.inject(t, "memory-leak", nil)
	for range 900 {
		often.pass(100 * time.Millisecond)
	}
	if a, b := often.state(), seldom.pass(90*time.Second); !reflect.DeepEqual(a, b) {
		t.Errorf("looked at often:\n%+v\nseldom:\n%+v", a, b)
	}
}

// A row of a fault is whole: what it lacks is named.
func TestFaultsAreWhole(t *testing.T) {
	named := map[string]bool{}
	for _, f := range Faults() {
		if named[f.Name] {
			t.Errorf("there are two faults %s", f.Name)
		}
		named[f.Name] = true
		connection, healthy := f.AtConnection(), f.Name == "none"
		for what, has := range map[string]bool{
			"a Summary that is a sentence": strings.HasSuffix(f.Summary, "."),
			"Symptoms":                     f.Symptoms != "",
			"a Cure":                       f.Cure != "",
			"what helps in Vain":           f.Vain != "",
			"inject":                       connection != (f.inject != nil),
			"heal":                         connection != (f.heal != nil),
			"seen":                         connection || healthy || f.seen != nil,
		} {
			if !has {
				t.Errorf("fault %s lacks %s", f.Name, what)
			}
		}
	}
}

// Each fault is seen where its entry says, and ends by being healed.
func TestFaultsShowAndHeal(t *testing.T) {
	for _, f := range Faults() {
		if f.AtConnection() || f.seen == nil { // which TestFaultsAreWhole names
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			b := newBench(3)
			b.pass(10 * time.Minute)
			if f.seen(b.state()) {
				t.Fatal("it is seen before it was injected")
			}
			b.inject(t, f.Name, nil)
			b.pass(f.Settles + time.Second)
			if !f.seen(b.state()) {
				t.Fatalf("it is not seen: %+v", b.state())
			}
			b.Change(func(w *World) {
				if err := w.Heal(f.Name); err != nil {
					t.Fatal(err)
				}
			})
			b.pass(5 * time.Minute)
			if f.seen(b.state()) {
				t.Errorf("it is seen although it was healed: %+v", b.state())
			}
		})
	}
}

func TestOutOfMemoryKillsAndRestarts(t *testing.T) {
	b := newBench(1)
	b.inject(t, "memory-leak", Options{"returns": true})
	s := b.pass(time.Hour)
	if s.App.Restarts == 0 || !s.App.Running {
		t.Errorf("%+v", s.App)
	}
}

func TestARestartCostsDowntime(t *testing.T) {
	b := newBench(1)
	b.inject(t, "memory-leak", nil)
	b.pass(1000 * time.Second)
	b.Change(func(w *World) { w.Stop(w.Container("app"), 0) })
	b.pass(time.Second)
	b.Change(func(w *World) { w.Start(w.Container("app")) })
	if b.state().App.Answers {
		t.Error("it answers at once")
	}
	s := b.pass(20 * time.Second)
	if !s.App.Answers || s.App.MemoryPercent > 40 || s.HTTP.Availability > 0.97 || !s.App.Healthy {
		t.Errorf("%+v %+v", s.App, s.HTTP)
	}
}

func TestResettingMovesStuckTasks(t *testing.T) {
	b := newBench(1)
	b.inject(t, "stuck-downloads", nil)
	b.pass(40 * time.Minute)
	b.Change(func(w *World) {
		for gid, task := range w.Downloads.open {
			if task.Lost && !w.ResetTask(gid) {
				t.Errorf("%s is not reset", gid)
			}
		}
	})
	if s := b.pass(5 * time.Minute); s.Queue.Stuck != 0 || s.Queue.Processing > 10 {
		t.Errorf("%+v", s.Queue)
	}
}

func BenchmarkStep(b *testing.B) {
	m := newBench(1)
	for b.Loop() {
		m.pass(time.Second)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		newBench(1)
	}
}
