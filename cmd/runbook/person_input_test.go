package main

import (
	"io"
	"testing"
	"testing/synctest"
)

// Nothing is read before a question awaits it, and no more than that; a line that came
// for a question that was given up does not answer the next.
func TestInputIsReadForItsQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminal, typed := io.Pipe()
		in := newInput(terminal)
		taken, forgotten := 0, 0
		forget := func() { in.forget(func() { forgotten++ }) }
		typing := func(text string) {
			go func() {
				if _, err := io.WriteString(typed, text); err == nil {
					taken++
				}
			}()
			synctest.Wait()
		}
		await := func(text string) {
			t.Helper()
			if got := <-in.lines; got != text {
				t.Errorf("got %q, want %q", got, text)
			}
			in.awaits = false
		}
		typing("one\n")
		if forget(); taken != 0 || forgotten != 1 {
			t.Error("what was typed before the question is read, and not forgotten")
		}
		in.ask()
		in.ask() // as after another look
		await("one")
		in.ask()
		typing("given up\n")
		forget()
		in.ask()
		typing("two\n")
		await("two")
		in.ask()
		forget() // given up without an answer: the line is still awaited
		in.ask()
		typing("three\n")
		await("three")
		if typing("four\n"); taken != 4 {
			t.Errorf("%d lines are read, want 4", taken)
		}
		in.ask()
		await("four")
		in.ask()
		typed.Close()
		if _, open := <-in.lines; open {
			t.Error("a closed terminal is none")
		}
	})
}
