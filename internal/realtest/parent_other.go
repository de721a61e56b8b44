//go:build !linux

package realtest

import "syscall"

// endWithParent has no equivalent here: a killed test leaves its children.
func endWithParent() *syscall.SysProcAttr { return nil }
