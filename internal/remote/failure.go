package remote

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"runbook/engine/action"
)

// refused is what polling does not help against: nothing was sent.
func (h *Host) refused(what string, do ...string) *action.Failure {
	return &action.Failure{Applied: action.AppliedNot, Final: true, Where: h.where, What: what, Do: do}
}

// unreached is a host that was not reached, or let nobody in.
func (h *Host) unreached(ctx context.Context, err error, took time.Duration) *action.Failure {
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		return h.refused("the host opens no session: "+refused.Message, "look at MaxSessions in its sshd_config")
	}
	return action.Unreachable(ctx, err, action.Reach{
		Where: h.where, Server: "sshd", Address: h.at.hostPort(), Setting: h.setting("host"), Took: took, Dialed: h.at.hostPort(),
	})
}

func (h *Host) notLetIn(ctx context.Context, err error, check *hostKeys, keys *keys, took time.Duration) *action.Failure {
	var none *ssh.AlgorithmNegotiationError
	text := strings.TrimPrefix(err.Error(), "ssh: handshake failed: ")
	switch {
	case check.failed != nil:
		return check.failed
	case strings.Contains(text, "unable to authenticate"):
		f := h.refused("the host does not let "+h.at.User+" in with "+strings.Join(keys.names, ", "),
			"add the public key to ~"+h.at.User+"/.ssh/authorized_keys at the host", "or correct "+h.setting("host"))
		f.Err = err
		return f
	case errors.As(err, &none):
		return h.refused("the host knows none of our ways to talk: "+text, "look at its sshd_config")
	case strings.Contains(text, "overflow reading version string"), strings.Contains(text, "invalid packet length"):
		return h.refused("what answers is no ssh server", "correct "+h.setting("host"))
	}
	return h.unreached(ctx, errors.New(text), took)
}

// noSocket is a socket of the host that was not connected to.
func (h *Host) noSocket(ctx context.Context, socket string, began time.Time, err error) *action.Failure {
	var rejected *ssh.OpenChannelError
	if !errors.As(err, &rejected) {
		return h.unreached(ctx, err, time.Since(began))
	}
	f := &action.Failure{
		Applied: action.AppliedNot, Where: h.where, What: "no connection to " + socket + " there: " + rejected.Message, Err: err,
		Do: []string{h.at.command("ls -l " + socket)},
	}
	if rejected.Reason == ssh.Prohibited {
		f.Do = []string{"allow it in sshd_config at the host: AllowStreamLocalForwarding yes"}
	}
	return f
}
