package main

import (
	"maps"
	"net/http"
	"strings"
	"sync"
)

// maxRequestKeys bounds the memory of requests; what comes after is counted
// under the key "other".
const maxRequestKeys = 1000

// requests counts what was asked of the service, by method and path, so that a
// test can prove that something was not asked. It is safe for concurrent use.
type requests struct {
	mu     sync.Mutex
	counts map[string]int64
}

func newRequests() *requests { return &requests{counts: map[string]int64{}} }

func (r *requests) add(method, path string) {
	key := method + " " + path
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.counts[key]; !known && len(r.counts) >= maxRequestKeys {
		key = "other"
	}
	r.counts[key]++
}

func (r *requests) read() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

// count counts every request before it reaches next, except those that ask
// for the counts.
func (r *requests) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if path := request.URL.Path; path != requestsPath {
			r.add(request.Method, strings.Clone(path))
		}
		next.ServeHTTP(w, request)
	})
}
