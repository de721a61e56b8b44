package action

import (
	"context"
	"errors"
	"fmt"

	"runbook/engine/schema"
)

// Failure is an error with all that its reader needs at three in the morning.
// Every text is free of secrets.
type Failure struct {
	Applied  Applied  // of a change; ignored for a read
	What     string   // what happened, one line: "the password was refused (WRONGPASS)"
	Where    string   // target and address: "redis at 10.0.4.12:6379"
	Tried    string   // what was sent, how often, how long: "AUTH as user default, once, 2ms"
	Seen     []string // facts: "socket is root:docker 0660"
	Facts    []Fact   // those with a label of their own: "takes", "looked in"
	Nearest  []string // names that were most likely meant
	Do       []string // commands or the line to edit
	Final    bool     // polling cannot help: bad parameters, refused credentials
	Answered bool     // a reply came, also where it does not tell what became of a change
	Unmet    *Unmet   // the condition that is why, where it is one among the parameters
	Err      error    // the cause, may be nil
}

// Unmet is a condition that did not hold, and what its author says of that.
type Unmet struct {
	Condition schema.Condition
	Message   string
}

// Fact is a fact with a label.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Error returns "where: what".
func (f *Failure) Error() string {
	if f.Where == "" {
		return f.What
	}
	return f.Where + ": " + f.What
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// NotApplied classifies err: nothing was sent, or it was refused.
func NotApplied(err error) error { return classify(AppliedNot, err) }

// Partial classifies err: a part of the effect was applied.
func Partial(err error) error { return classify(AppliedPart, err) }

// Lost classifies err: sent, and no reply says what became of it.
func Lost(err error) error { return classify(AppliedLost, err) }

func classify(a Applied, err error) error {
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		c := *f
		c.Applied = a
		return &c
	}
	return &Failure{Applied: a, What: err.Error(), Err: err}
}

// ClassOf says what is known of the effect of a change that ended with err:
// nil is applied, an unclassified error is lost.
func ClassOf(err error) Applied {
	if err == nil {
		return AppliedFully
	}
	var f *Failure
	if errors.As(err, &f) && f.Applied != "" {
		return f.Applied
	}
	return AppliedLost
}

// AsFailure returns err as a Failure, made from its text if it is none.
func AsFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	what := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		what = "no answer in time"
	}
	return &Failure{What: what, Err: err}
}

// ErrDryRun is the cause of a request that a client layer refused because its
// protocol or our list calls it a change.
var ErrDryRun = errors.New("refused in a dry run")

// RefusedInDryRun returns the error by which a client layer refuses request.
func RefusedInDryRun(request string) error {
	return &Failure{Applied: AppliedNot, What: fmt.Sprintf("%s is not on the list of reads: %v", request, ErrDryRun), Final: true, Err: ErrDryRun}
}
