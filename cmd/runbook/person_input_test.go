package main

import (
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// keyboard is a terminal that gives one line at a time, some time after it was taken.
type keyboard struct {
	mu    sync.Mutex
	lines []string
	late  time.Duration // between taking a line and giving it
	taken int
	ended bool
}

func (k *keyboard) types(line string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, line)
}

func (k *keyboard) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = nil
}

func (k *keyboard) typed(most time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lines) == 0 && !k.ended {
		k.mu.Unlock()
		time.Sleep(most)
		k.mu.Lock()
	}
	return len(k.lines) > 0 || k.ended
}

// Read implements io.Reader.
func (k *keyboard) Read(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lines) == 0 {
		return 0, io.EOF
	}
	n := copy(b, k.lines[0]+"\n")
	k.lines = k.lines[1:]
	k.taken++
	late := k.late
	k.mu.Unlock()
	time.Sleep(late)
	k.mu.Lock()
	return n, nil
}

// A line answers the question that it was typed for: not one that is asked after it, and
// not one that comes when its own was given up, however late the line is.
func TestInputIsReadForItsQuestion(t *testing.T) {
	for name, late := range map[string]time.Duration{"at once": 0, "on a busy machine": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &keyboard{late: late}
				in := input{from: k, typed: k.typed}
				ask := func() <-chan string {
					in.forget(k.forget)
					return in.await()
				}
				await := func(line <-chan string, want string) {
					t.Helper()
					if got := <-line; got != want {
						t.Errorf("got %q, want %q", got, want)
					}
					in.answered()
				}
				k.types("before")
				line := ask()
				k.types("one")
				k.types("one more")
				await(line, "one")
				line = ask()
				k.types("two")
				await(line, "two")
				ask()
				k.types("given up")
				time.Sleep(2 * glance) // and so it is read
				in.leave()
				line = ask()
				time.Sleep(2 * time.Minute)
				k.types("three")
				await(line, "three")
				ask()
				in.leave() // without an answer
				k.types("for none")
				time.Sleep(2 * time.Minute)
				if k.taken != 4 {
					t.Errorf("%d lines are read, want 4", k.taken)
				}
				line = ask()
				k.types("four")
				await(line, "four")
				line = ask()
				k.mu.Lock()
				k.ended = true
				k.mu.Unlock()
				if _, open := <-line; open {
					t.Error("a closed terminal is none")
				}
			})
		})
	}
}

// Where a reader cannot be called back, the next question takes it over, without the line
// that came for the one before.
func TestInputOfATerminalThatCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminal, typed := io.Pipe()
		in := input{from: terminal}
		typing := func(text string) {
			go func() { _, _ = io.WriteString(typed, text) }()
			synctest.Wait()
		}
		ask := func() <-chan string {
			in.forget(func() {})
			return in.await()
		}
		for _, given := range []string{"given up\n", ""} {
			ask()
			if given != "" {
				typing(given)
			}
			in.leave()
			line := ask()
			typing("answer\n")
			if got := <-line; got != "answer" {
				t.Errorf("got %q after %q", got, given)
			}
			in.answered()
		}
		line := ask()
		typed.Close()
		if _, open := <-line; open {
			t.Error("a closed terminal is none")
		}
	})
}
