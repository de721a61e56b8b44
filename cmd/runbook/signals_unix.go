//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"runbook/engine/run"
)

// signals gives a run the signals that ask it to end. The end of the terminal
// is none of them: the run goes on without it, and hangup tells who asks there.
func signals() (stop chan run.Signal, end func()) {
	from := make(chan os.Signal, 4)
	signal.Notify(from, syscall.SIGINT, syscall.SIGTERM)
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	return forward(from, func(s os.Signal) run.Signal {
		if s == syscall.SIGTERM {
			return run.Signal{Name: "SIGTERM", Code: 143}
		}
		return run.Signal{Name: "SIGINT", Code: 130}
	})
}

// hangup gives the end of the terminal, after which nobody is asked any more.
func hangup() chan os.Signal {
	from := make(chan os.Signal, 1)
	signal.Notify(from, syscall.SIGHUP)
	return from
}
