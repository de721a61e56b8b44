package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush forgets what was typed on the terminal f and not read yet.
func flush(f *os.File) { _ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH) }
