package model

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// bootTime is how long a service takes from its start until it answers.
func bootTime(service string) time.Duration {
	switch service {
	case "app":
		return 3 * time.Second
	case "mongo", "prometheus", "alertmanager", "grafana":
		return 2 * time.Second
	}
	return 500 * time.Millisecond
}

// StopTime is how long c takes to end after it was asked to: what hangs does not
// listen and is killed after the grace of the caller.
func (w *World) StopTime(c *Container, grace time.Duration) (took time.Duration, killed bool) {
	wish := 700 * time.Millisecond
	if c.Service == "app" && w.App.Hung || c.State == Paused || w.client(c.Service) != nil && w.client(c.Service).Hung {
		wish = time.Hour
	}
	if wish > grace {
		return grace, true
	}
	return wish, false
}

// Start starts a container that does not run; it says whether it did.
func (w *World) Start(c *Container) bool {
	if c.Running() {
		return false
	}
	c.State, c.Started, c.OOMKilled, c.ExitCode = Running, w.Now, false, 0
	c.CPUTime, c.Received, c.Sent, c.Written = 0, 0, 0, 0
	if c.Health != nil {
		c.Health.Status, c.Health.Failing, c.Health.lastRun = "starting", 0, w.Now
	}
	w.restarted(c.Service)
	w.processStarts(c)
	w.event(c, "start")
	return true
}

// Stop ends a container that runs, with its exit code; it says whether it did.
func (w *World) Stop(c *Container, exit int) bool {
	if !c.Running() {
		return false
	}
	c.State, c.Finished, c.ExitCode = Exited, w.Now, exit
	c.Memory, c.CPU, c.Throttled = 0, 0, 0
	w.processEnds(c)
	w.Note(c, "die", "exitCode", strconv.Itoa(exit))
	return true
}

// keptKills is how many kills are told.
const keptKills = 5

// outOfMemory ends a container as the kernel does when it has no memory left, and lets
// its restart policy act.
func (w *World) outOfMemory(c *Container) {
	c.Say(w.Now, true, "fatal: OutOfMemory: cannot allocate")
	w.kills = append(w.kills[max(0, len(w.kills)+1-keptKills):], KillState{At: w.Now, Container: c.Name, MemoryBytes: int(c.Memory)})
	w.Stop(c, 137)
	c.OOMKilled = true
	w.event(c, "oom")
	if c.Restart != "no" {
		restarts := c.Restarts + 1
		w.Start(c)
		c.Restarts = restarts
	}
}

// Pause freezes a container; it says whether it did.
func (w *World) Pause(c *Container) bool {
	if c.State != Running {
		return false
	}
	c.State = Paused
	w.event(c, "pause")
	return true
}

// Unpause lets a frozen container go on; it says whether it did.
func (w *World) Unpause(c *Container) bool {
	if c.State != Paused {
		return false
	}
	c.State = Running
	w.event(c, "unpause")
	return true
}

// Remove takes a container out.
func (w *World) Remove(c *Container) {
	w.Stop(c, 137)
	w.Containers = slices.DeleteFunc(w.Containers, func(o *Container) bool { return o == c })
	w.event(c, "destroy")
}

// Restore makes a container that was removed anew and starts it.
func (w *World) Restore(c *Container) {
	if slices.Contains(w.Containers, c) {
		return
	}
	w.Containers = append(w.Containers, c)
	w.sortContainers()
	w.event(c, "create")
	w.Start(c)
}

// processStarts is what a start brings about in the service.
func (w *World) processStarts(c *Container) {
	switch c.Service {
	case "app":
		w.App.start()
		c.Memory = appStartMemory
		c.Say(w.Now, false, fmt.Sprintf(`level=info msg="starting" version=%s`, c.Image.Version()))
	case "redis":
		w.Redis.start(w.Now)
		c.Say(w.Now, false, "* Ready to accept connections")
	case "mongo":
		w.Mongo.start(w.Now)
		c.Say(w.Now, false, `{"s":"I","c":"NETWORK","msg":"Waiting for connections","attr":{"port":27017}}`)
	case "": // what somebody runs beside the service says what it says
	default:
		if client := w.client(c.Service); client != nil {
			client.Hung = false
			w.resume(client.Name)
		}
		c.Say(w.Now, false, `level=info msg="started"`)
	}
	if c.usual = usualMemory(c.Service); c.Service != "app" {
		c.Memory = c.usual
	}
}

// processEnds is what an end brings about in the service.
func (w *World) processEnds(c *Container) {
	if c.Service == "app" {
		w.App.Cache.SizeBytes = 0
	}
	if c.Service == "" {
		return
	}
	c.Say(w.Now, false, `level=info msg="shutting down"`)
}

// followContainers brings up to date what follows at once from which containers
// run.
func (w *World) followContainers() {
	w.Redis.Up = w.Serves("redis")
	w.Mongo.Up = w.Serves("mongo")
	w.App.Up = w.Serves("app") && !w.App.Hung
	for i := range w.Downloads.Clients {
		d := &w.Downloads.Clients[i]
		d.Up = w.Serves(d.Name)
	}
	workers := 0
	for _, c := range w.Service("worker") {
		if c.Serves() {
			workers++
		}
	}
	w.Downloads.Workers = workers
}

// stepContainers lets the containers use what they need, and checks their health.
func (w *World) stepContainers() {
	for _, c := range w.Containers {
		if c.State != Running {
			c.CPU, c.Throttled = 0, 0
			continue
		}
		want := w.wantedCPU(c)
		c.CPU, c.Throttled = want, 0
		if c.CPULimit > 0 && want > c.CPULimit {
			c.CPU, c.Throttled = c.CPULimit, want-c.CPULimit
			c.throttledPeriods += 10
		}
		c.CPUTime += time.Duration(c.CPU * float64(step))
		w.hostTime += time.Duration(c.CPU * float64(step))
		c.Received += w.around(40_000*c.CPU+500, 0.1)
		c.Sent += w.around(90_000*c.CPU+500, 0.1)
		c.Written += w.around(3_000, 0.2)
		switch c.Service {
		case "app":
			c.Memory = w.App.memory(w.chance())
		case "redis":
			c.Memory = w.around(c.usual+w.Redis.UsedBytes-redisUsual, 0.01)
		default:
			c.Memory = w.around(c.usual, 0.01)
		}
		if c.MemoryLimit > 0 && c.Memory >= float64(c.MemoryLimit) {
			w.outOfMemory(c)
		}
		w.checkHealth(c)
	}
}

// checkHealth runs the health check of c if it is time.
func (w *World) checkHealth(c *Container) {
	h := c.Health
	if h == nil || w.Now.Sub(h.lastRun) < h.Interval && !(h.Status == "starting" && w.Serves(c.Service)) {
		return
	}
	h.lastRun = w.Now
	check := Check{At: w.Now, Output: "ok"}
	was := h.Status
	switch {
	case w.healthy(c):
		h.Status, h.Failing = "healthy", 0
	case h.Status == "starting" && w.Now.Sub(c.Started) < 15*time.Second:
		check.ExitCode, check.Output = 1, "connection refused"
	default:
		check.ExitCode, check.Output = 1, "no answer"
		if h.Failing++; h.Failing >= 3 {
			h.Status = "unhealthy"
		}
	}
	if len(h.Log) == 5 {
		h.Log = h.Log[1:]
	}
	h.Log = append(h.Log, check)
	if was != h.Status {
		w.event(c, "health_status: "+h.Status)
	}
}

// healthy is what the health check of c finds.
func (w *World) healthy(c *Container) bool {
	switch c.Service {
	case "app":
		return w.App.Up && w.Mongo.Up && w.App.failures(c) < 0.9
	case "redis":
		return w.Redis.Up
	case "mongo":
		return w.Mongo.Up
	}
	if client := w.client(c.Service); client != nil {
		return client.Up && !client.Hung
	}
	return w.Serves(c.Service)
}
