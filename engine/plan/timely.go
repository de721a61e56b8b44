package plan

import (
	"fmt"
	"time"

	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// timely warns of a timeout that ends before what the step does can.
func (c *compiler) timely(n *node) {
	limit, s := n.tree.Timeout, n.step
	if !limit.Set() {
		return
	}
	for _, op := range []*Operation{s.Op, s.Observe} {
		if op != nil && c.short(limit, op.takes, op.Action.Name+" may take %s by its parameters, and ends after %s") {
			return
		}
	}
	if c.short(limit, s.takes(), "what stands in this step may take %s by its parameters, and ends after %s") {
		return
	}
	if s.Within != nil && c.short(limit, s.Within.Limit, "`within` may take %s, and the step ends after %s") || s.Retry == nil {
		return
	}
	c.short(limit, s.Retry.pauses(limit.Value), "the pauses of `retry` may take %s, and the step ends after %s")
}

// short warns of a limit that is shorter than what it bounds.
func (c *compiler) short(limit yaml.Duration, takes time.Duration, message string) bool {
	if !limit.Set() || takes <= limit.Value {
		return false
	}
	c.warn(CodeShortTimeout, limit.Node, fmt.Sprintf(message, schema.FormatDuration(takes), limit.Node.Text),
		"raise the timeout, or remove it: without one what the parameters take is added to the limit")
	return true
}

// takes is how long the step takes at least by the parameters that are constant: those
// of its parts one after the other as they wait for each other. What may be skipped, as
// a remedy, takes nothing.
func (s *Step) takes() time.Duration {
	var own time.Duration
	switch {
	case s.When != nil || s.Remedy > 0:
		return 0
	case s.Op != nil:
		own = s.Op.takes
	case s.Call != nil:
		own = s.Call.Plan.takes
	case s.Body == BodyBlock:
		own = s.path()
	}
	if s.Observe != nil {
		own += s.Observe.takes
	}
	if s.Loop == nil {
		return own
	}
	items := time.Duration(len(s.Loop.Items.List))
	side := time.Duration(s.Loop.MaxParallel)
	return own * ((items + side - 1) / side)
}

// path is how long those parts take that wait for each other longest.
func (s *Step) path() (longest time.Duration) {
	ends := make([]time.Duration, len(s.Parts))
	over := make([]bool, len(s.Parts))
	var end func(i int) time.Duration
	end = func(i int) time.Duration {
		if over[i] {
			return ends[i]
		}
		over[i] = true
		for _, need := range s.Parts[i].Awaits() {
			ends[i] = max(ends[i], end(need))
		}
		ends[i] += s.Parts[i].takes()
		return ends[i]
	}
	for i := range s.Parts {
		longest = max(longest, end(i))
	}
	return longest
}

// pauses are those between all attempts, as far as they matter beside a limit.
func (r *Retry) pauses(limit time.Duration) (sum time.Duration) {
	pause := r.Delay
	for range r.Attempts - 1 {
		if sum += pause; sum > limit {
			break
		}
		if r.Exponential {
			pause *= 2
		}
		if r.MaxDelay > 0 {
			pause = min(pause, r.MaxDelay)
		}
	}
	return sum
}
