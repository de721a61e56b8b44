package gate

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/lab/clock"
)

// lab is an HTTP target behind a gate, and a client of it.
type lab struct {
	*Gate
	log     *Log
	url     string
	client  *http.Client
	changes atomic.Int32
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	l := &lab{log: &Log{}, client: &http.Client{Transport: &http.Transport{}}}
	l.Gate = New("http", c, l.log)
	address, err := l.Serve("tcp", "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = VisitOf(r).Pause(r.Context(), 41*time.Millisecond)
		if r.Method == http.MethodPost {
			l.changes.Add(1)
		}
		_, _ = io.WriteString(w, "ok")
	}), ByMethod)
	if err != nil {
		t.Fatal(err)
	}
	l.url = "http://" + address.String()
	t.Cleanup(func() {
		l.client.CloseIdleConnections()
		l.Close()
		c.Close()
		goleak.VerifyNone(t)
	})
	return l
}

func (l *lab) ask(ctx context.Context, method string) error {
	request, err := http.NewRequestWithContext(ctx, method, l.url+"/health", nil)
	if err != nil {
		return err
	}
	response, err := l.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func TestLatencyIsTimeOfTheLab(t *testing.T) {
	l := newLab(t)
	before := l.Clock().Now()
	if err := l.ask(t.Context(), "GET"); err != nil {
		t.Fatal(err)
	}
	if took := l.Clock().Now().Sub(before); took != 41*time.Millisecond {
		t.Errorf("the request took %v", took)
	}
}

func TestCountsChanges(t *testing.T) {
	l := newLab(t)
	for _, method := range []string{"GET", "POST", "HEAD"} {
		if err := l.ask(t.Context(), method); err != nil {
			t.Fatal(err)
		}
	}
	all, mutations := l.log.Calls()
	if all != 3 || len(mutations) != 1 || mutations[0].Name != "POST /health" || mutations[0].Target != "http" {
		t.Errorf("%d calls, changes %v", all, mutations)
	}
}

func TestGoneIsRefusedAndComesBack(t *testing.T) {
	l := newLab(t)
	for range 3 {
		if err := l.ask(t.Context(), "GET"); err != nil {
			t.Fatal(err)
		}
		l.SetGone(true)
		if err := l.ask(t.Context(), "GET"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("while it is gone: %v", err)
		}
		l.SetGone(false)
	}
}

func TestALostReplyIsOfAChangeThatHappened(t *testing.T) {
	l := newLab(t)
	l.LoseReplies(1)
	if err := l.ask(t.Context(), "GET"); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := l.ask(t.Context(), "POST"); err == nil || l.changes.Load() != 1 {
		t.Errorf("a change: %v, %d made", err, l.changes.Load())
	}
	if err := l.ask(t.Context(), "POST"); err != nil || l.changes.Load() != 2 {
		t.Errorf("the next change: %v, %d made", err, l.changes.Load())
	}
}

func TestHangingLastsToTheLimitOfTheClient(t *testing.T) {
	l := newLab(t)
	l.SetHanging(true)
	before := l.Clock().Now()
	ctx, cancel := l.Clock().WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := l.ask(ctx, "GET"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	if took := l.Clock().Now().Sub(before); took != 30*time.Second {
		t.Errorf("after %v", took)
	}
	go func() { time.Sleep(10 * time.Millisecond); l.SetHanging(false) }()
	if err := l.ask(t.Context(), "GET"); err != nil {
		t.Errorf("freed: %v", err)
	}
}
