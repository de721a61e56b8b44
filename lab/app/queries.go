package main

import (
	"sync"
	"time"
)

// slowQuery is the duration above which a query counts as slow.
const slowQuery = 100 * time.Millisecond

// queryBuckets are the upper bounds of the histogram of durations, in seconds.
var queryBuckets = [...]float64{0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5}

// queryStats is what a service tells about the queries it has made.
type queryStats struct {
	buckets [len(queryBuckets)]int64 // cumulative, as Prometheus wants them
	count   int64
	slow    int64
	seconds float64
}

// queries counts queries by their duration. It is safe for concurrent use.
type queries struct {
	mu    sync.Mutex
	stats queryStats
}

func (q *queries) observe(took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.count++
	q.stats.seconds += took.Seconds()
	if took > slowQuery {
		q.stats.slow++
	}
	for i, bound := range queryBuckets {
		if took.Seconds() <= bound {
			q.stats.buckets[i]++
		}
	}
}

func (q *queries) read() queryStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}
