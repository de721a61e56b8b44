package main

import (
	"log/slog"
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
		l := &leaker{log: slog.New(slog.DiscardHandler), max: 16 << 20}
		const rate = 4 << 20
		l.start(leakHeap, rate)
		time.Sleep(time.Second + leakInterval/2)
		l.start(leakNowhere, 0)
		if size := l.heap.size(); size != rate {
			t.Errorf("%d bytes in a second at %d a second", size, rate)
		}
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestLeakIsBounded(t *testing.T) {
	l := &leaker{log: slog.New(slog.DiscardHandler), max: 1 << 20}
	l.start(leakHeap, 1<<30)
	waitFor(t, "the bound is reached", func() bool { return l.heap.size() == 1<<20 })
	time.Sleep(3 * leakInterval)
	if size := l.heap.size(); size != 1<<20 {
		t.Errorf("%d bytes", size)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
	if size := l.heap.size(); size != 0 {
		t.Errorf("%d bytes after close", size)
	}
}

func TestHoardKeepsWhatIsLessThanAPage(t *testing.T) {
	var h hoard
	for range 3 {
		if err := h.grow(pageSize / 2); err != nil {
			t.Fatal(err)
		}
	}
	if h.size() != pageSize {
		t.Errorf("%d bytes of one and a half pages", h.size())
	}
	if freed, err := h.release(); freed != pageSize || err != nil {
		t.Errorf("freed %d, %v", freed, err)
	}
}

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		text string
		want byteSize
		ok   bool
	}{
		{"0", 0, true}, {"4096", 4096, true}, {"7B", 7, true}, {"512KiB", 512 << 10, true},
		{"4MiB", 4 << 20, true}, {"1.5GiB", 3 << 29, true},
		{"", 0, false}, {"-1", 0, false}, {"4MB", 0, false}, {"NaN", 0, false}, {"1e300", 0, false},
	} {
		got, err := parseSize(test.text)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseSize(%q) = %d, %v", test.text, got, err)
		}
	}
}
