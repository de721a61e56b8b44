package model

import (
	"reflect"
	"slices"
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
			"lasts":                        connection != (f.lasts != nil),
		} {
			if !has {
				t.Errorf("fault %s lacks %s", f.Name, what)
			}
		}
	}
}

// The healthy control is nothing that lasts, and nothing that ends.
func TestNothingIsNoFault(t *testing.T) {
	b := newBench(3)
	b.inject(t, NoFault, nil)
	if s := b.state(); len(s.Faults)+len(s.Ended) > 0 {
		t.Errorf("%q last, %q ended", s.Faults, s.Ended)
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
			b.Look(func(w *World) {
				if f.seen(w.State()) || f.lasts(w) {
					t.Fatal("it is there before it was injected")
				}
			})
			b.inject(t, f.Name, nil)
			if s := b.state(); !slices.Equal(s.Faults, []string{f.Name}) {
				t.Errorf("right after it was injected %q last, %q ended", s.Faults, s.Ended)
			}
			b.pass(f.Settles + time.Second)
			if s := b.state(); !f.seen(s) || !slices.Equal(s.Faults, []string{f.Name}) {
				t.Fatalf("it is not seen: %+v", s)
			}
			b.Change(func(w *World) {
				if err := w.Heal(f.Name); err != nil {
					t.Fatal(err)
				}
			})
			b.pass(5 * time.Minute)
			b.Look(func(w *World) {
				if f.seen(w.State()) || f.lasts(w) {
					t.Errorf("it is there although it was healed: %+v", w.State())
				}
			})
		})
	}
}

// What a remedy or the kernel ended is told as ended, and what only looks better lasts.
func TestFaultsEndByTheirCure(t *testing.T) {
	restart := func(service string) func(*World) {
		return func(w *World) {
			for _, c := range w.Service(service) {
				w.Stop(c, 0)
				w.Start(c)
			}
		}
	}
	for _, c := range []struct {
		fault, why string
		options    Options
		cure       func(*World)
		lasts      bool
	}{
		{fault: "memory-leak", why: "a new process", cure: restart("app")},
		{fault: "memory-leak", why: "a new process leaks too", options: Options{"returns": true}, cure: restart("app"), lasts: true},
		{fault: "memory-leak", why: "an emptier cache", cure: func(w *World) { w.App.Cache.SizeBytes = 0 }, lasts: true},
		{fault: "pool-exhaustion", why: "a new process", cure: restart("app")},
		{fault: "api-down", why: "a new process", cure: restart("app")},
		{fault: "bad-deploy", why: "restarting the container", cure: restart("app"), lasts: true},
		{fault: "bad-deploy", why: "the image before", cure: func(w *World) { w.deploy(w.Container("app"), w.Image("mltb/app:1.4.2")) }},
		{fault: "cpu-hot", why: "a higher limit", cure: func(w *World) { w.Container("app").CPULimit = 4 }},
		{fault: "cpu-hot", why: "a new process", cure: restart("app"), lasts: true},
		{fault: "redis-down", why: "its start", cure: restart("redis")},
		{fault: "worker-down", why: "one of two starts", cure: func(w *World) { w.Start(w.Service("worker")[0]) }},
		{fault: "cache-churn", why: "a higher maxmemory", cure: func(w *World) { w.Redis.MaxBytes = 512 * MiB }},
		{fault: "disk-full", why: "removing what is not used", cure: func(w *World) { w.Disk.UsedBytes -= w.Disk.Unused }},
		{fault: "insecure-container", why: "restarts", cure: restart("app"), lasts: true},
	} {
		b := newBench(4)
		b.inject(t, c.fault, c.options)
		b.pass(time.Minute)
		b.Change(c.cure)
		s := b.pass(2 * time.Second)
		if want := []string{c.fault}; slices.Equal(s.Faults, want) != c.lasts || slices.Equal(s.Ended, want) == c.lasts {
			t.Errorf("%s after %s: %q last, %q ended", c.fault, c.why, s.Faults, s.Ended)
		}
	}
}

// The kernel tells whom it killed and when, and of many the last.
func TestTheKernelTellsWhomItKilled(t *testing.T) {
	b := newBench(1)
	b.inject(t, "memory-leak", nil)
	before := b.state()
	s := b.pass(40 * time.Minute)
	if len(s.Kills) != 1 || !slices.Equal(s.Ended, []string{"memory-leak"}) {
		t.Fatalf("kills %+v, ended %q", s.Kills, s.Ended)
	}
	k := s.Kills[0]
	if k.Container != "mltb-app-1" || k.MemoryBytes < GiB || k.At.Sub(before.Now) < 10*time.Minute || k.At.After(s.Now) {
		t.Errorf("%+v, from %s to %s", k, before.Now, s.Now)
	}
	b.Change(func(w *World) {
		for range 2 * keptKills {
			w.outOfMemory(w.Container("app"))
		}
	})
	if n := len(b.state().Kills); n != keptKills {
		t.Errorf("%d kills are kept", n)
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
