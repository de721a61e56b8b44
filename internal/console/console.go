// Package console is where the program meets its person: what it writes on its
// two outputs passes one redactor and loses what would control a terminal. No
// other package of the program may name the outputs of the process, which a test
// in this folder holds.
package console

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"runbook/engine/redact"
	"runbook/engine/schema"
)

// Console has the outputs of the process. A library's logger writes to Err, too.
type Console struct {
	Out, Err *Output
	Secrets  *redact.Redactor // of both outputs, and of the journals of this process
}

// Open returns the console of the process.
func Open() *Console { return New(os.Stdout, os.Stderr) }

// New returns a console that writes to these files.
func New(out, err *os.File) *Console {
	secrets := redact.New()
	return &Console{Out: newOutput(out, secrets), Err: newOutput(err, secrets), Secrets: secrets}
}

// Learn makes the console keep secrets to itself, from the next write on. It is
// called as soon as a secret was read.
func (c *Console) Learn(secrets ...schema.Secret) { c.Secrets.Add(secrets...) }

// Flush writes what is held back because it could be the beginning of a secret.
func (c *Console) Flush() error { return errors.Join(c.Out.Flush(), c.Err.Flush()) }

// Output is one of the two. Its Write takes text: of control characters only
// line ends and tabs get through, and the sequences of colour. It may be used
// from many goroutines.
type Output struct {
	file *os.File

	mu     sync.Mutex
	filter filter
	redact *redact.Writer // in front of the filter
}

func newOutput(f *os.File, secrets *redact.Redactor) *Output {
	o := &Output{file: f, filter: filter{to: f}}
	o.redact = secrets.Writer(&o.filter)
	return o
}

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) { return o.write(b, false) }

func (o *Output) write(b []byte, draws bool) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.filter.draws = draws
	if _, err := o.redact.Write(b); err != nil {
		return 0, fmt.Errorf("write the output: %w", err)
	}
	return len(b), nil
}

// Flush writes what is held back.
func (o *Output) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return errors.Join(o.redact.Flush(), o.filter.flush())
}

// Screen is the door for what draws: on a terminal the few sequences that the
// program draws with get through as well. All other text in it must have been
// cleaned.
func (o *Output) Screen() io.Writer {
	if !o.Terminal() {
		return o
	}
	return screen{o}
}

type screen struct{ o *Output }

func (s screen) Write(b []byte) (int, error) { return s.o.write(b, true) }

// Terminal reports whether the output is a terminal.
func (o *Output) Terminal() bool { return term.IsTerminal(int(o.file.Fd())) }

// Size returns columns and lines of the terminal, zeros where there is none.
func (o *Output) Size() (width, height int) {
	width, height, err := term.GetSize(int(o.file.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}
