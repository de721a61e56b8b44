package action

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"
)

// Clients are the clients that one run holds. Runs that share them use the same
// client of the same target; it is closed once, when no run holds it any more.
type Clients struct {
	pool *pool
	held []*client // the last opened last
}

// pool is the open clients of all runs that share them.
type pool struct {
	mu   sync.Mutex
	open []*client
}

// client is an open client, and all by which it may differ from another.
type client struct {
	kind    string
	dryRun  bool
	confine *Confine
	clock   Clock
	target  Target

	value   any
	holders int
}

// NewClients returns the clients of a run that shares them with no other yet.
func NewClients() *Clients { return &Clients{pool: &pool{}} }

// Share returns the clients of another run, which shares them with that of c.
func (c *Clients) Share() *Clients { return &Clients{pool: c.pool} }

// Client returns the client of call's target, opened by open on first use. The
// client is closed, if it is an io.Closer, when the last run that used it closes
// its clients. open must not talk to the target: an address that does not answer
// is found by the action. It must not keep the call either, but for its target and
// its clock: another run uses the client as well. An error of open becomes a
// Failure that says what to correct.
func Client[T any](call Call, kind string, open func() (T, error)) (T, error) {
	c := call.Clients
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	same := func(o *client) bool {
		return o.kind == kind && o.dryRun == call.DryRun && o.confine == call.Confine && o.clock == call.Clock && reflect.DeepEqual(o.target, call.Target)
	}
	if i := slices.IndexFunc(c.held, same); i >= 0 {
		return c.held[i].value.(T), nil
	}
	i := slices.IndexFunc(c.pool.open, same)
	if i < 0 {
		value, err := open()
		if err != nil {
			var none T
			return none, call.misconfigured(kind, err)
		}
		i = len(c.pool.open)
		c.pool.open = append(c.pool.open, &client{kind: kind, dryRun: call.DryRun, confine: call.Confine, clock: call.Clock, target: call.Target, value: value})
	}
	one := c.pool.open[i]
	one.holders++
	c.held = append(c.held, one)
	return one.value.(T), nil
}

func (c Call) misconfigured(kind string, err error) error {
	where := kind
	if c.Target.Address != "" {
		where += " at " + c.Target.Address
	}
	return &Failure{
		Applied: AppliedNot, Final: true, Err: err, What: err.Error(), Where: where, Tried: "nothing was sent",
		Do: []string{"correct the target " + c.Target.Name + " in runbook.yaml"},
	}
}

// Close lets go of every client, the last opened first, and closes those that no
// other run holds.
func (c *Clients) Close() error {
	c.pool.mu.Lock()
	var unused []*client
	for _, one := range slices.Backward(c.held) {
		if one.holders--; one.holders == 0 {
			unused = append(unused, one)
		}
	}
	c.held = nil
	c.pool.open = slices.DeleteFunc(c.pool.open, func(o *client) bool { return o.holders == 0 })
	c.pool.mu.Unlock()
	var errs []error
	for _, one := range unused {
		if closer, ok := one.value.(io.Closer); ok {
			errs = append(errs, closer.Close())
		}
	}
	return errors.Join(errs...)
}
