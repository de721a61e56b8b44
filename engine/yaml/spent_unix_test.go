//go:build unix

package yaml

import (
	"syscall"
	"time"
)

// spent is how long the processors have worked for this process: what a busy machine
// does meanwhile is not in it.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
