package gate

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Listen returns a listener whose connections the gate cuts, and which it takes
// away and brings back, at the same address, with the faults of the target. An
// address with the port 0 gets a free one.
func (g *Gate) Listen(network, address string) (net.Listener, error) {
	inner, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	l := &listener{network: network, address: inner.Addr(), inner: inner, open: map[*Conn]bool{}}
	l.changed = sync.NewCond(&l.mu)
	g.mu.Lock()
	g.listeners = append(g.listeners, l)
	closed := g.down || g.gone
	g.mu.Unlock()
	l.set(closed)
	return l, nil
}

type listener struct {
	network string
	address net.Addr

	mu      sync.Mutex
	changed *sync.Cond
	inner   net.Listener // nil while the gate is closed
	closed  bool
	open    map[*Conn]bool
}

// Addr is the address, also while nothing listens there.
func (l *listener) Addr() net.Addr { return l.address }

// Accept waits for the next connection, also while the gate is closed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		for l.inner == nil && !l.closed {
			l.changed.Wait()
		}
		inner, closed := l.inner, l.closed
		l.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		conn, err := inner.Accept()
		if err == nil {
			if c := l.take(inner, conn); c != nil {
				return c, nil
			}
			continue
		}
		l.mu.Lock()
		gone := l.inner != inner
		l.mu.Unlock()
		if !gone && !errors.Is(err, net.ErrClosed) {
			return nil, err
		}
	}
}

// take registers a connection, or cuts one that came as the gate was closed.
func (l *listener) take(inner net.Listener, conn net.Conn) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner != inner {
		cut(conn)
		return nil
	}
	c := &Conn{Conn: conn, from: l}
	l.open[c] = true
	return c
}

// Close ends the listener and its connections for good.
func (l *listener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.set(true)
	return nil
}

// set takes the listener away or brings it back.
func (l *listener) set(closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case closed && l.inner != nil:
		_ = l.inner.Close()
		l.inner = nil
		for c := range l.open {
			cut(c.Conn)
		}
		clear(l.open)
	case !closed && l.inner == nil && !l.closed:
		l.inner = listenAgain(l.network, l.address.String())
		l.changed.Broadcast()
	}
}

// listenAgain takes the address back. It was free a moment ago; somebody else
// may hold it for an instant as the end of a connection of his.
func listenAgain(network, address string) net.Listener {
	for try := 0; ; try++ {
		inner, err := net.Listen(network, address)
		if err == nil || try == 100 {
			return inner
		}
		time.Sleep(time.Millisecond)
	}
}

// cut closes a connection so that its client sees a reset where there is one.
func cut(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Conn is a connection that came through a gate.
type Conn struct {
	net.Conn
	from *listener
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}
