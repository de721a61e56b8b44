package action

import (
	"context"
	"time"
)

// Stubs answer in place of what a run that is kept to a place does not reach.
type Stubs interface {
	// Answer returns what answers; nil where nothing does.
	Answer(asked Asked) *Answer
	// Stands reports whether something will answer, however often it is asked.
	Stands(asked Asked) bool
	// Refused is told of what was refused as nothing answered it, and says what to
	// write so that something will.
	Refused(asked Asked) (do []string)
}

// Asked is what a run asks for: a program by its argv, a request, or a connection to a
// port. Of a service alone it is a container that there is not.
type Asked struct {
	Target  string // its name; "" for none
	Service string // of Compose, in whose container a program is started, else the container
	Argv    []string
	Method  string
	URL     string // as it is sent, which nobody is shown
	Shown   string // the URL without what may be secret of it
	Port    string // host:port
}

// Answer is what a program or a server is said to have done.
type Answer struct {
	Takes time.Duration
	Ends  func() // called once it is done, before anybody is told; may be nil

	ExitCode       int
	Stdout, Stderr string

	Status int
	Header map[string]string
	Body   []byte

	Closed string // why a port takes no connection; "" where it does
}

// Come waits until it has come, or returns the error of ctx where that ends before:
// then nothing is known of it, and nothing was done.
func (a *Answer) Come(ctx context.Context, clock Clock) error {
	if err := clock.Sleep(ctx, a.Takes); err != nil {
		return err
	}
	if a.Ends != nil {
		a.Ends()
	}
	return nil
}
