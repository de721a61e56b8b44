package main

import (
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// serviceOptions are what a service is made with.
type serviceOptions struct {
	log     *slog.Logger
	maxLeak int64 // bytes
}

// service is the model of the download service: its state, and the faults that
// are switched on. All its handlers share it.
type service struct {
	log       *slog.Logger
	started   time.Time
	requests  *requests
	cache     *cache
	pool      *pool
	queries   *queries
	downloads *downloads
	leak      *leaker
	latency   atomic.Int64 // nanoseconds that each answer is late
	status    atomic.Int64 // status that every answer has instead, or 0
}

func newService(options serviceOptions) *service {
	return &service{
		log:       options.log,
		started:   time.Now(),
		requests:  newRequests(),
		cache:     newCache(),
		pool:      newPool(),
		queries:   &queries{},
		downloads: newDownloads(),
		leak:      &leaker{log: options.log, max: options.maxLeak},
	}
}

// close ends what goes on in the background and frees what has leaked.
func (s *service) close() {
	if err := s.leak.close(); err != nil {
		s.log.Error("cannot free memory", "error", err)
	}
}

// handler serves the API, through the faults, and the switches, around them.
func (s *service) handler() http.Handler {
	api, switches := s.faulty(s.api()), s.switches()
	return s.requests.count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, labPrefix) {
			switches.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}))
}

// faulty lets requests reach next over a connection of the pool, late or not
// at all when such a fault is on.
func (s *service) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.pool.acquire(r.Context()); err != nil {
			return
		}
		defer s.pool.release()
		started := time.Now()
		defer func() { s.queries.observe(time.Since(started)) }()

		if late := time.Duration(s.latency.Load()); late > 0 {
			timer := time.NewTimer(late)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		if status := int(s.status.Load()); status != 0 {
			answerError(w, status, "the switch /lab/fail is on")
			return
		}
		next.ServeHTTP(w, r)
	})
}
