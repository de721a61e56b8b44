// Package remote reaches other hosts over ssh: it runs programs there, and dials their
// sockets. A host's key is always checked. The configuration of ssh itself
// (~/.ssh/config) is not read.
package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const (
	connectWithin = 15 * time.Second // until a host has let us in
	aliveEvery    = 15 * time.Second // a silent connection is asked, and cut when it stays silent as long
)

// Access is how a host lets us in and how it is known: the keys of a target whose host
// may be another machine.
type Access struct {
	Key        schema.Text    `yaml:"key,omitempty" doc:"The file with the private key, or the key itself from a secret; without it those of the agent of $SSH_AUTH_SOCK and of ~/.ssh are offered."`
	Passphrase *schema.Secret `yaml:"passphrase" doc:"What the private key is encrypted with."`
	KnownHosts string         `yaml:"known_hosts,omitempty" doc:"A file with the keys of hosts, as ssh has it; by default ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. A host that is not in it is refused."`
	HostKey    string         `yaml:"host_key,omitempty" doc:"The public key of the host, as \"ssh-ed25519 AAAA…\"; no file is read then."`
}

// Host is another machine. Its connection is made when it is first needed, and anew
// once it was cut.
type Host struct {
	at      Address
	access  Access
	where   string // target and address
	target  action.Target
	dryRun  bool
	confine *action.Confine

	turn     chan struct{} // held by whoever looks at conn
	conn     *connection
	sessions chan struct{} // of programs that run: a server takes ten on a connection
}

// connection is a connection that is let in.
type connection struct {
	*ssh.Client
	gone chan struct{} // closed when it is
}

// Of returns the host of call's target, at an address that CheckAddress passes. It is
// shared by all that use the target, and closed once.
func Of(call action.Call, address string, access Access) (*Host, error) {
	return action.Client(call, "ssh", func() (*Host, error) {
		at, err := ParseAddress(address)
		if err != nil {
			return nil, err
		}
		return &Host{
			at: at, access: access, target: call.Target, dryRun: call.DryRun, confine: call.Confine,
			where: call.Target.Name + " at " + at.String(), turn: make(chan struct{}, 1), sessions: make(chan struct{}, 8),
		}, nil
	})
}

// Close ends the connection. What runs at the host is left to it.
func (h *Host) Close() error {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	if h.conn == nil {
		return nil
	}
	if err := h.conn.Close(); !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Dial connects to a socket of the host.
func (h *Host) Dial(ctx context.Context, socket string) (net.Conn, error) {
	began := time.Now()
	c, err := again(ctx, h, func(conn *connection) (net.Conn, error) { return conn.DialContext(ctx, "unix", socket) })
	if err != nil {
		return nil, h.noSocket(ctx, socket, began, err)
	}
	return c, nil
}

// again opens a channel to the host: once more, by another connection, where that was
// cut since it was last used, as nothing was sent by then.
func again[T any](ctx context.Context, h *Host, open func(*connection) (T, error)) (got T, err error) {
	for range 2 {
		conn, failed := h.connected(ctx)
		if failed != nil {
			return got, failed
		}
		got, err = open(conn)
		var answered *ssh.OpenChannelError
		if err == nil || ctx.Err() != nil || errors.As(err, &answered) || !conn.ended() {
			return got, err
		}
	}
	return got, err
}

// ended reports whether a connection on which a request failed is cut.
func (c *connection) ended() bool {
	select {
	case <-c.gone:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// connected returns the connection to the host, made if there is none. An error is a
// *action.Failure: nothing was sent.
func (h *Host) connected(ctx context.Context) (*connection, error) {
	began := time.Now()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return nil, h.unreached(ctx, ctx.Err(), time.Since(began))
	}
	if h.conn != nil {
		select {
		case <-h.conn.gone:
		default:
			return h.conn, nil
		}
	}
	conn, err := h.connect(ctx)
	if err != nil {
		return nil, err
	}
	h.conn = conn
	return conn, nil
}

// connect makes a connection of its own.
func (h *Host) connect(ctx context.Context) (*connection, error) {
	if err := h.confine.Address("ssh to "+h.where, h.at.hostPort()); err != nil {
		return nil, err
	}
	c, err := h.letIn(ctx)
	if err != nil {
		return nil, h.configured(err)
	}
	return c, nil
}

// letIn is connect, whatever the confines of the run are.
func (h *Host) letIn(ctx context.Context) (*connection, error) {
	keys, err := h.keys()
	if err != nil {
		return nil, err
	}
	defer keys.close()
	check, err := h.hostKeys()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.at.hostPort())
	if err != nil {
		return nil, h.unreached(ctx, err, time.Since(began))
	}
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	client, channels, requests, err := ssh.NewClientConn(raw, h.at.hostPort(), &ssh.ClientConfig{
		User: h.at.User, Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(keys.signers)},
		HostKeyCallback: check.callback, HostKeyAlgorithms: check.algorithms(h.at.hostPort()),
	})
	if err != nil {
		raw.Close()
		return nil, h.notLetIn(ctx, err, check, keys, time.Since(began))
	}
	c := &connection{Client: ssh.NewClient(client, channels, requests), gone: make(chan struct{})}
	go func() { _ = c.Wait(); close(c.gone) }()
	go c.keepAlive()
	return c, nil
}

// keepAlive cuts a connection whose host keeps silent.
func (c *connection) keepAlive() {
	every := time.NewTicker(aliveEvery)
	defer every.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-every.C:
		}
		silent := time.AfterFunc(aliveEvery, func() { c.Close() })
		_, _, _ = c.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
	}
}
