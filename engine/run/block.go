package run

import (
	"runbook/engine/event"
	"runbook/engine/plan"
)

// schedule knows which parts of a block may start. A part without `needs`
// waits for all above it; another for those it names.
type schedule struct {
	parts   []*plan.Step
	final   []bool
	begun   []bool
	pending []int   // needs not yet final, of parts that name them
	waiters [][]int // by need
	ready   []int
	prefix  int // all below it are final
}

func newSchedule(parts []*plan.Step) *schedule {
	s := &schedule{parts: parts, final: make([]bool, len(parts)), begun: make([]bool, len(parts))}
	for i, p := range parts {
		if p.AfterAll {
			continue
		}
		if s.pending == nil {
			s.pending, s.waiters = make([]int, len(parts)), make([][]int, len(parts))
		}
		s.pending[i] = len(p.Needs)
		for _, n := range p.Needs {
			s.waiters[n] = append(s.waiters[n], i)
		}
		if len(p.Needs) == 0 {
			s.offer(i)
		}
	}
	s.advance()
	return s
}

func (s *schedule) offer(i int) {
	if !s.begun[i] {
		s.begun[i] = true
		s.ready = append(s.ready, i)
	}
}

// advance offers the part that waits for all above it, if they are final.
func (s *schedule) advance() {
	for s.prefix < len(s.parts) && s.final[s.prefix] {
		s.prefix++
	}
	if s.prefix < len(s.parts) && s.parts[s.prefix].AfterAll {
		s.offer(s.prefix)
	}
}

func (s *schedule) finish(i int) {
	s.final[i] = true
	if s.waiters != nil {
		for _, w := range s.waiters[i] {
			if s.pending[w]--; s.pending[w] == 0 {
				s.offer(w)
			}
		}
	}
	s.advance()
}

// take returns the next part that may start, -1 if there is none now.
func (s *schedule) take() int {
	if len(s.ready) == 0 {
		return -1
	}
	i := s.ready[0]
	s.ready = s.ready[1:]
	return i
}

// block runs the parts of a block and returns how they ended together.
func (r *runner) block(in *instance, sc *scope) outcome {
	parts := in.step.Parts
	b := &blockRun{r: r, step: in.step, onFailure: in.step.OnFailure, scope: sc, schedule: newSchedule(parts), ends: make(chan partEnd)}
	if in.item { // that of a loop is about its items
		b.onFailure = plan.Stop
	}
	if r.DryRun {
		b.after = make([]string, len(parts))
	}
	for {
		i := b.schedule.take()
		switch {
		case i >= 0 && b.running == 0 && len(b.schedule.ready) == 0:
			b.ended(partEnd{i, b.part(i)})
		case i >= 0:
			b.running++
			go func() { b.ends <- partEnd{i, b.part(i)} }()
		case b.running > 0:
			e := <-b.ends
			b.running--
			b.ended(e)
		default:
			return b.total(in)
		}
	}
}

type partEnd struct {
	index int
	outcome
}

// blockRun is a block in progress; only its own goroutine changes it.
type blockRun struct {
	r         *runner
	step      *plan.Step
	onFailure plan.OnFailure
	scope     *scope
	schedule  *schedule
	ends      chan partEnd
	running   int
	after     []string // dry run: by part
	prefix    string   // dry run: the last change among all parts that ended
	first     *problem
	at        int // the part that first is of
	warned    bool
	missed    bool
	dry       dryEnds
}

// before reports whether the problem is told before another, and is the class of the
// container: not one that only another brought about; of the same kind the first of
// the file, whichever came first.
func (o outcome) before(other *problem, above bool) bool {
	p := o.problem
	if other == nil || other.state == event.Cancelled {
		return true
	}
	return p.partial && !other.partial || above && p.partial == other.partial && p.state == other.state
}

// dryEnds are the ends of the parts of a container in a dry run.
type dryEnds struct{ previewed, unknown bool }

func (d *dryEnds) add(s event.State) {
	d.previewed = d.previewed || s == event.Previewed
	d.unknown = d.unknown || s == event.Unknown
}

// state is what they make of the container: one of whose parts some are unknown was
// not executed.
func (d *dryEnds) state() event.State {
	if d.unknown && !d.previewed {
		return event.Unknown
	}
	return event.Passed
}

// part runs one part in the scope that it may see.
func (b *blockRun) part(i int) outcome {
	sc, done := b.r.partScope(b.onFailure, b.scope)
	defer done()
	if sc.bound.halted() || sc.phase == event.Finally && b.r.suspended() {
		return outcome{state: event.NotRun}
	}
	if b.after != nil {
		if after := b.upstream(i); after != sc.after {
			c := *sc
			c.after = after
			sc = &c
		}
	}
	return b.r.step(b.step.Parts[i], sc)
}

// partScope gives a part of a container under `continue` or `warn` a boundary
// of its own, up to which its failure rises.
func (r *runner) partScope(on plan.OnFailure, sc *scope) (*scope, func()) {
	if on != plan.Continue && on != plan.Warn {
		return sc, func() {}
	}
	c := *sc
	c.bound = newBoundary(r.hard, sc.bound)
	c.warns = sc.warns || on == plan.Warn
	return &c, c.bound.close
}

// upstream is the change that part i must wait for to know its effect.
func (b *blockRun) upstream(i int) string {
	p := b.step.Parts[i]
	if p.AfterAll {
		if b.prefix != "" {
			return b.prefix
		}
		return b.scope.after
	}
	for _, n := range p.Needs {
		if b.after[n] != "" {
			return b.after[n]
		}
	}
	return b.scope.after
}

func (b *blockRun) ended(e partEnd) {
	b.schedule.finish(e.index)
	if b.after != nil && e.after != "" {
		b.after[e.index], b.prefix = e.after, e.after
	}
	b.dry.add(e.state)
	switch {
	case e.bad():
		if e.before(b.first, e.index < b.at) {
			b.first, b.at = e.problem, e.index
		}
	case e.state == event.Warned:
		b.warned = true
	case e.state == event.NotRun:
		b.missed = true
	}
}

func (b *blockRun) total(in *instance) outcome {
	after := b.prefix
	switch {
	case b.first != nil && b.onFailure == plan.Warn && b.first.state == event.Failed && !b.first.partial:
		return outcome{state: event.Warned, after: after}
	case b.first != nil:
		return outcome{state: b.first.state, problem: b.first, after: after}
	case b.missed:
		return outcome{state: event.Cancelled, problem: &problem{state: event.Cancelled, path: in.path, title: in.name(), reason: "cancelled"}, after: after}
	case b.warned:
		return outcome{state: event.Warned, after: after}
	}
	return outcome{state: b.dry.state(), after: after}
}
