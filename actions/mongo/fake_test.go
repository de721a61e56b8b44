package mongo

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The opcodes of the wire protocol; the first greeting is still a query.
const (
	opReply = 1
	opQuery = 2004
	opMsg   = 2013
)

// fake speaks as much of the wire protocol (OP_MSG) as a driver needs to ask
// for one document, and notes the commands that came.
type fake struct {
	address string
	reply   func(command string) bson.D

	listener net.Listener

	mu       sync.Mutex
	commands []string
	conns    []net.Conn
}

func newFake(t *testing.T, reply func(command string) bson.D) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{address: listener.Addr().String(), reply: reply, listener: listener}
	t.Cleanup(f.stop)
	f.listen(listener)
	return f
}

// listen serves what comes to a listener until it is closed.
func (f *fake) listen(listener net.Listener) {
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, conn)
			f.mu.Unlock()
			go f.serve(conn)
		}
	}()
}

// stop refuses connections and cuts those that are there.
func (f *fake) stop() {
	_ = f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	for {
		header := make([]byte, 16)
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(header)-16)
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		asQuery := binary.LittleEndian.Uint32(header[12:]) == opQuery
		command := commandOf(body, asQuery)
		f.mu.Lock()
		f.commands = append(f.commands, command)
		f.mu.Unlock()
		answer := f.answer(command)
		if answer == nil {
			continue
		}
		if answer[0].Key == "cut" {
			return
		}
		if _, err := conn.Write(message(header[4:8], answer, asQuery)); err != nil {
			return
		}
	}
}

// commandOf returns the first key of a message's document. A query has flags,
// the collection as a C string and two numbers before it.
func commandOf(body []byte, asQuery bool) string {
	if asQuery {
		body = body[4+bytes.IndexByte(body[4:], 0)+1+8:]
	} else {
		body = body[5:]
	}
	first, err := bson.Raw(body).IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

func message(answerTo []byte, answer bson.D, asReply bool) []byte {
	document, err := bson.Marshal(answer)
	if err != nil {
		panic(err)
	}
	head, code := 16+5, uint32(opMsg)
	if asReply {
		head, code = 16+20, opReply
	}
	out := make([]byte, head, head+len(document))
	binary.LittleEndian.PutUint32(out, uint32(head+len(document)))
	copy(out[8:12], answerTo)
	binary.LittleEndian.PutUint32(out[12:], code)
	if asReply {
		out[16+16] = 1 // documents returned
	}
	return append(out, document...)
}

func (f *fake) answer(command string) bson.D {
	switch command {
	case "hello", "isMaster", "ismaster":
		return bson.D{
			{Key: "ok", Value: 1}, {Key: "isWritablePrimary", Value: true}, {Key: "ismaster", Value: true}, {Key: "maxBsonObjectSize", Value: 16 << 20},
			{Key: "maxMessageSizeBytes", Value: 48 << 20}, {Key: "maxWriteBatchSize", Value: 100000}, {Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: 21},
		}
	}
	if f.reply != nil {
		return f.reply(command)
	}
	return bson.D{{Key: "ok", Value: 1}}
}

func (f *fake) saw(command string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.commands, command)
}
