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
)

// Console has the outputs of the process. A library's logger writes to Err, too.
type Console struct {
	Out, Err *Output
	Secrets  *redact.Redactor // of both outputs, and of the journals of this process
	Color    string           // "always", "never", "auto": where there is a terminal
}

// Open returns the console of the process.
func Open() *Console { return New(os.Stdout, os.Stderr) }

// New returns a console that writes to these files.
func New(out, err *os.File) *Console {
	c := &Console{Secrets: redact.New(), Color: "auto"}
	c.Out, c.Err = newOutput(c, out), newOutput(c, err)
	return c
}

// Flush writes what is held back because it could be the beginning of a secret.
func (c *Console) Flush() error { return errors.Join(c.Out.Flush(), c.Err.Flush()) }

// Output is one of the two. Its Write takes text: of control characters only
// line ends and tabs get through, and with colour its sequences. It may be used
// from many goroutines.
type Output struct {
	console  *Console
	file     *os.File
	terminal bool

	mu     sync.Mutex
	filter filter
	redact *redact.Writer // in front of the filter
}

func newOutput(c *Console, f *os.File) *Output {
	o := &Output{console: c, file: f, terminal: term.IsTerminal(int(f.Fd())), filter: filter{to: f}}
	o.redact = c.Secrets.Writer(&o.filter)
	return o
}

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) { return o.write(b, false) }

func (o *Output) write(b []byte, draws bool) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.filter.draws, o.filter.paints = draws, o.Colored()
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

// Colored reports whether what is written has colour.
func (o *Output) Colored() bool {
	switch o.console.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return o.Terminal() && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Terminal reports whether the output is a terminal.
func (o *Output) Terminal() bool { return o.terminal }

// Size returns columns and lines of the terminal, zeros where there is none.
func (o *Output) Size() (width, height int) {
	width, height, err := term.GetSize(int(o.file.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}
