package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func TestCheck(t *testing.T) {
	_, server := newTestService(t)
	url := server.URL + "/health"
	if code := run(t.Context(), []string{"-check", url}, io.Discard, io.Discard); code != 0 {
		t.Errorf("exit %d for a healthy service", code)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"-check", server.URL + "/nowhere"}, io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), "404") {
		t.Errorf("exit %d for a failing service: %s", code, &stderr)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if code := run(t.Context(), []string{"-check", gone.URL}, io.Discard, io.Discard); code != 1 {
		t.Errorf("exit %d for a refused port", code)
	}
	if code := run(t.Context(), []string{"-nonsense"}, io.Discard, io.Discard); code != 2 {
		t.Errorf("exit %d for a wrong flag", code)
	}
}

// syncBuffer is a buffer that may be read while it is written.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestServeUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log, stderr syncBuffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"-addr", "127.0.0.1:0", "-metrics-addr", "127.0.0.1:0"}, &log, &stderr)
	}()

	addresses := regexp.MustCompile(`api=(\S+) metrics=(\S+)`)
	var found []string
	waitFor(t, "the log tells the addresses", func() bool {
		found = addresses.FindStringSubmatch(log.String())
		return found != nil
	})
	for _, url := range []string{"http://" + found[1] + "/health", "http://" + found[2] + "/metrics"} {
		if err := check(t.Context(), url); err != nil {
			t.Error(err)
		}
	}
	stop()
	if code := <-exit; code != 0 {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

func TestServeOnATakenAddress(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	var stderr bytes.Buffer
	address := taken.Listener.Addr().String()
	code := run(t.Context(), []string{"-addr", address}, io.Discard, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), address) {
		t.Errorf("exit %d: %s", code, &stderr)
	}
}
