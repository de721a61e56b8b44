package realtest

import "syscall"

// endWithParent lets the system end a child when the thread that started it
// ends, also when the test is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
