package plan

import (
	"cmp"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// pace is how long the steps of a plan take, by what is known of them: when it is
// compiled, or when a run begins.
type pace struct {
	numbers *Decided
	takes   func(*Operation) time.Duration // at least, by the parameters of an operation
}

// ofFile is the pace by what stands in the file.
func ofFile(p *Plan) pace {
	return pace{numbers: p.Fixed(), takes: func(op *Operation) time.Duration { return op.takes }}
}

// timely warns of a timeout that ends before what the step does can, and of a `within`
// that looks once.
func (c *compiler) timely(n *node) {
	if text := looksOnce(n.step); text != "" {
		c.warn(CodeShortTimeout, n.tree.Within.Node, text, "write a longer `within`, or a shorter `every`")
	}
	c.short(n.tree.Timeout, ofFile(c.plan).short(n.step))
}

// short warns of a limit that is shorter than what it bounds.
func (c *compiler) short(limit yaml.Duration, text string) {
	if text != "" {
		c.warn(CodeShortTimeout, limit.Node, text+" "+limit.Node.Text,
			"raise the timeout, or remove it: without one what the parameters take is added to the limit")
	}
}

// looksOnce says of a step that there is no time for a second look; "" where there is.
func looksOnce(s *Step) string {
	if w := s.Within; w == nil || w.Limit == 0 || s.Open("every") && s.planned == nil || w.Every <= w.Limit {
		return ""
	}
	return fmt.Sprintf("it looks once: `within` ends before the pause between looks, which is %s", schema.FormatDuration(s.Within.Every))
}

// short says what of a step takes longer than its timeout, which is to follow; "" for
// nothing.
func (p pace) short(s *Step) string {
	s = p.numbers.Step(s)
	limit := s.Timeout
	over := func(takes time.Duration, what string) string {
		if limit == 0 || takes <= limit {
			return ""
		}
		return fmt.Sprintf(what, schema.FormatDuration(takes))
	}
	for _, op := range []*Operation{s.Op, s.Observe} {
		if op == nil {
			continue
		}
		if text := over(p.takes(op), op.Action.Name+" may take %s by its parameters, and ends after"); text != "" {
			return text
		}
	}
	text := over(p.step(s), "what stands in this step may take %s by its parameters, and ends after")
	if s.Within != nil {
		text = cmp.Or(text, over(s.Within.Limit, "`within` may take %s, and the step ends after"))
	}
	if s.Retry != nil {
		text = cmp.Or(text, over(s.Retry.pauses(limit), "the pauses of `retry` may take %s, and the step ends after"))
	}
	return text
}

// all is how long the steps of a plan take.
func (p pace) all(of *Plan) time.Duration { return p.step(of.Prerequisites) + p.step(of.Steps) }

// Tight says of a run which of its limits end before what they bound, as far as that
// could not be told of the playbook alone: it depends on what leaf gives.
func (d *Decided) Tight(of *Plan, leaf func(*Value) (any, error)) (all []string) {
	static := ofFile(of)
	live := pace{numbers: d, takes: func(op *Operation) time.Duration {
		values, err := op.Params.Fill(leaf)
		if err != nil {
			return op.takes
		}
		given, _ := values.(map[string]any)
		b, err := op.Action.Decode(given, action.Target{})
		if err != nil {
			return op.takes
		}
		return b.Takes
	}}
	add := func(where string, limit time.Duration, text, known string) {
		if text != "" && known == "" {
			all = append(all, fmt.Sprintf("%s: %s %s", where, text, schema.FormatDuration(limit)))
		}
	}
	for _, s := range of.order {
		for _, one := range s.WithUndo() {
			own := d.Step(one)
			add("step "+one.Path, own.Timeout, live.short(one), static.short(one))
			if text := looksOnce(own); text != "" && looksOnce(one) == "" {
				all = append(all, "step "+one.Path+": "+text)
			}
		}
	}
	whole := func(p pace) string {
		if takes := p.all(of); p.numbers.Timeout > 0 && takes > p.numbers.Timeout {
			return fmt.Sprintf(wholeTakes, schema.FormatDuration(takes))
		}
		return ""
	}
	add("the playbook", d.Timeout, whole(live), whole(static))
	return all
}

const wholeTakes = "what stands in this playbook may take %s by its parameters, and ends after"

// step is how long the step takes at least by the parameters that are known: those
// of its parts one after the other as they wait for each other. What may be skipped, as
// a remedy, takes nothing.
func (p pace) step(s *Step) time.Duration {
	s = p.numbers.Step(s)
	var own time.Duration
	switch {
	case s.When != nil || s.Remedy > 0:
		return 0
	case s.Op != nil:
		own = p.takes(s.Op)
	case s.Call != nil:
		own = s.Call.Plan.takes
	case s.Body == BodyBlock:
		own = p.path(s)
	}
	if s.Observe != nil {
		own += p.takes(s.Observe)
	}
	if s.Loop == nil {
		return own
	}
	items := time.Duration(len(s.Loop.Items.List))
	side := time.Duration(s.Loop.MaxParallel)
	if s.Open("max_parallel") && s.planned == nil { // all at once, at best
		side = max(1, items)
	}
	return own * ((items + side - 1) / side)
}

// path is how long those parts take that wait for each other longest.
func (p pace) path(s *Step) (longest time.Duration) {
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
		ends[i] += p.step(s.Parts[i])
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
