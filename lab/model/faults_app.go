package model

import "time"

// appFaults are those of the app's process and its image.
func appFaults() []Fault {
	return []Fault{
		{
			Name: "memory-leak", Summary: "The app keeps about 0.5 MiB in each second that nothing uses again, outside its cache.", Options: []string{"returns"},
			Symptoms: "memory grows in a straight line, latency rises above 85 %, at the limit the kernel kills the process", Settles: 1000 * time.Second,
			Cure: "a new process (with `returns: true` that leaks too, and only a higher limit gains time)", Vain: "clearing the cache",
			seen:  func(s State) bool { return s.App.MemoryPercent > 80 && s.Cache.SizeBytes < 50*MiB },
			lasts: func(w *World) bool { return w.App.LeakRate > 0 },
			inject: func(w *World, o Options) error {
				w.App.LeakRate = w.around(0.51*MiB, 0.04)
				if o["returns"] {
					w.App.LeakAgain = w.App.LeakRate
				}
				return nil
			},
			heal: func(w *World) { w.App.Leaked, w.App.LeakRate, w.App.LeakAgain = 0, 0, 0 },
		}, {
			Name: "cache-leak", Summary: "Entries escape the bound of the app's cache, about 0.5 MiB in each second.",
			Symptoms: "memory and the size of the cache grow together", Settles: 1000 * time.Second, Cure: "clearing the cache; a new process", Vain: "a higher limit",
			seen:   func(s State) bool { return s.App.MemoryPercent > 80 && s.Cache.SizeBytes > 400*MiB },
			lasts:  func(w *World) bool { return w.App.Cache.GrowRate > 0 },
			inject: func(w *World, _ Options) error { w.App.Cache.GrowRate = w.around(0.51*MiB, 0.04); return nil },
			heal: func(w *World) {
				w.App.Cache.GrowRate, w.App.Cache.SizeBytes = 0, min(w.App.Cache.SizeBytes, cacheBound)
			},
		}, {
			Name: "pool-exhaustion", Summary: "Connections of the app's pool are taken and never given back.", Settles: 3 * time.Minute,
			Symptoms: "the pool is full, requests wait for seconds and time out", Cure: "a new process", Vain: "restarting the database",
			seen:   func(s State) bool { return s.Pool.UsePercent > 90 && s.Pool.WaitMS > 100 },
			lasts:  func(w *World) bool { return w.App.Pool.LeakRate > 0 },
			inject: func(w *World, _ Options) error { w.App.Pool.LeakRate = 0.25; return nil },
			heal:   func(w *World) { w.App.Pool.LeakRate, w.App.Pool.Leaked = 0, 0 },
		}, {
			Name: "n-plus-one", Summary: "A page of the app asks the database once for each of its rows.", Settles: 2 * time.Minute,
			Symptoms: "many small queries of the same shape, latency rises, n_plus_one counts up", Cure: "another build of the app", Vain: "indexes, restarts",
			seen:   func(s State) bool { return s.HTTP.LatencyMS > 100 },
			lasts:  func(w *World) bool { return w.App.NPlusOne },
			inject: func(w *World, _ Options) error { w.App.NPlusOne = true; return nil },
			heal:   func(w *World) { w.App.NPlusOne = false },
		}, {
			Name: "api-down", Summary: "The app's process hangs: it takes connections and answers none.", Settles: 30 * time.Second,
			Symptoms: "no request is answered, the container runs and is unhealthy", Cure: "a new process", Vain: "starting what already runs",
			seen: func(s State) bool {
				return s.App.Running && !s.App.Answers && s.HTTP.Availability < 0.6 && !s.App.Healthy
			},
			lasts: func(w *World) bool { return w.App.Hung },
			inject: func(w *World, _ Options) error {
				w.App.Hung = true
				if c := w.Container("app"); c != nil {
					c.Say(w.Now, true, `level=error msg="event loop blocked"`)
				}
				return nil
			},
			heal: func(w *World) { w.App.Hung = false },
		}, {
			Name: "bad-deploy", Summary: "A new image of the app fails a third of all requests.", Settles: 2 * time.Minute,
			Symptoms: "errors since the container was made, in the log too", Cure: "the image before", Vain: "restarting the container",
			seen:   func(s State) bool { return s.HTTP.Availability < 0.75 && s.App.Image == "mltb/app:1.5.0" },
			lasts:  func(w *World) bool { return w.anyApp(func(c *Container) bool { return c.Image.ID == w.App.bad }) },
			inject: func(w *World, _ Options) error { return w.deployBad() },
			heal:   func(w *World) { w.deployGood() },
		}, {
			Name: "cpu-hot", Summary: "Users ask six times as much as usual: the app wants more processors than its limit.", Options: []string{"loop"}, Settles: 90 * time.Second,
			Symptoms: "CPU at its limit, throttled, latency many times as high", Cure: "a higher CPU limit (with `loop: true` it is a loop in the process: a new process)", Vain: "restarting the container",
			seen:  func(s State) bool { return s.App.Throttled && s.HTTP.LatencyMS > 150 },
			lasts: func(w *World) bool { return w.App.Spin > 0 || w.Traffic.Usual > usualTraffic && w.anyApp(w.throttles) },
			inject: func(w *World, o Options) error {
				if o["loop"] {
					w.App.Spin = 1.4
				} else {
					w.Traffic.Usual *= 6
				}
				return nil
			},
			heal: func(w *World) { w.App.Spin, w.Traffic.Usual = 0, usualTraffic },
		},
	}
}

// anyApp reports whether there is a container of the app of which is holds.
func (w *World) anyApp(is func(*Container) bool) bool {
	c := w.Container("app")
	return c != nil && is(c)
}

// deployBad replaces the app's container by one of an image that fails.
func (w *World) deployBad() error {
	c, err := must(w, "app")
	if err != nil {
		return err
	}
	bad := w.Image("mltb/app:1.5.0")
	if bad == nil {
		bad = &Image{ID: "sha256:" + w.hexID("bad"), Tags: []string{"mltb/app:1.5.0"}, Size: 184 * MiB, Created: w.Now, Digest: "sha256:" + w.hexID("bad digest")}
		w.Images = append(w.Images, bad)
	}
	w.App.bad = bad.ID
	w.deploy(c, bad)
	return nil
}

func (w *World) deployGood() {
	w.App.bad = ""
	if c := w.Container("app"); c != nil {
		w.deploy(c, w.Image("mltb/app:1.4.2"))
	}
}

// deploy makes the container anew from an image, as Compose does.
func (w *World) deploy(c *Container, image *Image) {
	w.Stop(c, 0)
	c.ID, c.Image, c.Created, c.Restarts = w.hexID(c.Name+image.ID+w.Now.String()), image, w.Now, 0
	w.event(c, "create")
	w.Start(c)
}
