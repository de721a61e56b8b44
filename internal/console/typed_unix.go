//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package console

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Typed returns what asks whether there is something to read on the terminal f, and
// waits for it up to that time; nil where a terminal cannot be asked.
func Typed(f *os.File) func(time.Duration) bool {
	fd := int(f.Fd())
	return func(most time.Duration) bool {
		var set unix.FdSet
		set.Set(fd)
		wait := unix.NsecToTimeval(most.Nanoseconds())
		n, err := unix.Select(fd+1, &set, nil, nil, &wait)
		return n > 0 && err == nil
	}
}
