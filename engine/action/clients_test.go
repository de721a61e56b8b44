package action_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// closing is a client that notes in order which were closed.
type closing struct {
	name   string
	closed *[]string
}

func (c *closing) Close() error {
	*c.closed = append(*c.closed, c.name)
	if c.name == "broken" {
		return errors.New("it does not close")
	}
	return nil
}

func TestClientsAreSharedAndClosedOnce(t *testing.T) {
	var opened, closed []string
	box := action.Target{Name: "box", Kind: "box", Config: map[string]any{"url": "http://a", "password": schema.NewSecret("p", "one")}}
	get := func(c *action.Clients, name string, target action.Target, dry bool) *closing {
		t.Helper()
		got, err := action.Client(action.Call{Clients: c, Target: target, DryRun: dry}, "box", func() (*closing, error) {
			opened = append(opened, name)
			return &closing{name, &closed}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	other := box
	other.Config = map[string]any{"url": "http://a", "password": schema.NewSecret("p", "two")}
	same := box
	same.Config = map[string]any{"url": "http://a", "password": schema.NewSecret("p", "one")}
	reads := box
	reads.Reads = []action.RequestRule{{RPC: "version"}}

	first := action.NewClients()
	second := first.Share()
	if get(first, "a", box, false) != get(second, "b", same, false) || get(first, "c", box, false) == nil {
		t.Error("two runs have two clients of one target")
	}
	get(first, "dry", box, true)
	get(second, "other password", other, false)
	get(second, "other reads", reads, false)
	if want := []string{"a", "dry", "other password", "other reads"}; !slices.Equal(opened, want) {
		t.Errorf("opened %q, want %q", opened, want)
	}
	if err := first.Close(); err != nil || !slices.Equal(closed, []string{"dry"}) {
		t.Errorf("after the first run: %q, %v", closed, err)
	}
	get(second, "not again", box, false)
	if err := errors.Join(second.Close(), second.Close()); err != nil || !slices.Equal(closed, []string{"dry", "other reads", "other password", "a"}) {
		t.Errorf("after the second: %q, %v", closed, err)
	}
	third := second.Share()
	if got := get(third, "broken", box, false); got.name != "broken" {
		t.Errorf("a closed client %q is given out", got.name)
	}
	if err := third.Close(); err == nil {
		t.Error("an error of closing is lost")
	}
	failed := errors.New("no address")
	if _, err := action.Client(action.Call{Clients: third, Target: box}, "box", func() (*closing, error) { return nil, failed }); !errors.Is(err, failed) || third.Close() != nil {
		t.Errorf("a client that cannot be opened: %v", err)
	}
}

func TestClientsOfManyRuns(t *testing.T) {
	all := action.NewClients()
	var mu sync.Mutex
	open, most := 0, 0
	var runs sync.WaitGroup
	for range 50 {
		runs.Go(func() {
			mine := all.Share()
			c, err := action.Client(action.Call{Clients: mine}, "x", func() (*counted, error) {
				mu.Lock()
				defer mu.Unlock()
				open++
				most = max(most, open)
				return &counted{end: func() { mu.Lock(); open--; mu.Unlock() }}, nil
			})
			if err != nil || c.closed {
				t.Error("a closed client")
			}
			if err := mine.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	if open != 0 || most == 0 {
		t.Errorf("%d clients are left, %d at most", open, most)
	}
}

// counted is a client that may be closed once.
type counted struct {
	end    func()
	closed bool
}

func (c *counted) Close() error {
	if c.closed {
		return errors.New("closed twice")
	}
	c.closed = true
	c.end()
	return nil
}
