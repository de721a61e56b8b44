package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"runbook/engine/event"
)

// Log is a journal that was read.
type Log struct {
	Path   string
	Events []event.Event // their Data is a pointer to the payload of their Type
	Torn   int           // bytes at the end that were never completely written
	end    tail
}

// tail is where a journal goes on.
type tail struct {
	offset   int64
	sequence uint64
	last     link
}

// DamageError refuses a journal that does not verify.
type DamageError struct {
	Path   string
	Record uint64 // the sequence that was expected there
	Offset int64  // in bytes
	Err    error
}

// Error says which record is damaged, and how.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged at record %d, byte %d: %v", short(e.Path), e.Record, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Scan reads and verifies a journal of any size: it calls f for each event in order
// and ends with f's error. A torn tail is left out; torn is its length in bytes. A
// *DamageError comes behind the events that precede the damage.
func Scan(path string, f func(event.Event) error) (torn int, err error) {
	l := &Log{Path: path}
	err = l.read(f)
	return l.Torn, err
}

func (l *Log) read(f func(event.Event) error) error {
	file, err := toRead(l.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	return l.readFrom(file, f)
}

func (l *Log) readFrom(r io.Reader, f func(event.Event) error) error {
	lines := newLines(r)
	l.end = tail{last: firstLink()}
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", l.Path, err)
		}
		r, bad := l.verify(line, errors.Is(err, io.EOF))
		if bad != nil {
			return l.judge(lines, line, bad)
		}
		r.Event.Data, err = decodePayload(r.Type, r.data)
		if err != nil {
			return l.damage(err)
		}
		l.end = tail{offset: lines.offset, sequence: r.Sequence, last: linkOf(line)}
		if err := f(r.Event); err != nil {
			return err
		}
	}
}

// errChain is a sound record at a place where it does not belong.
var errChain = errors.New("it does not follow the record before it")

// verify checks the next line. Of a last line that has no newline, it says so.
func (l *Log) verify(line []byte, cut bool) (record, error) {
	r, err := parseRecord(line)
	switch {
	case cut:
		return r, errShort
	case err != nil:
		return r, err
	case r.Sequence != l.end.sequence+1 || r.before != l.end.last:
		return r, errChain
	}
	return r, nil
}

func (l *Log) damage(err error) error {
	return &DamageError{Path: l.Path, Record: l.end.sequence + 1, Offset: l.end.offset, Err: err}
}

// judge tells a torn tail, which it measures, from damage. line is the first
// that does not verify, for the reason bad.
func (l *Log) judge(lines *lines, line []byte, bad error) error {
	missing := errors.Is(bad, errShort) && lines.atEnd && !whole(line) ||
		neverWritten(line, lines.offset-int64(lines.length), lines.atEnd)
	if !missing || errors.Is(bad, errChain) {
		return l.damage(bad)
	}
	for !lines.atEnd {
		rest, err := lines.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", l.Path, err)
		}
		if r, err := parseRecord(rest); err == nil && r.synced > l.end.sequence {
			return l.damage(bad)
		}
	}
	l.Torn = int(lines.offset - l.end.offset)
	return nil
}

// whole reports whether a last line without a newline is a record followed by
// one wrong byte: then the newline was there.
func whole(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	_, err := parseRecord(line[:len(line)-1])
	return err == nil
}

// sector is the least that a disk writes at once, in bytes.
const sector = 512

// neverWritten reports whether a part of the line that begins at offset is made
// of zeros up to the end of a sector or of the file, from the beginning of a
// sector or of a record on: a part that did not reach the disk.
func neverWritten(line []byte, offset int64, atEnd bool) bool {
	for i := bytes.IndexByte(line, 0); i >= 0 && i < len(line); {
		end := i
		for end < len(line) && line[end] == 0 {
			end++
		}
		begins := i == 0 || (offset+int64(i))%sector == 0
		ends := (offset+int64(end))%sector == 0 || atEnd && end == len(line)
		if begins && ends {
			return true
		}
		next := bytes.IndexByte(line[end:], 0)
		if next < 0 {
			return false
		}
		i = end + next
	}
	return false
}

// lines reads a file line by line.
type lines struct {
	reader *bufio.Reader
	long   []byte
	offset int64 // after the last line
	length int   // of the last line, with its newline
	atEnd  bool
}

func newLines(r io.Reader) *lines { return &lines{reader: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next line without its newline, valid until the next call.
// With io.EOF it is a last line that has none.
func (l *lines) next() ([]byte, error) {
	line, err := l.reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= maxRecord {
			line, err = l.reader.ReadSlice('\n')
			l.long = append(l.long, line...)
		}
		line = l.long
		if errors.Is(err, bufio.ErrBufferFull) {
			err = fmt.Errorf("a line of more than %d bytes", maxRecord)
		}
	}
	l.length = len(line)
	l.offset += int64(len(line))
	l.atEnd = errors.Is(err, io.EOF)
	if err == nil {
		return line[:len(line)-1], nil
	}
	return line, err
}
