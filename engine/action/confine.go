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
	Has      func(program string) bool // whether its containers have a program; nil: any
}

// ErrConfined is the cause of what was refused because it leaves the place that a
// run is kept to.
var ErrConfined = errors.New("refused outside of the place of the run")

func (c *Confine) refuse(what, do string) error {
	return &Failure{Applied: AppliedNot, What: what + " is refused: " + c.Because, Tried: "nothing was sent or started", Do: []string{do}, Final: true, Err: ErrConfined}
}

// Program refuses to start a program on this machine; what names it for people.
func (c *Confine) Program(what string) error {
	if c == nil || c.Programs {
		return nil
	}
	return c.refuse(what, "let a `when` on an input leave the step out in rehearsals")
}

// Exec refuses to start a program that the containers of the place do not have.
func (c *Confine) Exec(what, program string) error {
	if c == nil || c.Has == nil || c.Has(program) {
		return nil
	}
	return c.refuse(what+", which the containers of the lab do not have,", "let a `when` on an input leave the step out in rehearsals")
}

// Address refuses a connection to a host:port elsewhere; what names the request.
func (c *Confine) Address(what, address string) error {
	if c == nil || c.Reach(address) {
		return nil
	}
	return c.refuse(what, "make the address an input, and give it one of the lab's, as ${{ lab.address.http }} in a rehearsal")
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
