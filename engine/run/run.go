// Package run walks a plan: it schedules its steps, acts, verifies, applies
// remedies, undoes, and appends each fact to the journal before it goes on.
//
// The frame of a step reads from the top in step.go; what a change adds to it
// is in change.go, and what a dry run does in its place in dry.go.
package run

import (
	"context"
	"iter"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
)

// Journal takes the facts of a run. Append returns after the fact is on disk
// where its type says so, and leaves in it what may be shown, without secrets; after
// a failure it fails for good.
type Journal interface {
	Append(*event.Event) error
	Transient(event.Event)
	Reserve(bytes int64) error
}

// Person answers what only a person can. A run without one suspends.
type Person interface {
	// Approve shows a and gives each answer to it as it comes. The run stops it when
	// the approval is decided; by itself it ends with ctx, or when nobody is left who
	// could answer.
	Approve(ctx context.Context, path event.Path, a *event.Approval) iter.Seq2[Answer, error]
	// Report asks for the fields of a manual step, as values of their types.
	Report(ctx context.Context, path event.Path, m Manual) (map[string]any, error)
}

// Answer is one person's answer to an approval. Where it does not say how or when
// it was given, it was as shown and now.
type Answer struct {
	event.Answer
	Approved bool
}

// Manual is what a manual step asks for, without secrets.
type Manual struct {
	Title, Text string
	Step        *plan.Step
}

// Options are what a run needs beside its plan.
type Options struct {
	Plan        *plan.Plan
	Decided     *plan.Decided  // its numbers, as this run has them; nil: those of its file
	Inputs      map[string]any // by name, decoded, with defaults
	Environment *environment.Environment
	Header      event.RunCreated // filled in by the caller but for what the plan knows
	Journal     Journal
	Clock       action.Clock
	Clients     *action.Clients
	Person      Person // nil: no terminal
	Locks       []string
	Held        func() error        // asked before each effect: whether the locks are held still; nil: there are none
	Key         []byte              // of the digests that bind secrets
	Mask        func([]byte) []byte // takes secrets out of JSON, for what steps see of each other; nil: there are none
	// Keep puts a text into a file beside the journal and returns its path; nil: there
	// are no files, as in a dry run.
	Keep func(name string, text []byte) (string, error)
	Mode
}

// Mode is how a run acts.
type Mode struct {
	DryRun  bool // reads are executed, changes are only shown
	Offline bool // of a dry run: no target is contacted
	Yes     bool // answers where the policy lets it
	Strict  bool // warnings are a failure
}

// Run plays the plan to its end and returns the last fact of the run. stop
// asks it to end: the first signal lets changes finish, the second does not. An
// error is the journal's: the head of the run could not be written, and it did not
// begin.
func Run(ctx context.Context, o Options, stop <-chan Signal) (event.RunFinished, error) {
	r := newRunner(ctx, o)
	defer r.close()
	if err := r.open(); err != nil {
		return event.RunFinished{}, err
	}
	go r.listen(stop)
	return r.play(), nil
}

// Signal asks a run to end.
type Signal struct {
	Name string // "SIGINT"
	Code int    // exit code: 130, 143
}

// The default limits of one attempt, beyond a parameter `for`.
const (
	readLimit   = 30 * time.Second
	changeLimit = 5 * time.Minute
	manualLimit = 24 * time.Hour
	maxPause    = 30 * 24 * time.Hour // between attempts, where max_delay bounds none
	expiresIn   = 10 * time.Minute
	maxItems    = 10_000
	repeats     = 3 // times that an idempotent change is sent while nothing is known of it
	reserve     = 1 << 20
)
