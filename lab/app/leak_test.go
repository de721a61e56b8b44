package main

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// cacheSize returns what the service says its cache takes.
func cacheSize(t *testing.T, server *httptest.Server) int64 {
	t.Helper()
	_, body := ask(t, server, "GET", "/api/performance/cache")
	size, ok := body["size_bytes"].(float64)
	if !ok {
		t.Fatalf("no size_bytes in %v", body)
	}
	return int64(size)
}

// waitFor polls until held is true, and fails the test after some seconds.
func waitFor(t *testing.T, what string, held func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !held(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for: %s", what)
		}
	}
}

func TestClearEndsALeakInTheCache(t *testing.T) {
	_, server := newTestService(t)
	ask(t, server, "POST", "/lab/leak?where=cache&rate=8MiB")
	waitFor(t, "the cache grows", func() bool { return cacheSize(t, server) >= 1<<20 })

	_, body := ask(t, server, "POST", "/api/cache/clear")
	if freed, ok := body["freed_bytes"].(float64); !ok || freed < 1<<20 {
		t.Errorf("freed %v", body)
	}
	time.Sleep(3 * leakInterval)
	if size := cacheSize(t, server); size != 0 {
		t.Errorf("%d bytes after clearing", size)
	}
}

func TestClearDoesNotEndALeakOutsideTheCache(t *testing.T) {
	s, server := newTestService(t)
	ask(t, server, "POST", "/lab/leak?where=heap&rate=8MiB")
	waitFor(t, "the heap grows", func() bool { return s.leak.heap.size() >= 1<<20 })

	ask(t, server, "POST", "/api/cache/clear")
	if size := cacheSize(t, server); size != 0 {
		t.Errorf("%d bytes in the cache", size)
	}
	before := s.leak.heap.size()
	waitFor(t, "the heap grows on", func() bool { return s.leak.heap.size() > before })

	ask(t, server, "POST", "/lab/leak?rate=0")
	stopped := s.leak.heap.size()
	time.Sleep(3 * leakInterval)
	if size := s.leak.heap.size(); size != stopped || size < before {
		t.Errorf("%d bytes after the stop, then %d", stopped, size)
	}
}

func TestLeakKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaker{max: 16 << 20}
		const rate = 4 << 20
		l.start(leakHeap, rate)
		time.Sleep(time.Second + leakInterval/2)
		l.start(leakNowhere, 0)
		if size := l.heap.size(); size != rate {
			t.Errorf("%d bytes in a second at %d a second", size, rate)
		}
		l.close()
	})
}

func TestLeakIsBounded(t *testing.T) {
	l := &leaker{max: 1 << 20}
	l.start(leakHeap, 1<<30)
	waitFor(t, "the bound is reached", func() bool { return l.heap.size() == 1<<20 })
	time.Sleep(3 * leakInterval)
	if size := l.heap.size(); size != 1<<20 {
		t.Errorf("%d bytes", size)
	}
	l.close()
	if size := l.heap.size(); size != 0 {
		t.Errorf("%d bytes after close", size)
	}
}

func TestHoardKeepsWhatIsLessThanAPage(t *testing.T) {
	var h hoard
	for range 3 {
		h.grow(pageSize / 2)
	}
	if h.size() != pageSize {
		t.Errorf("%d bytes of one and a half pages", h.size())
	}
	if freed := h.release(); freed != pageSize {
		t.Errorf("freed %d", freed)
	}
}
