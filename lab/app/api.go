package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// api serves what the real service serves.
func (s *service) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /api/health", s.health)
	mux.HandleFunc("GET /api/status", s.showStatus)
	mux.HandleFunc("GET /api/tasks", s.showDownloads)
	mux.HandleFunc("POST /api/reset-task/{id}", s.resetDownload)
	mux.HandleFunc("GET /api/performance/cache", s.showCache)
	mux.HandleFunc("GET /api/performance/queries", s.showQueries)
	mux.HandleFunc("GET /api/performance/pools", s.showPools)
	mux.HandleFunc("POST /api/cache/clear", s.clearCache)
	return mux
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"status": "healthy"})
}

func (s *service) showStatus(w http.ResponseWriter, _ *http.Request) {
	s.cache.lookUp("status")
	answer(w, http.StatusOK, map[string]any{
		"status":         "running",
		"version":        version,
		"started_at":     s.started.UTC().Format(time.RFC3339Nano),
		"uptime_seconds": time.Since(s.started).Seconds(),
	})
}

func (s *service) showDownloads(w http.ResponseWriter, _ *http.Request) {
	s.cache.lookUp("tasks")
	list := s.downloads.all()
	answer(w, http.StatusOK, map[string]any{"total_tasks": len(list), "tasks": list})
}

func (s *service) resetDownload(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !s.downloads.reset(id) {
		answerError(w, http.StatusNotFound, "no task "+id)
		return
	}
	answer(w, http.StatusOK, map[string]any{"id": id, "status": "queued"})
}

func (s *service) showCache(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"hit_rate": s.cache.hitRate(), "evictions": 0, "size_bytes": s.leak.cache.size()})
}

func (s *service) showQueries(w http.ResponseWriter, _ *http.Request) {
	stats := s.queries.read()
	answer(w, http.StatusOK, map[string]any{"queries": stats.count, "slow_queries": stats.slow, "n_plus_one": 0})
}

func (s *service) showPools(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"active": s.pool.active(), "max": poolSize, "wait_time_ms": s.pool.averageWaitMs(),
	})
}

func (s *service) clearCache(w http.ResponseWriter, _ *http.Request) {
	s.cache.clear()
	freed := s.leak.clearCache()
	s.log.Info("cache cleared", "freed_bytes", freed)
	answer(w, http.StatusOK, map[string]any{"cleared": true, "freed_bytes": freed})
}

// answer writes body as JSON. A client that is gone is no fault of the service.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func answerError(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"error": message})
}
