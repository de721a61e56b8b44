package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"strconv"
	"time"

	"runbook/engine/event"
)

// The parts of a line, in their order.
const (
	keySequence = `{"sequence":`
	keyTime     = `,"time":"`
	keyType     = `,"type":"`
	keyPath     = `,"path":`
	keyAttempt  = `,"attempt":`
	keySynced   = `,"synced":`
	keyData     = `,"data":`
	keyBefore   = `,"before":"`
	keyCRC      = `,"crc":"`

	beforeLength = len(keyBefore) + len(link{}) + 1
	crcLength    = len(keyCRC) + 8 + len(`"}`)
)

// typeEnds is where the type of a record has ended: its sequence and time are not
// longer than this, in bytes.
const typeEnds = 128

// Bounds, in bytes, of a line and of the payload in it.
const (
	maxRecord  = 64 << 20
	maxPayload = 48 << 20
)

// link is the hash of a record, as the next one has it.
type link [16]byte

func firstLink() link { return link([]byte("0000000000000000")) }

func linkOf(line []byte) (l link) {
	sum := sha256.Sum256(line)
	hex.Encode(l[:], sum[:8])
	return l
}

// record is a line that was read.
type record struct {
	event.Event // without Data
	synced      uint64
	data        []byte
	before      link
}

// appendRecord appends the line of ev, with its newline, and returns its hash.
func appendRecord(b []byte, ev *event.Event, synced uint64, data []byte, before link) ([]byte, link) {
	start := len(b)
	b = strconv.AppendUint(append(b, keySequence...), ev.Sequence, 10)
	b = append(ev.Time.AppendFormat(append(b, keyTime...), time.RFC3339Nano), '"')
	b = append(append(append(b, keyType...), ev.Type...), '"')
	if ev.Path != "" {
		b = appendText(append(b, keyPath...), string(ev.Path))
	}
	if ev.Attempt != 0 {
		b = strconv.AppendInt(append(b, keyAttempt...), int64(ev.Attempt), 10)
	}
	if synced != 0 {
		b = strconv.AppendUint(append(b, keySynced...), synced, 10)
	}
	if len(data) > 0 {
		b = append(append(b, keyData...), data...)
	}
	b = append(append(append(b, keyBefore...), before[:]...), '"')
	crc := checksum(b[start:])
	b = append(append(append(b, keyCRC...), crc[:]...), `"}`...)
	l := linkOf(b[start:])
	return append(b, '\n'), l
}

func checksum(b []byte) (text [8]byte) {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	hex.Encode(text[:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return text
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string cannot fail
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

var (
	errShort    = errors.New("the record is not complete")
	errChecksum = errors.New("its checksum does not match")
	errFormat   = errors.New("it is not laid out as a record")
)

// parseRecord reads a line without its newline. The result's data points into
// line.
func parseRecord(line []byte) (r record, err error) {
	if len(line) < len(keySequence)+beforeLength+crcLength {
		return r, errShort
	}
	body, tail := line[:len(line)-crcLength], line[len(line)-crcLength:]
	crc := checksum(body)
	if string(tail) != keyCRC+string(crc[:])+`"}` {
		return r, errChecksum
	}
	p := parser{rest: body}
	r.Sequence = p.number(keySequence)
	r.Time = p.time()
	r.Type = event.Type(p.until(keyType, '"'))
	r.Path = event.Path(p.path())
	if p.has(keyAttempt) {
		r.Attempt = int(p.digits())
	}
	if p.has(keySynced) {
		r.synced = p.digits()
	}
	if p.has(keyData) && len(p.rest) > beforeLength {
		at := len(p.rest) - beforeLength
		r.data, p.rest = p.rest[:at], p.rest[at:]
	}
	if !p.has(keyBefore) || len(p.rest) != len(r.before)+1 || p.rest[len(r.before)] != '"' {
		p.bad = true
	}
	if p.bad {
		return r, errFormat
	}
	copy(r.before[:], p.rest)
	return r, nil
}

// parser takes a line apart. Once bad, it stays so.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) has(prefix string) bool {
	if p.bad || len(p.rest) < len(prefix) || string(p.rest[:len(prefix)]) != prefix {
		return false
	}
	p.rest = p.rest[len(prefix):]
	return true
}

func (p *parser) number(prefix string) uint64 {
	p.bad = !p.has(prefix)
	return p.digits()
}

func (p *parser) digits() uint64 {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	value, err := strconv.ParseUint(string(p.rest[:n]), 10, 63)
	p.bad = p.bad || err != nil
	p.rest = p.rest[n:]
	return value
}

// until returns what is between prefix and end.
func (p *parser) until(prefix string, end byte) string {
	has := p.has(prefix)
	text, rest, ended := bytes.Cut(p.rest, []byte{end})
	if !has || !ended {
		p.bad = true
		return ""
	}
	p.rest = rest
	return string(text)
}

func (p *parser) time() time.Time {
	t, err := time.Parse(time.RFC3339Nano, p.until(keyTime, '"'))
	p.bad = p.bad || err != nil
	return t.UTC()
}

func (p *parser) path() string {
	if !p.has(keyPath) {
		return ""
	}
	n := 1
	for n < len(p.rest) && p.rest[n] != '"' {
		if p.rest[n] == '\\' {
			n++
		}
		n++
	}
	var path string
	if n >= len(p.rest) || json.Unmarshal(p.rest[:n+1], &path) != nil {
		p.bad = true
		return ""
	}
	p.rest = p.rest[n+1:]
	return path
}
