package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush forgets what was typed on the terminal f and not read yet.
func flush(f *os.File) {
	const input = 1 // FREAD
	_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCFLUSH, input)
}
