//go:build !unix

package realtest

import (
	"os"
	"syscall"

	"golang.org/x/crypto/ssh"
)

func ownSession() *syscall.SysProcAttr { return nil }

// sendEnd says how a program ended.
func sendEnd(channel ssh.Channel, state *os.ProcessState) {
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(state.ExitCode())}))
}
