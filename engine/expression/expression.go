// Package expression turns the text of ${{ }} into a typed, immutable Expr or
// Template, and evaluates it: on the values of a live run, or on values that a
// dry run cannot know.
//
// The syntax is that of expr-lang, whose parser is used. Types, evaluation and
// explanation are our own walk over its tree, because one evaluator must know
// unknowns, optional values, secrets, a budget and a deadline.
package expression

import (
	"slices"
	"sync"
	"time"

	"runbook/engine/schema"
)

// Env says what an expression may refer to. Its functions are called once for
// each reference, so that the cost of an expression does not grow with the
// playbook.
type Env struct {
	// Name gives the type of a top-level name; nil if there is none.
	Name  func(name string) *schema.Type
	Names []string // all of them, for "did you mean"
	// Near gives the word that may be meant, "" for none; nil: diag.Nearest.
	Near func(word string, from []string) string
	// Step gives the type of steps.<id>, an Object, or the problem with
	// referring to it. A nil Env.Step: no steps here.
	Step func(id string) (*schema.Type, *Problem)
	// PassedStep is the type of a step that is known to have passed, used
	// where its state was asked in the same expression. It may be nil.
	PassedStep func(id string) *schema.Type
	// Lacks says what to do to read a member that the type of a step does not have; ""
	// where that cannot be said. It may be nil.
	Lacks func(id, member string) string

	trying bool // a proposal is tried: no others are made
}

// Problem is a mistake in an expression. Offset and Length count characters of
// the source that was given to Compile or CompileTemplate.
type Problem struct {
	Code           string
	Offset, Length int
	Message, Hint  string
	Warning        bool

	fix string // the source as it is with what is proposed; "" if nothing is
}

// faulty reports whether one of the problems is no warning.
func faulty(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// Values gives the values of names and steps at evaluation.
type Values interface {
	Name(name string) (any, bool)
	Step(id string) (any, bool)
}

// Object is a value with members that are read one by one, beside
// map[string]any.
type Object interface {
	Member(name string) (any, bool)
}

// Limits bound an evaluation. Zero means the default: 1,000,000 steps (a step
// is about one operator), and one second from its start.
type Limits struct {
	Steps    int
	Deadline time.Time
}

// Expr is a compiled expression. It is immutable and safe for concurrent use.
type Expr struct {
	source string
	root   *node
	want   schema.Kind // Bool: the value is checked to be a bool
	references

	once   sync.Once
	layout *Part
}

// calls reports whether the whole of it is a call of that function.
func (e *Expr) calls(name string) bool {
	f, _ := e.root.value.(*function)
	return e.root.op == opCall && f != nil && f.name == name
}

// references are what an expression or a template refers to.
type references struct {
	steps, names []string   // sorted, unique
	paths        [][]string // of members, as far as they are named
	bare         []string   // of steps, and "" for the name outputs
}

// Steps returns the ids of the steps it refers to, sorted.
func (r *references) Steps() []string { return r.steps }

// Reads reports whether it refers to a top-level name, such as "outputs".
func (r *references) Reads(name string) bool { return slices.Contains(r.names, name) }

func (r *references) merge(o references) {
	r.paths, r.bare = append(r.paths, o.paths...), append(r.bare, o.bare...)
	r.steps, r.names = sortedUnique(append(r.steps, o.steps...)), sortedUnique(append(r.names, o.names...))
}

func sortedUnique(words []string) []string {
	if len(words) < 2 {
		return words
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Source returns the expression without an enclosing ${{ }}.
func (e *Expr) Source() string { return e.source }

// Type returns the static type of its value.
func (e *Expr) Type() *schema.Type { return e.root.typ }

// Guards returns the ids of steps that have passed if the expression is true.
func (e *Expr) Guards() []string {
	var ids []string
	for _, f := range factsOf(e.root, true) {
		if f.passed {
			ids = append(ids, f.path)
		}
	}
	return sortedUnique(ids)
}

// Compile parses and types an expression; one enclosing ${{ }} is accepted. The
// value must fit want, nil for any type; a Bool or Condition wants a condition.
// The Expr is nil if a problem is no warning. Problems are in source order.
func Compile(source string, env *Env, want *schema.Type) (*Expr, []Problem) {
	inner, base, problem := unwrap(source)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	return compileAt(inner, base, env, want, passed)
}

// purpose is what becomes of an expression's value.
type purpose uint8

const (
	passed       purpose = iota // it goes on as it is
	printed                     // it goes on as text
	interpolated                // it becomes a part of a text
)

// compileAt compiles source, whose problems are shifted by base characters.
func compileAt(source string, base int, env *Env, want *schema.Type, use purpose) (*Expr, []Problem) {
	tree, problem := parse(source)
	if problem != nil {
		problem.Offset += base
		return nil, []Problem{*problem}
	}
	if env == nil {
		env = &Env{}
	}
	c := &checker{env: env, source: source, base: base}
	root := c.check(tree)
	c.fit(root, want, use)
	c.order()
	if faulty(c.problems) {
		if !env.trying {
			c.try(want, use)
		}
		return nil, c.problems
	}
	e := &Expr{source: source, root: root, references: references{steps: sortedUnique(c.steps), names: sortedUnique(c.names)}}
	e.paths, e.bare = readsOf(root)
	if want != nil && (want.Kind == schema.Bool || want.Kind == schema.ConditionKind) {
		e.want = schema.Bool
	}
	return e, c.problems
}
