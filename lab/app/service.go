package main

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// service is the model of the download service: its state, and the leak that is
// switched on. All its handlers share it.
type service struct {
	log       *slog.Logger
	started   time.Time
	requests  *requests
	cache     *cache
	pool      *pool
	queries   *queries
	downloads *downloads
	leak      *leaker
}

// newService returns a service whose leaks take at most so many bytes.
func newService(log *slog.Logger, maxLeak int64) *service {
	return &service{
		log:       log,
		started:   time.Now(),
		requests:  newRequests(),
		cache:     newCache(),
		pool:      newPool(),
		queries:   &queries{},
		downloads: newDownloads(),
		leak:      &leaker{max: maxLeak},
	}
}

// handler serves the API, and beside it the switches.
func (s *service) handler() http.Handler {
	api, switches := s.pooled(s.api()), s.switches()
	return s.requests.count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, labPrefix) {
			switches.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}))
}

// pooled lets requests reach next over a connection of the pool.
func (s *service) pooled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.pool.acquire(r.Context()); err != nil {
			return
		}
		defer s.pool.release()
		started := time.Now()
		defer func() { s.queries.observe(time.Since(started)) }()
		next.ServeHTTP(w, r)
	})
}
