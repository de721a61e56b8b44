package console

import (
	"os"

	"golang.org/x/sys/windows"
)

// Forget forgets what was typed on the console f and not read yet.
func Forget(f *os.File) { _ = windows.FlushConsoleInputBuffer(windows.Handle(f.Fd())) }
