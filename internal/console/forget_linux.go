package console

import (
	"os"

	"golang.org/x/sys/unix"
)

// Forget forgets what was typed on the terminal f and not read yet.
func Forget(f *os.File) { _ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH) }
