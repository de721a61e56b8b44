package clock

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func stepping(t *testing.T, pace float64) *Clock {
	t.Helper()
	c := Step(start, pace)
	t.Cleanup(func() { c.Close(); goleak.VerifyNone(t) })
	return c
}

func TestAnHourOfSleepIsAMoment(t *testing.T) {
	c := stepping(t, 0)
	began := time.Now()
	for range 60 {
		if err := c.Sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Now().Sub(start); got != time.Hour {
		t.Errorf("%v passed, want an hour exactly", got)
	}
	if took := time.Since(began); took > time.Minute { // one of the sixty
		t.Errorf("it took %v", took)
	}
}

func TestItStandsStillWhileSomebodyWorks(t *testing.T) {
	c := stepping(t, 0)
	done := c.Work()
	woken := make(chan struct{})
	go func() { _ = c.Sleep(context.Background(), time.Second); close(woken) }()
	select {
	case <-woken:
		t.Error("the clock went on")
	case <-time.After(20 * time.Millisecond):
	}
	if err := c.Pause(t.Context(), 500*time.Millisecond); err != nil || c.Now() != start.Add(500*time.Millisecond) {
		t.Errorf("after a pause: %v, %v", err, c.Now().Sub(start))
	}
	done()
	<-woken
}

func TestWakesInOrder(t *testing.T) {
	c := stepping(t, 0)
	var (
		mu   sync.Mutex
		seen []time.Duration
		all  sync.WaitGroup
	)
	for _, d := range []time.Duration{3, 1, 2} {
		hold := c.Work()
		all.Go(func() {
			_ = c.Pause(context.Background(), d*time.Second)
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, c.Now().Sub(start))
			hold()
		})
	}
	all.Wait()
	if want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(seen, want) {
		t.Errorf("woken at %v", seen)
	}
}

func TestADeadlineIsNoReasonToGoOn(t *testing.T) {
	c := stepping(t, 0)
	ctx, cancel := c.WithTimeout(t.Context(), time.Second)
	defer cancel()
	time.Sleep(20 * time.Millisecond)
	if ctx.Err() != nil || c.Now() != start {
		t.Fatalf("%v at %v", ctx.Err(), c.Now().Sub(start))
	}
	if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a sleep beyond the limit ended with %v", err)
	}
	child, stop := context.WithCancel(ctx)
	defer stop()
	<-child.Done()
	if child.Err() != context.DeadlineExceeded {
		t.Errorf("a context below it ended with %v", child.Err())
	}
}

func TestWhoHangsIsFreedByTheDeadline(t *testing.T) {
	c := stepping(t, 0)
	ctx, cancel := c.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := c.Work()
	defer done()
	if err := c.PauseForever(ctx); !errors.Is(err, context.DeadlineExceeded) || c.Now() != start.Add(30*time.Second) {
		t.Errorf("%v after %v", err, c.Now().Sub(start))
	}
}

func TestTheContextAroundEndsTheLimit(t *testing.T) {
	c := stepping(t, 0)
	around, cancel := context.WithCancel(t.Context())
	ctx, stop := c.WithTimeout(around, time.Hour)
	defer stop()
	cancel()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error(ctx.Err())
	}
	for range 1000 { // one that has ended gives no limit a moment to begin in
		late, stop := c.WithTimeout(around, time.Hour)
		if late.Err() == nil {
			t.Fatal("it has not ended")
		}
		stop()
	}
}

func TestEventsHappenOnTheWay(t *testing.T) {
	c := stepping(t, 0)
	at := make(chan time.Duration, 2)
	c.After(2*time.Second, func() { at <- c.Now().Sub(start) })
	stop := c.After(3*time.Second, func() { at <- -1 })
	stop()
	_ = c.Sleep(t.Context(), 10*time.Second)
	if got := <-at; got < 2*time.Second || got > 10*time.Second {
		t.Errorf("at %v", got)
	}
	if len(at) > 0 {
		t.Error("what was taken back happened")
	}
}

func TestPace(t *testing.T) {
	c := stepping(t, 100)
	began := time.Now()
	_ = c.Sleep(t.Context(), 10*time.Second)
	if took := time.Since(began); took < 90*time.Millisecond || took >= 10*time.Second {
		t.Errorf("10s at 100x took %v", took)
	}
	if c.Now() != start.Add(10*time.Second) {
		t.Errorf("it is %v", c.Now().Sub(start))
	}
}

func TestFlow(t *testing.T) {
	c := Flow(start, 1000)
	defer c.Close()
	began := time.Now()
	_ = c.Sleep(t.Context(), 50*time.Second)
	if took := time.Since(began); took < 45*time.Millisecond || took >= 50*time.Second {
		t.Errorf("50s at 1000x took %v", took)
	}
	before := c.Now()
	c.Advance(time.Hour)
	if got := c.Now().Sub(before); got < time.Hour || got > time.Hour+time.Hour/2 {
		t.Errorf("an hour later it is %v later", got)
	}
}

func TestCloseWakes(t *testing.T) {
	c := Step(start, 0.001)
	errs := make(chan error)
	go func() { errs <- c.Sleep(context.Background(), time.Hour) }()
	go func() { errs <- c.Hang(context.Background()) }()
	time.Sleep(5 * time.Millisecond)
	c.Close()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
