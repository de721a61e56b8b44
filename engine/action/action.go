// Package action is the contract between the engine and the authors of
// actions: an action is declared once, as a Spec over a struct of parameters
// and a struct of outputs, and from that the validator, the reference, the
// JSON Schema, completion and the run know it.
package action

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/schema"
)

// Effect is what an action does to a live system, mildest first.
type Effect uint8

// Read observes. Write can be put back by a later step; an interruption is a
// write. Destructive cannot be put back: records, volumes, images, evidence.
const (
	Read Effect = iota
	Write
	Destructive
)

var effectNames = [...]string{"read", "write", "destructive"}

// String returns the effect's name in the language.
func (e Effect) String() string { return effectNames[e] }

// ParseEffect returns the effect of that name.
func ParseEffect(name string) (Effect, error) {
	for i, n := range effectNames {
		if n == name {
			return Effect(i), nil
		}
	}
	return Read, fmt.Errorf("%q is no effect; effects are read, write, destructive", name)
}

// Spec declares an action over its parameters P and its outputs O, both
// structs with yaml, doc, default, enum, min, max and pattern tags.
//
// P may have a method `Brief() string`: the call in a few words for the tree
// ("GET /health"). O may have a method `Summary() string`: its result in one
// line ("200 in 84ms"); that of a change a method `Nothing() bool` where it may find
// all as it should be: its line says so then.
type Spec[P, O any] struct {
	Name    string // family.verb_object
	Summary string // one sentence, for the reference
	Example string // a step in YAML, compiled by a test

	Target *TargetKind // what it talks to; nil: the host or nothing

	Effect   Effect         // worst case
	EffectOf func(P) Effect // may only lower it
	// EffectAt is EffectOf for an effect that also depends on the target, as
	// on what it lists under `reads`. At most one of the two is set. In Lowers
	// and in a validation without environment the target is zero.
	EffectAt func(Target, P) Effect
	// EffectBy names the parameters by which EffectOf, EffectAt and
	// IdempotentOf may be mild. While one of them is unknown (in a validation,
	// downstream of a previewed change) the worst case holds; other unknown
	// parameters are zero in P. Empty means all parameters.
	EffectBy []string
	// AtBest is the mildest effect that what is not known yet may give: the values of
	// those parameters, zero in P, and without an environment what the target lists.
	// nil: read, while anything by which the effect may be mild is unknown.
	AtBest func(target Target, p P, unknown []string) Effect
	// Idempotent: the same request again changes nothing more, whatever happened in
	// between. What would overwrite, or make anew, what others did meanwhile is not,
	// unless the comparison of its subjects sees that they did.
	Idempotent   bool
	IdempotentOf func(Target, P) bool // as Idempotent, by target and parameters
	// Takes is how long the parameters may make an attempt. The default limit of an
	// attempt is extended by it; a step's shorter timeout is a finding.
	Takes   func(P) time.Duration
	Child   bool // starts a child process or an exec in a container
	Pause   bool // only waits: a dry run does not
	Untyped bool // the outputs have the types of the parameters given (flow.set)

	// Run does it. Errors of a change should be made by NotApplied, Partial
	// or Lost; any other error of a change counts as Lost. Errors of a read
	// should be a *Failure too, for what it tells the reader.
	Run func(context.Context, Call, P) (O, error)
	// Preview only observes. Required unless the effect is Read.
	Preview func(context.Context, Call, P) (Preview, error)
	// Subjects gives identity and version of what will be touched; compared
	// again just before the effect.
	Subjects func(context.Context, Call, P) ([]Subject, error)
	// Settle finds out after a lost reply whether the effect was applied.
	Settle func(context.Context, Call, P, []Subject) (Applied, *O, error)
	// Look gives the command of a shell by which a person sees, without changing
	// anything, what became of the effect; "" where there is none, or it would hold a
	// secret. It asks nobody.
	Look func(Call, P, []Subject) string
}

// None are the parameters of an action that takes none, and the outputs of one
// that has none.
type None struct{}

// Applied is what is known of an effect.
type Applied string

// The states of an effect, as the journal has them.
const (
	AppliedFully Applied = "applied"
	AppliedPart  Applied = "partial"
	AppliedNot   Applied = "not_applied"
	AppliedLost  Applied = "lost" // also the answer of a Settle that cannot tell
)

// Preview is what a change would do, for prompt, dry run, summary and intent.
type Preview struct {
	Summary    string   `json:"summary"`              // "POST https://app/api/cache/clear, no body"
	Touches    []Object `json:"touches,omitempty"`    // what is changed
	Changes    []Change `json:"changes,omitempty"`    // before → after
	Interrupts []string `json:"interrupts,omitempty"` // who is down meanwhile
}

// Object is a thing that a change touches.
type Object struct {
	Kind  string `json:"kind"` // "container"
	Name  string `json:"name"`
	ID    string `json:"id,omitempty"`    // short id, as its tools print it
	Note  string `json:"note,omitempty"`  // "mltb/app:1.42"
	Count int    `json:"count,omitempty"` // how many, where it is a set
}

// Change is one property before and after, as text for people.
type Change struct {
	Name   string `json:"name"` // "memory limit"
	Before string `json:"before"`
	After  string `json:"after"`
}

// Subject is the identity and version of a thing that a change touches. If
// either differs just before the effect, an approval is void.
type Subject struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	ID      string `json:"id"`                // "3f9c2b71a0de…", the name of an index
	Version string `json:"version,omitempty"` // a start time, a count
	Parts   string `json:"parts,omitempty"`   // what it is made of, for Settle; shown to nobody
}

// Action is a declared action with its types, without its type parameters.
// Actions are made by New and immutable.
type Action struct {
	Name, Family, Summary, Example string
	Target                         *TargetKind
	Effect                         Effect
	Child, Pause, Untyped          bool
	Idempotent                     bool // whatever its parameters

	Params  *schema.Type // an Object; a Map where any parameter is taken (flow.set)
	Outputs *schema.Type // an Object; of Untyped actions a Map

	HasSettle bool

	bind   func(values map[string]any, target Target) (Bound, error)
	lowers bool
}

// Lowers reports whether parameters may lower the effect.
func (a *Action) Lowers() bool { return a.lowers }

// Bound is an action with decoded parameters, ready to run. Params is for
// display and for the journal: the playbook values with defaults filled in.
type Bound struct {
	Effect     Effect
	Best       Effect // the mildest that Effect may become by what is unknown, or by the target where none is given
	Idempotent bool
	Params     map[string]any
	Brief      string
	Takes      time.Duration // how long the parameters may make it, as far as they are known
	Unknowns   []string      // the parameters that are or hold an Unknown: nothing can be run or previewed yet

	Run      func(context.Context, Call) (Result, error)
	Preview  func(context.Context, Call) (Preview, error)
	Subjects func(context.Context, Call) ([]Subject, error)
	Settle   func(context.Context, Call, []Subject) (Applied, Result, error) // nil: none
	Look     func(Call, []Subject) string
}

// Result is what an action gives back: outputs as a playbook value of the
// action's output type (nil if it returned none) and its summary line.
type Result struct {
	Outputs map[string]any
	Summary string
}

// MarshalText encodes the effect's name.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText decodes an effect's name.
func (e *Effect) UnmarshalText(text []byte) (err error) {
	*e, err = ParseEffect(string(text))
	return err
}
