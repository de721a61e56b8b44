package main

import (
	"os"
	"os/signal"

	"runbook/engine/run"
)

// forward names the signals that arrive, until end is called.
func forward(from chan os.Signal, name func(os.Signal) run.Signal) (chan run.Signal, func()) {
	stop, done := make(chan run.Signal, cap(from)), make(chan struct{})
	go func() {
		for {
			select {
			case s := <-from:
				stop <- name(s)
			case <-done:
				return
			}
		}
	}()
	return stop, func() {
		signal.Stop(from)
		close(done)
	}
}
