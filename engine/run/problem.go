package run

import (
	"context"
	"errors"

	"runbook/engine/event"
)

// problem is why a step, and in the end the run, did not pass.
type problem struct {
	state   event.State // Failed, Refused, Cancelled, InDoubt, Waiting
	path    event.Path
	title   string
	reason  string // of the run: "failed", "refused", "cancelled", "timed_out"
	failure *event.Failure
	check   *event.Check
	partial bool     // a part of an effect was applied
	told    bool     // as a warning
	look    []string // in doubt: what to check
}

// message is the problem in one line.
func (p *problem) message() string {
	switch {
	case p == nil:
		return ""
	case p.failure != nil:
		return p.failure.Line()
	case p.check != nil:
		return p.check.That
	}
	return string(p.state)
}

// outcome is the end of a step in its scope.
type outcome struct {
	state   event.State
	problem *problem
	after   string // dry run: the change that those who wait for this step must wait for
}

func (o outcome) bad() bool {
	switch o.state {
	case event.Failed, event.Refused, event.Cancelled, event.InDoubt, event.Waiting:
		return true
	}
	return false
}

func passed() outcome { return outcome{state: event.Passed} }

func failed(in *instance, f *event.Failure) outcome {
	return ended(in, event.Failed, f)
}

func ended(in *instance, s event.State, f *event.Failure) outcome {
	if f != nil && f.Place == "" {
		f.Place = in.step.Place
	}
	reason := string(s)
	return outcome{state: s, problem: &problem{state: s, path: in.path, title: in.name(), reason: reason, failure: f}}
}

// halted is the outcome of a step whose work ended with err, an error of a
// context, not of a target.
func halted(in *instance, cause error) outcome {
	switch {
	case errors.Is(cause, errTimedOut):
		o := failed(in, &event.Failure{What: "timed out after " + in.step.Timeout.String()})
		o.problem.reason = "timed_out"
		return o
	default:
		return ended(in, event.Cancelled, &event.Failure{What: "cancelled: " + cause.Error()})
	}
}

// interrupted reports whether work under ctx ended because ctx did, and the
// cause.
func interrupted(ctx context.Context) (error, bool) {
	if ctx.Err() == nil {
		return nil, false
	}
	return context.Cause(ctx), true
}
