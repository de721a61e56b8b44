package action

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"slices"
)

// Confine keeps a run to one place, as a rehearsal to its lab. Where a client layer
// could leave it, it asks before a byte is sent, a file is touched or a process is
// started. A nil Confine lets everything pass.
type Confine struct {
	Because  string                    // "a rehearsal does not leave the lab"
	Programs bool                      // whether this machine's programs may be started
	Folder   string                    // the files of the place lie below it; "" is anywhere
	Reach    func(address string) bool // whether the place listens at host:port
	Has      func(Asked) bool          // whether its containers have a program; nil: any
	Stubs    Stubs                     // they answer before the place does; nil: none
	Recorded func(Asked, Answer)       // told what answered for real; nil: nobody is
}

// ErrConfined is the cause of what was refused because it leaves the place that a
// run is kept to.
var ErrConfined = errors.New("refused outside of the place of the run")

func (c *Confine) refuse(what string, do ...string) error {
	return &Failure{Applied: AppliedNot, What: what + " is refused: " + c.Because, Tried: "nothing was sent or started", Do: do, Final: true, Err: ErrConfined}
}

// ask returns the answer of a stub, or refuses what is asked where it may not be had
// either; otherwise it says what else there is to do.
func (c *Confine) ask(what string, asked Asked, may func() bool, otherwise string) (*Answer, error) {
	if c.Stubs != nil {
		if answer := c.Stubs.Answer(asked); answer != nil {
			return answer, nil
		}
	}
	switch {
	case may():
		return nil, nil
	case c.Stubs == nil:
		return nil, c.refuse(what, otherwise)
	}
	return nil, c.refuse(what, append(c.Stubs.Refused(asked), "or "+otherwise)...)
}

// Record tells what a program or a server answered for real.
func (c *Confine) Record(asked Asked, answer Answer) {
	if c != nil && c.Recorded != nil {
		c.Recorded(asked, answer)
	}
}

// Stands reports whether a stub answers what is asked, now and later.
func (c *Confine) Stands(asked Asked) bool {
	return c != nil && c.Stubs != nil && c.Stubs.Stands(asked)
}

// Recording reports whether anybody is told.
func (c *Confine) Recording() bool { return c != nil && c.Recorded != nil }

// Program returns what answers in place of a program of this machine, or refuses to
// start it; without an answer and an error it may be started. what names it for people.
func (c *Confine) Program(what string, asked Asked) (*Answer, error) {
	if c == nil {
		return nil, nil
	}
	return c.ask(what, asked, func() bool { return c.Programs }, leaveOut)
}

// Exec is Program of one that is started in a container: those that the containers of
// the place have may be.
func (c *Confine) Exec(what string, asked Asked) (*Answer, error) {
	if c == nil {
		return nil, nil
	}
	may := func() bool { return c.Has == nil || c.Has(asked) }
	return c.ask(what+", which the containers of the lab do not have,", asked, may, leaveOut)
}

// Request returns what answers in place of the server at a host:port, or refuses the
// request; without an answer and an error it may be sent.
func (c *Confine) Request(address string, asked Asked) (*Answer, error) {
	if c == nil {
		return nil, nil
	}
	return c.ask(asked.Method+" "+asked.Shown, asked, func() bool { return c.Reach(address) }, elsewhere)
}

const leaveOut = "let a `when` on an input leave the step out in rehearsals"

const elsewhere = "make the address an input, and give it one of the lab's, as ${{ lab.address.http }} in a rehearsal"

// Connect returns what answers in place of the port of a host:port, or refuses the
// connection; without an answer and an error it may be made.
func (c *Confine) Connect(asked Asked) (*Answer, error) {
	if c == nil {
		return nil, nil
	}
	return c.ask("a connection to "+asked.Port, asked, func() bool { return c.Reach(asked.Port) }, elsewhere)
}

// Address refuses a connection to a host:port elsewhere; what names it.
func (c *Confine) Address(what, address string) error {
	if c == nil || c.Reach(address) {
		return nil
	}
	return c.refuse(what, elsewhere)
}

// Missing says what to write where the place lacks a container, by its name or service.
func (c *Confine) Missing(container string) (do []string) {
	if c == nil || c.Stubs == nil {
		return nil
	}
	return c.Stubs.Refused(Asked{Service: container})
}

// File refuses a path that is not below the folder.
func (c *Confine) File(what, path string) error {
	if c == nil || c.Folder == "" {
		return nil
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return NotApplied(err)
	}
	if below, err := filepath.Rel(c.Folder, full); err == nil && filepath.IsLocal(below) {
		return nil
	}
	return c.refuse(what+" "+full, "make the path an input, and give it one below ${{ folder }} in a rehearsal")
}

// Reaches returns a Confine.Reach that lets only the addresses of these targets
// pass. It looks at them when it is asked: some come from secrets.
func Reaches(targets []Target) func(address string) bool {
	return func(address string) bool {
		return slices.ContainsFunc(targets, func(t Target) bool {
			if u, err := url.Parse(t.Address); err == nil && u.Host != "" {
				return HostPort(u) == address
			}
			return t.Address == address
		})
	}
}

// HostPort returns the host:port that a URL is reached at.
func HostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	case u.Scheme == "ssh":
		port = "22"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
