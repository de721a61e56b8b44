package main

import (
	"bytes"
	"io"
	"time"
)

// input reads the lines of a person, each for the question that awaits it and by that
// question's own reader: what is typed while none awaits it is still the terminal's to
// forget, and a line that came for a question answers no other.
type input struct {
	from    io.Reader
	typed   func(time.Duration) bool // whether a read would return; nil: nobody knows
	reading *reading                 // nil: no question awaits a line
}

// reading is the reader of one question.
type reading struct {
	line chan string   // closed at the end of the input, or of the question
	over chan struct{} // closed when the question is given up
}

// glance is how long a reader waits before it asks whether its question was given up.
const glance = 20 * time.Millisecond

// handing is how long a line that was read may be on its way, where a reader cannot be
// called back.
const handing = 50 * time.Millisecond

// await begins to read a line for the question that is asked now.
func (in *input) await() <-chan string {
	if in.reading == nil {
		in.reading = &reading{line: make(chan string, 1), over: make(chan struct{})}
		go in.read(in.reading)
	}
	return in.reading.line
}

// answered ends the reading of a question that has its line.
func (in *input) answered() { in.reading = nil }

// leave gives a question up: nothing is read for it any more when it returns. Where its
// reader cannot be called back the next question takes it over.
func (in *input) leave() {
	if in.reading == nil || in.typed == nil {
		return
	}
	close(in.reading.over)
	for range in.reading.line { // came for it, and answers no other
	}
	in.reading = nil
}

// forget forgets what the terminal has, by its own means, and what was read for a
// question that was given up.
func (in *input) forget(terminal func()) {
	terminal()
	if in.reading == nil {
		return
	}
	select {
	case _, open := <-in.reading.line:
		if open {
			in.reading = nil
		}
	case <-time.After(handing):
	}
}

func (in *input) read(r *reading) {
	defer close(r.line)
	var text []byte
	buffer := make([]byte, 4096)
	for {
		for in.typed != nil && !in.typed(glance) {
			select {
			case <-r.over:
				return
			default:
			}
		}
		n, err := in.from.Read(buffer) // of a terminal a line at most
		text = append(text, buffer[:n]...)
		if line, whole := bytes.CutSuffix(text, []byte("\n")); whole || err != nil && len(text) > 0 {
			r.line <- string(line)
			return
		}
		if err != nil {
			return
		}
	}
}
