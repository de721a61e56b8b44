//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package console

import (
	"os"
	"time"
)

// Typed returns nil: a terminal cannot be asked here.
func Typed(*os.File) func(time.Duration) bool { return nil }
