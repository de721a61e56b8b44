package main

import (
	"bufio"
	"io"
	"time"
)

// input reads the lines of a person one by one, each only when a question awaits it,
// so that what was typed before the question is still the terminal's to forget.
type input struct {
	awaits bool
	asked  chan struct{}
	lines  chan string // closed at the end of the input
}

// handing is how long a line that was read may be on its way.
const handing = 50 * time.Millisecond

func newInput(from io.Reader) input {
	in := input{asked: make(chan struct{}, 1), lines: make(chan string, 1)}
	go in.read(from)
	return in
}

// ask awaits a line, unless one is awaited already.
func (in *input) ask() {
	if !in.awaits {
		in.awaits = true
		in.asked <- struct{}{}
	}
}

// forget forgets what the terminal has, by its own means, and a line that came for a
// question that was given up.
func (in *input) forget(terminal func()) {
	terminal()
	if !in.awaits {
		return
	}
	select {
	case _, open := <-in.lines:
		in.awaits = !open
	case <-time.After(handing):
	}
}

func (in input) read(from io.Reader) {
	defer close(in.lines)
	scan := bufio.NewScanner(from)
	for range in.asked {
		if !scan.Scan() {
			return
		}
		in.lines <- scan.Text()
	}
}
