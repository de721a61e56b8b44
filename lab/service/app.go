// Package service shows the parts of a lab's service that speak HTTP: the app's
// API, its metrics and those of its host, and the two download clients.
package service

import (
	"encoding/json"
	"net"
	"net/http"
	"time"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// app is the app's API.
type app struct{ model *model.Model }

// ServeApp serves the app's API at address, behind g, until g is closed. It
// returns where it listens.
func ServeApp(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	a := &app{m}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", a.health)
	mux.HandleFunc("GET /api/health", a.health)
	for pattern, serve := range map[string]reader{
		"GET /api/status":              readStatus,
		"GET /api/tasks":               readTasks,
		"GET /api/performance/queries": readQueries,
		"GET /api/performance/pools":   readPools,
		"GET /api/performance/cache":   readCache,
	} {
		mux.HandleFunc(pattern, a.read(serve))
	}
	mux.HandleFunc("POST /api/reset-task/{id}", a.resetTask)
	mux.HandleFunc("POST /api/cache/clear", a.clearCache)
	return g.Serve("tcp", address, mux, gate.ByMethod)
}

// reader makes an answer of the world, which it does not change.
type reader func(*model.World) map[string]any

func (a *app) read(answer reader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !a.work(w, r) {
			return
		}
		var body map[string]any
		a.model.Look(func(world *model.World) { body = answer(world) })
		reply(w, http.StatusOK, body)
	}
}

// work takes the time of a request. Where it fails it answers and returns false.
func (a *app) work(w http.ResponseWriter, r *http.Request) bool {
	var took time.Duration
	var failed bool
	status, reason := http.StatusInternalServerError, ""
	a.model.Change(func(world *model.World) {
		if took, failed = world.Latency(); !failed {
			return
		}
		if reason = world.Reason(); !world.Mongo.Up {
			status = http.StatusServiceUnavailable
		}
	})
	gate.Take(r, took)
	if failed {
		reply(w, status, map[string]any{"error": reason})
	}
	return !failed
}

// health answers also while a dependency is down, and says which.
func (a *app) health(w http.ResponseWriter, r *http.Request) {
	var took time.Duration
	status, state := http.StatusOK, "healthy"
	dependencies := map[string]any{"mongo": "up", "redis": "up"}
	a.model.Change(func(world *model.World) {
		took, _ = world.Latency()
		if !world.Redis.Up {
			state, dependencies["redis"] = "degraded", "down"
		}
		if !world.Mongo.Up {
			status, state, dependencies["mongo"] = http.StatusServiceUnavailable, "unhealthy", "down"
		}
		if world.FailsHealth() {
			status, state = http.StatusInternalServerError, "unhealthy"
		}
	})
	gate.Take(r, took)
	reply(w, status, map[string]any{"status": state, "dependencies": dependencies})
}

func readStatus(w *model.World) map[string]any {
	c := w.Container("app")
	if c == nil {
		return map[string]any{"status": "running"}
	}
	return map[string]any{
		"status": "running", "version": c.Image.Version(),
		"started_at": c.Started.UTC().Format(time.RFC3339Nano), "uptime_seconds": w.Now.Sub(c.Started).Seconds(),
	}
}

func readTasks(w *model.World) map[string]any {
	list := []map[string]any{}
	for _, t := range w.Tasks() {
		list = append(list, map[string]any{
			"id": t.GID, "status": t.Status, "client": t.Client, "progress": int(t.Progress), "updated_at": t.Updated.UTC().Format(time.RFC3339Nano),
		})
	}
	return map[string]any{"total_tasks": len(list), "tasks": list}
}

func readQueries(w *model.World) map[string]any {
	t := &w.Traffic
	return map[string]any{"queries": int(t.Queries), "slow_queries": int(t.Slow), "n_plus_one": int(t.NPlusOne), "average_ms": t.QueryMS}
}

func readPools(w *model.World) map[string]any {
	p := &w.App.Pool
	return map[string]any{"active": int(p.Active), "max": int(p.Max), "wait_time_ms": p.WaitMS}
}

func readCache(w *model.World) map[string]any {
	return map[string]any{"hit_rate": w.HitRate(), "evictions": int(w.App.Cache.Evicted + w.Redis.Evicted), "size_bytes": int(w.App.Cache.SizeBytes)}
}

func (a *app) resetTask(w http.ResponseWriter, r *http.Request) {
	if !a.work(w, r) {
		return
	}
	id, known, done := r.PathValue("id"), false, false
	a.model.Change(func(world *model.World) {
		for _, t := range world.Tasks() {
			known = known || t.GID == id
		}
		done = world.ResetTask(id)
	})
	switch {
	case done:
		reply(w, http.StatusOK, map[string]any{"id": id, "status": "queued"})
	case known:
		reply(w, http.StatusNotFound, map[string]any{"error": "the client does not let go of task " + id})
	default:
		reply(w, http.StatusNotFound, map[string]any{"error": "no task " + id})
	}
}

func (a *app) clearCache(w http.ResponseWriter, r *http.Request) {
	if !a.work(w, r) {
		return
	}
	var freed float64
	a.model.Change(func(world *model.World) { freed = world.App.ClearCache() })
	reply(w, http.StatusOK, map[string]any{"cleared": true, "freed_bytes": int(freed)})
}

// reply writes body as JSON. A client that is gone is no fault of the service.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
