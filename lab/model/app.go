package model

import (
	"math"
	"time"
)

// The app's memory, in bytes.
const (
	appStartMemory = 276 * MiB // of a new process, without the cache
	appWorn        = 71 * MiB  // what days of work add to it
	cacheBound     = 41 * MiB
)

// App is the process in the app's container, which starts anew with it.
type App struct {
	Up        bool // it runs and answers, if only with errors
	Hung      bool // it takes connections and never answers
	Cache     Cache
	Pool      Pool
	NPlusOne  bool    // a page asks the database once for each row
	Leaked    float64 // bytes that are held and never used again
	LeakRate  float64 // bytes in a second
	LeakAgain float64 // bytes in a second that a new process leaks too
	Spin      float64 // processors that a loop burns until the process ends

	worn float64 // bytes that days of work have added
	bad  string  // the image whose build fails requests
}

// Cache is the app's own cache, which counts into its memory.
type Cache struct {
	SizeBytes float64
	GrowRate  float64 // bytes in a second, beyond its bound; 0: the bound holds
	Evicted   float64 // entries since the start
}

// Pool is the app's pool of connections to the database.
type Pool struct {
	Active   float64
	Max      float64
	WaitMS   float64 // mean over the last second
	Leaked   float64 // connections that are never given back
	LeakRate float64 // of them in a second
}

func newApp() App {
	return App{Up: true, worn: appWorn, Cache: Cache{SizeBytes: cacheBound, Evicted: 1200}, Pool: Pool{Active: 6, Max: 20}}
}

// start is a new process: what an old one held is gone. It fills its cache from
// the shared one before it answers.
func (a *App) start() {
	again := a.LeakAgain
	*a = App{Cache: Cache{SizeBytes: cacheBound}, Pool: Pool{Max: a.Pool.Max}, NPlusOne: a.NPlusOne, LeakRate: again, LeakAgain: again, bad: a.bad}
}

// ClearCache drops every entry; it returns how many bytes that freed. Entries
// that escaped the bound are dropped with the list that kept them.
func (a *App) ClearCache() float64 {
	freed := a.Cache.SizeBytes
	a.Cache.SizeBytes, a.Cache.GrowRate = 0, 0
	return freed
}

// stepApp lets the process work for a second.
func (w *World) stepApp() {
	a := &w.App
	if !a.Up {
		return
	}
	seconds := step.Seconds()
	a.Leaked += a.LeakRate * seconds
	a.worn += (appWorn - a.worn) * 1e-5
	switch {
	case a.Cache.GrowRate > 0:
		a.Cache.SizeBytes += a.Cache.GrowRate * seconds
	case a.Cache.SizeBytes < cacheBound:
		a.Cache.SizeBytes = math.Min(cacheBound, a.Cache.SizeBytes+8*MiB*seconds)
	default:
		a.Cache.Evicted += w.around(0.4, 0.5)
	}
	p := &a.Pool
	p.Leaked = math.Min(p.Max, p.Leaked+p.LeakRate*seconds)
	busy := w.Traffic.Rate * w.Traffic.queries * w.Mongo.latencyMS / 1000
	p.Active = math.Min(p.Max, p.Leaked+w.around(2+busy, 0.1))
	free := p.Max - p.Leaked
	p.WaitMS = w.around(1.5, 0.2)
	switch use := busy / math.Max(free, 0.1); {
	case free < 0.5:
		p.WaitMS = 5000
	case use > 0.8:
		p.WaitMS = math.Min(5000, 20+400*(use-0.8))
	}
}

// memory is what the process uses, in bytes, with a little noise from chance.
func (a *App) memory(chance float64) float64 {
	return appStartMemory + a.worn + a.Cache.SizeBytes + a.Leaked + (chance-0.5)*2*MiB
}

// wantedCPU is how many processors the process could use at that many requests
// in a second.
func (a *App) wantedCPU(rate float64) float64 {
	if a.Hung || !a.Up {
		return 0.02
	}
	return a.load(rate)
}

// load is how many processors the process needs to answer that many requests a second.
func (a *App) load(rate float64) float64 { return 0.08 + rate*0.012 + a.Spin }

// failures is the share of requests that fail because of the app itself.
func (a *App) failures(c *Container) float64 {
	if a.bad != "" && c != nil && c.Image.ID == a.bad {
		return 0.35
	}
	return 0
}

// Latency is how long a request to the app takes now, and whether it fails. What
// hangs takes for ever.
func (w *World) Latency() (took time.Duration, failed bool) {
	return time.Duration(w.Traffic.LatencyMS * float64(time.Millisecond)), w.chance() < w.Traffic.failing
}
