package mongo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The codes of the messages that are understood.
const (
	opReply = 1
	opQuery = 2004
	opMsg   = 2013
)

// The flags of OP_MSG.
const (
	flagMoreToCome = 1 << 1
	flagsRequired  = 0xffff // whoever does not know one of these must refuse the message
)

const (
	maxMessage  = 48_000_000
	maxDocument = 16 << 20
	headerSize  = 16
)

var errMessage = errors.New("no message of MongoDB")

// message is one that a client sent.
type message struct {
	id     int32
	op     int32
	silent bool   // the client wants no reply
	legacy string // the namespace of an OP_QUERY
	body   bson.D
}

// readMessage reads the next message.
func readMessage(r io.Reader) (*message, int, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, 0, err
	}
	size := int(int32(binary.LittleEndian.Uint32(header[:])))
	m := &message{id: int32(binary.LittleEndian.Uint32(header[4:])), op: int32(binary.LittleEndian.Uint32(header[12:]))}
	if size < headerSize || size > maxMessage {
		return nil, 0, fmt.Errorf("%w: %d bytes", errMessage, size)
	}
	whole := make([]byte, size)
	copy(whole, header[:])
	if _, err := io.ReadFull(r, whole[headerSize:]); err != nil {
		return nil, 0, err
	}
	var err error
	switch m.op {
	case opMsg:
		err = m.readMsg(whole[headerSize:])
	case opQuery:
		err = m.readQuery(whole[headerSize:])
	default:
		err = fmt.Errorf("%w: operation %d", errMessage, m.op)
	}
	return m, size, err
}

// readMsg reads an OP_MSG.
func (m *message) readMsg(rest []byte) error {
	if len(rest) < 4 {
		return errMessage
	}
	flags := binary.LittleEndian.Uint32(rest)
	if flags&flagsRequired&^flagMoreToCome != 0 {
		return fmt.Errorf("%w: flags %x", errMessage, flags)
	}
	m.silent = flags&flagMoreToCome != 0
	rest = rest[4:]
	sequences := bson.D{}
	for len(rest) > 0 {
		kind := rest[0]
		var err error
		switch rest = rest[1:]; kind {
		case 0:
			m.body, rest, err = readDocument(rest)
		case 1:
			var e bson.E
			e, rest, err = readSequence(rest)
			sequences = append(sequences, e)
		default:
			err = fmt.Errorf("%w: section %d", errMessage, kind)
		}
		if err != nil {
			return err
		}
	}
	if len(m.body) == 0 {
		return fmt.Errorf("%w: no command", errMessage)
	}
	m.body = append(m.body, sequences...)
	return nil
}

// readSequence reads documents that belong to the command under a name.
func readSequence(rest []byte) (bson.E, []byte, error) {
	if len(rest) < 4 {
		return bson.E{}, nil, errMessage
	}
	size := int(int32(binary.LittleEndian.Uint32(rest)))
	if size < 5 || size > len(rest) {
		return bson.E{}, nil, errMessage
	}
	part, rest := rest[4:size], rest[size:]
	name, part, err := readText(part)
	if err != nil {
		return bson.E{}, nil, err
	}
	all := bson.A{}
	for len(part) > 0 {
		var d bson.D
		if d, part, err = readDocument(part); err != nil {
			return bson.E{}, nil, err
		}
		all = append(all, d)
	}
	return bson.E{Key: name, Value: all}, rest, nil
}

// readQuery reads an OP_QUERY.
func (m *message) readQuery(rest []byte) error {
	if len(rest) < 4 {
		return errMessage
	}
	var err error
	if m.legacy, rest, err = readText(rest[4:]); err != nil {
		return err
	}
	if len(rest) < 8 {
		return errMessage
	}
	if m.body, _, err = readDocument(rest[8:]); err != nil {
		return err
	}
	if len(m.body) == 0 {
		return errMessage
	}
	return nil
}

func readText(rest []byte) (string, []byte, error) {
	for i, b := range rest {
		if b == 0 {
			return string(rest[:i]), rest[i+1:], nil
		}
	}
	return "", nil, errMessage
}

func readDocument(rest []byte) (bson.D, []byte, error) {
	if len(rest) < 5 {
		return nil, nil, errMessage
	}
	size := int(int32(binary.LittleEndian.Uint32(rest)))
	if size < 5 || size > len(rest) {
		return nil, nil, errMessage
	}
	d := bson.D{}
	if err := bson.Unmarshal(rest[:size], &d); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	return d, rest[size:], nil
}

// reply encodes the answer to a message.
func (m *message) reply(id int32, answer bson.D) ([]byte, error) {
	out := make([]byte, headerSize, 512)
	binary.LittleEndian.PutUint32(out[4:], uint32(id))
	binary.LittleEndian.PutUint32(out[8:], uint32(m.id))
	if m.op == opQuery {
		const awaitCapable = 8
		binary.LittleEndian.PutUint32(out[12:], opReply)
		out = binary.LittleEndian.AppendUint32(out, awaitCapable)
		out = binary.LittleEndian.AppendUint64(out, 0)
		out = binary.LittleEndian.AppendUint32(out, 0)
		out = binary.LittleEndian.AppendUint32(out, 1)
	} else {
		binary.LittleEndian.PutUint32(out[12:], opMsg)
		out = append(out, 0, 0, 0, 0, 0)
	}
	document, err := bson.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	out = append(out, document...)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}
