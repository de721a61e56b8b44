//go:build windows

package main

import (
	"os"
	"os/signal"

	"runbook/engine/run"
)

// signals gives a run the signals that ask it to end.
func signals() (stop chan run.Signal, end func()) {
	from := make(chan os.Signal, 4)
	signal.Notify(from, os.Interrupt)
	return forward(from, func(os.Signal) run.Signal { return run.Signal{Name: "SIGINT", Code: 130} })
}

// hangup gives nothing: a console that ends takes the program with it.
func hangup() chan os.Signal { return nil }
