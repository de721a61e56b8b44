package host

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"runbook/engine/action"
)

// unreadable is a figure that this machine did not give.
func unreadable(figure string, err error) error {
	f := &action.Failure{What: "cannot read " + figure + ": " + err.Error(), Where: "this host", Err: err}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		f.What = figure + " was not measured to the end: " + err.Error()
	case strings.Contains(err.Error(), "not implemented"):
		f.What = figure + " cannot be read on " + runtime.GOOS
		f.Final = true
	}
	return f
}
