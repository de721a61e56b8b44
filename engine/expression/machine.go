package expression

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"runbook/engine/schema"
)

const (
	defaultSteps = 1_000_000
	defaultTime  = time.Second
	checkEvery   = 256 // steps between two looks at the clock

	maxText = 1 << 20 // bytes of a text that an expression makes
	maxList = 100_000 // elements of a list that an expression makes
)

var (
	errBudget = errors.New("the expression takes too many steps")
	errTime   = errors.New("the expression takes too long")
	errText   = fmt.Errorf("the text is longer than %d bytes", maxText)
	errList   = fmt.Errorf("the list has more than %d elements", maxList)

	// errShort ends a chain whose ?. met nil.
	errShort = errors.New("nil, then ?. on it")
)

// machine evaluates nodes on values.
type machine struct {
	ctx      context.Context
	values   Values
	places   func() *places
	left     int // steps that may still be taken
	deadline time.Time

	items    []item // of the predicates around, innermost last
	locals   []any
	trace    map[*node]traced // what was evaluated outside of predicates, and for the elements that decided; nil: not recorded
	depth    int              // of the predicates whose parts are recorded now
	warnings []string
}

// item is the element that a predicate is evaluated for.
type item struct {
	value any
	index int
}

// traced is what became of a node.
type traced struct {
	value any
	err   error
	item  *item // of a predicate: the element that decided
}

func (e *Expr) machine(ctx context.Context, v Values, lim Limits) *machine {
	m := &machine{ctx: ctx, values: v, left: lim.Steps, deadline: lim.Deadline}
	m.places = func() *places { return newPlaces(e.source) }
	if m.left <= 0 {
		m.left = defaultSteps
	}
	return m
}

// Eval returns the value of the expression: a playbook value, in a dry run also
// a schema.Unknown or a value that holds some.
func (e *Expr) Eval(ctx context.Context, v Values, lim Limits) (any, error) {
	return e.result(e.machine(ctx, v, lim))
}

func (e *Expr) result(m *machine) (any, error) {
	if err := m.ctx.Err(); err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", quoted(e.source), err)
	}
	got, err := m.eval(e.root)
	if err != nil {
		return nil, err
	}
	switch got.(type) {
	case bool, schema.Unknown:
	case Object:
		return nil, fmt.Errorf("%s is no value by itself: read one of its fields", quoted(e.source))
	default:
		if e.want == schema.Bool {
			return nil, fmt.Errorf("a condition is true or false, %s is %s", quoted(e.source), described(got))
		}
	}
	return got, nil
}

// spend takes n steps, and now and then looks whether to stop.
func (m *machine) spend(n int) error {
	before := m.left
	m.left -= n
	if m.left < 0 {
		return errBudget
	}
	if before/checkEvery == m.left/checkEvery {
		return nil
	}
	if err := m.ctx.Err(); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	now := time.Now()
	if m.deadline.IsZero() {
		m.deadline = now.Add(defaultTime)
	}
	if now.After(m.deadline) {
		return errTime
	}
	return nil
}

func (m *machine) eval(n *node) (any, error) {
	if n.op == opConst {
		return n.value, nil
	}
	if err := m.spend(1); err != nil {
		return nil, err
	}
	v, err := m.step(n)
	if err != nil {
		v = nil
		if u, unknown := errors.AsType[*unknownError](err); unknown {
			v, err = u.Unknown, nil
		}
	}
	if m.trace != nil && len(m.items) == m.depth {
		m.trace[n] = traced{value: v, err: err}
	}
	return v, err
}

// known evaluates n. That its value is not known is an error.
func (m *machine) known(n *node) (any, error) {
	v, err := m.eval(n)
	if u, unknown := v.(schema.Unknown); unknown {
		return nil, &unknownError{derived(u)}
	}
	return v, err
}

func (m *machine) step(n *node) (any, error) {
	switch n.op {
	case opName:
		if v, ok := m.values.Name(n.name); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s has no value here", quoted(n.name))
	case opStep:
		if v, ok := m.values.Step(n.name); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s has no value here", quoted("steps."+n.name))
	case opMember:
		return m.member(n)
	case opIndex:
		return m.index(n)
	case opSlice:
		return m.slice(n)
	case opChain:
		v, err := m.eval(n.a)
		if errors.Is(err, errShort) {
			return nil, nil
		}
		return v, err
	case opNot, opNegate, opPlus:
		return m.unary(n)
	case opAnd, opOr:
		return m.logic(n)
	case opCoalesce:
		if v, err := m.known(n.a); err != nil || v != nil {
			return v, err
		}
		return m.eval(n.b)
	case opIf:
		return m.conditional(n)
	case opList:
		return m.all(n.kids)
	case opMap:
		return m.object(n)
	case opCall:
		return m.call(n)
	case opLoop:
		return m.loop(n)
	case opItem:
		return m.items[len(m.items)-1].value, nil
	case opCount:
		return m.items[len(m.items)-1].index, nil
	case opLocal:
		return m.locals[n.slot], nil
	case opLet:
		return m.let(n)
	}
	return m.binary(n)
}

func (m *machine) let(n *node) (any, error) {
	v, err := m.eval(n.a)
	if err != nil {
		return nil, err
	}
	m.locals = append(m.locals, v)
	defer func() { m.locals = m.locals[:len(m.locals)-1] }()
	return m.eval(n.b)
}

// logic evaluates `and` and `or`. One side that decides is enough, also beside
// an unknown one.
func (m *machine) logic(n *node) (any, error) {
	decides := n.op == opOr
	left, err := m.truth(n.a)
	if err == nil && left == decides || fails(err) {
		return left, err
	}
	right, later := m.truth(n.b)
	if later == nil && (err == nil || right == decides) {
		return right, nil
	}
	return nil, sooner(err, later)
}

// stops reports whether err ends the evaluation even beside an unknown.
func stops(err error) bool {
	return err != nil && (errors.Is(err, errBudget) || errors.Is(err, errTime) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// truth evaluates a condition.
func (m *machine) truth(n *node) (bool, error) {
	v, err := m.known(n)
	holds, ok := v.(bool)
	if err == nil && !ok {
		err = fmt.Errorf("a condition is true or false, %s is %s", m.text(n), described(v))
	}
	return holds, err
}

// conditional evaluates a ? b : c. Where the condition is not known, what both
// ways agree on is.
func (m *machine) conditional(n *node) (any, error) {
	holds, err := m.truth(n.kids[0])
	switch {
	case fails(err):
		return nil, err
	case err == nil && holds:
		return m.eval(n.kids[1])
	case err == nil:
		return m.eval(n.kids[2])
	}
	yes, errYes := m.eval(n.kids[1])
	no, errNo := m.eval(n.kids[2])
	if errYes == nil && errNo == nil && schema.Same(yes, no) {
		return yes, nil
	}
	return nil, sooner(sooner(err, errYes), errNo)
}

func (m *machine) unary(n *node) (any, error) {
	if n.op == opNot {
		holds, err := m.truth(n.a)
		return !holds, err
	}
	v, err := m.known(n.a)
	if err != nil {
		return nil, err
	}
	if size, ok := v.(schema.Size); ok {
		v = int(size)
	}
	if n.op == opNegate {
		v, err = negate(v)
	} else if kindsOf(kindOf(v))&(isNumeric|isDuration) == 0 {
		err = fmt.Errorf("it is %s", described(v))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.text(n), err)
	}
	return v, nil
}

// binary evaluates an operator that needs both sides.
func (m *machine) binary(n *node) (any, error) {
	a, err := m.known(n.a)
	if fails(err) {
		return nil, err
	}
	b, later := m.known(n.b)
	if err = sooner(err, later); err != nil {
		return nil, err
	}
	v, err := m.operate(n, a, b)
	if fails(err) && !stops(err) {
		err = fmt.Errorf("%s: %w", m.text(n), err)
	}
	return v, err
}

func (m *machine) operate(n *node, a, b any) (any, error) {
	switch n.op {
	case opEqual, opNotEqual:
		same, err := m.equal(a, b)
		return same == (n.op == opEqual), err
	case opLess, opLessEqual:
		return below(a, b, n.op == opLessEqual)
	case opMore, opMoreEqual:
		return below(b, a, n.op == opMoreEqual)
	case opIn:
		return m.in(a, b)
	case opMatches, opContains, opStartsWith, opEndsWith:
		return m.search(n, a, b)
	case opRange:
		return m.span(a, b)
	}
	v, err := compute(n.op, a, b)
	if text, ok := v.(string); ok {
		err = m.spend(len(text) / 16)
	}
	return v, err
}

func (m *machine) search(n *node, a, b any) (any, error) {
	text, ok := a.(string)
	part, ok2 := b.(string)
	if !ok || !ok2 {
		return nil, unlike(a, b)
	}
	cost := len(text) / 64
	if n.op == opMatches {
		cost = len(text) / 2
	}
	if err := m.spend(cost); err != nil {
		return nil, err
	}
	switch n.op {
	case opContains:
		return strings.Contains(text, part), nil
	case opStartsWith:
		return strings.HasPrefix(text, part), nil
	case opEndsWith:
		return strings.HasSuffix(text, part), nil
	}
	re, ok := n.value.(*regexp.Regexp)
	if !ok {
		var err error
		if re, err = regexp.Compile(part); err != nil {
			return nil, fmt.Errorf("%s is no regular expression: %w", quoted(part), err)
		}
	}
	return re.MatchString(text), nil
}

// text returns the source of n, quoted for a message.
func (m *machine) text(n *node) string {
	p := m.places()
	from, to := p.of(n)
	return quoted(p.text(from, to))
}
