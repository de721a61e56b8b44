package mongo

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// frame is a message with its header.
func frame(op int32, body []byte) []byte {
	out := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(out, uint32(headerSize+len(body)))
	binary.LittleEndian.PutUint32(out[4:], 7)
	binary.LittleEndian.PutUint32(out[12:], uint32(op))
	return append(out, body...)
}

func encoded(t *testing.T, d bson.D) []byte {
	t.Helper()
	out, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func insertion(t *testing.T) []byte {
	return encoded(t, bson.D{{Key: "insert", Value: "box"}, {Key: "$db", Value: "mltb"}})
}

func TestMessages(t *testing.T) {
	one := encoded(t, bson.D{{Key: "_id", Value: int32(1)}})
	sequence := append(binary.LittleEndian.AppendUint32([]byte{1}, uint32(4+len("documents")+1+2*len(one))), "documents\x00"...)
	sequence = append(append(sequence, one...), one...)
	plain := append([]byte{0, 0, 0, 0, 0}, insertion(t)...)
	for name, c := range map[string]struct {
		message []byte
		fields  int // 0: it is refused
		silent  bool
	}{
		"plain":        {frame(opMsg, plain), 2, false},
		"sequence":     {frame(opMsg, append(bytes.Clone(plain), sequence...)), 3, false},
		"checksum":     {frame(opMsg, append(append([]byte{1, 0, 0, 0, 0}, insertion(t)...), 0, 0, 0, 0)), 0, false},
		"silent":       {frame(opMsg, append([]byte{2, 0, 0, 0, 0}, insertion(t)...)), 2, true},
		"unknown flag": {frame(opMsg, append([]byte{64, 0, 0, 0, 0}, insertion(t)...)), 0, false},
		"section":      {frame(opMsg, append([]byte{0, 0, 0, 0, 9}, insertion(t)...)), 0, false},
		"query":        {frame(opQuery, append(append([]byte{0, 0, 0, 0}, "admin.$cmd\x00\x00\x00\x00\x00\x01\x00\x00\x00"...), insertion(t)...)), 2, false},
		"compressed":   {frame(2012, plain), 0, false},
		"nothing":      {frame(opMsg, []byte{0, 0, 0, 0}), 0, false},
	} {
		m, _, err := readMessage(bytes.NewReader(c.message))
		if (err == nil) != (c.fields > 0) || err == nil && (len(m.body) != c.fields || m.silent != c.silent) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// TestNoMessageBreaksTheReader changes bytes of messages.
func TestNoMessageBreaksTheReader(t *testing.T) {
	whole := frame(opMsg, append([]byte{0, 0, 0, 0, 0}, insertion(t)...))
	rapid.Check(t, func(t *rapid.T) {
		message := bytes.Clone(whole)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			message[rapid.IntRange(4, len(message)-1).Draw(t, "place")] = rapid.Byte().Draw(t, "byte")
		}
		if m, _, err := readMessage(bytes.NewReader(message)); err == nil && len(m.body) == 0 {
			t.Fatalf("%x has no command", message)
		}
	})
}

func TestOldGreeting(t *testing.T) {
	b := start(t, plain)
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for name, want := range map[string]string{"isMaster": "ismaster", "find": "errmsg"} {
		greeting := append([]byte("\x00\x00\x00\x00admin.$cmd\x00\x00\x00\x00\x00\xff\xff\xff\xff"), encoded(t, bson.D{{Key: name, Value: int32(1)}})...)
		if _, err := conn.Write(frame(opQuery, greeting)); err != nil {
			t.Fatal(err)
		}
		header := make([]byte, headerSize+20)
		if _, err := conn.Read(header); err != nil {
			t.Fatal(err)
		}
		rest := make([]byte, int(binary.LittleEndian.Uint32(header))-len(header))
		if _, err := conn.Read(rest); err != nil {
			t.Fatal(err)
		}
		if op := binary.LittleEndian.Uint32(header[12:]); op != opReply {
			t.Errorf("operation %d", op)
		}
		if d, _, err := readDocument(rest); err != nil || at(d, want) == nil {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}
