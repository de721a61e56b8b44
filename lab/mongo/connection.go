package mongo

import (
	"context"
	"net"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// connection is one of a client.
type connection struct {
	server *Server
	conn   net.Conn
	id     int32
	client bson.D // what the driver tells of itself
	opened time.Time
	login  login
}

// received is a message with its size, or why there is none.
type received struct {
	message *message
	size    int
}

// serve answers the client until it goes, or is cut off.
func (c *connection) serve() {
	ctx, cancel := context.WithCancel(c.server.life.ending)
	closing := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer closing()
	defer c.login.abandon()
	defer func() { _ = c.conn.Close() }()
	defer cancel()
	c.opened = c.server.gate.Clock().Now()
	c.server.running.join(c)
	defer c.server.running.leave(c)

	incoming := make(chan received)
	c.server.life.work.Go(func() { c.read(ctx, cancel, incoming) })
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-incoming:
			if !c.answer(ctx, r) {
				return
			}
		}
	}
}

// read reads ahead, so that the end of the client is seen while its request is
// worked on.
func (c *connection) read(ctx context.Context, cancel context.CancelFunc, incoming chan<- received) {
	defer cancel()
	for {
		m, size, err := readMessage(c.conn)
		if err != nil {
			return
		}
		select {
		case incoming <- received{m, size}:
		case <-ctx.Done():
			return
		}
	}
}

// answer does what the message asks; false ends the connection.
func (c *connection) answer(ctx context.Context, r received) bool {
	call := &call{server: c.server, connection: c, message: r.message, body: r.message.body, name: r.message.body[0].Key}
	if err := call.enter(ctx); err != nil {
		return false
	}
	defer call.leave()
	reply := call.run(ctx)
	if ctx.Err() != nil || !call.replies() {
		return false
	}
	bytes, err := r.message.reply(c.server.nextID.Add(1), reply)
	if err != nil {
		bytes, err = r.message.reply(c.server.nextID.Add(1), failure(err))
	}
	if err != nil {
		return false
	}
	call.account(r.size, len(bytes))
	if r.message.silent {
		return true
	}
	_, err = c.conn.Write(bytes)
	return err == nil
}
