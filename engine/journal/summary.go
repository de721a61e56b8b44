package journal

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
)

// Summary is a run in a few words, from the two ends of its journal.
type Summary struct {
	ID          string
	Playbook    string
	Title       string
	Environment string
	User        string
	State       event.State // event.Running and event.Interrupted are derived
	ExitCode    int         // of a run that ended or is suspended
	Started     time.Time
	Duration    time.Duration // of one that is running: up to its last record
	Changes     int
	Warnings    int
	Step        event.Path // that failed, waits, is in doubt, or had the last record
	Err         error      // *DamageError: one of the ends does not verify
}

// Ended reports whether the run is over for good; else it is running,
// interrupted or suspended.
func (s Summary) Ended() bool {
	switch s.State {
	case event.Done, event.Failed, event.Refused, event.Cancelled, event.DryRun:
		return true
	}
	return false
}

// firstChunk is read at first from each end of a journal, in bytes.
const firstChunk = 16 << 10

// summary reads the ends of a run's journal. It is false for a run that never
// began: its journal has no record.
func (s *State) summary(run string) (Summary, bool) {
	sum := Summary{ID: run}
	file, err := s.open(s.Path(run))
	if err != nil {
		sum.Err = err
		return sum, !errors.Is(err, os.ErrNotExist)
	}
	defer func() { _ = letGo(file) }()
	free, err := tryLock(file, false) // before the end is read: an owner that leaves ends it first
	if err != nil {
		sum.Err = err
		return sum, true
	}
	info, err := file.Stat()
	if err != nil {
		sum.Err = err
		return sum, true
	}
	began, err := sum.readHead(file)
	if err != nil {
		sum.Err = &DamageError{Path: file.Name(), Record: 1, Err: err}
		return sum, true
	}
	if !began {
		return sum, false
	}
	sum.State = event.Running
	if free {
		sum.State = event.Interrupted
	}
	sum.Err = sum.readTail(file, info.Size())
	return sum, true
}

// readHead reads the first record. It is false if there is none.
func (sum *Summary) readHead(file *os.File) (bool, error) {
	line, err := newLines(io.NewSectionReader(file, 0, 1<<62)).next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r, err := parseRecord(line)
	if err != nil {
		return false, err
	}
	data, err := decodePayload(r.Type, r.data)
	if err != nil {
		return false, err
	}
	sum.Started = r.Time
	if head, ok := data.(*event.RunCreated); ok {
		sum.Playbook, sum.Title = head.Playbook, head.Title
		sum.Environment, sum.User = head.Environment.Name, head.User
	}
	return true, nil
}

// readTail reads the last record, and what can be counted without one.
func (sum *Summary) readTail(file *os.File, size int64) error {
	var last *record
	for chunk := int64(firstChunk); ; chunk *= 4 {
		from := max(0, size-chunk)
		b := make([]byte, size-from)
		if _, err := file.ReadAt(b, from); err != nil && err != io.EOF {
			return err
		}
		last = lastRecord(b, from == 0, func(r record) {
			if sum.Step == "" {
				sum.Step = r.Path
			}
		})
		if last != nil || from == 0 || chunk > maxRecord {
			break
		}
	}
	if last == nil {
		return &DamageError{Path: file.Name(), Offset: size, Err: errFormat}
	}
	sum.Duration = last.Time.Sub(sum.Started)
	data, err := decodePayload(last.Type, last.data)
	if err != nil {
		return &DamageError{Path: file.Name(), Record: last.Sequence, Offset: size, Err: err}
	}
	switch fin := data.(type) {
	case *event.RunFinished:
		sum.finish(fin)
	case *event.RunSuspended:
		sum.finish(&fin.RunFinished)
	default:
		sum.Changes = countChanges(file, size)
	}
	return nil
}

// lastRecord returns the last record of b that verifies, nil if there is none.
// Unless whole, b begins inside a record. Each record is shown to see, the last
// first, until one has a path.
func lastRecord(b []byte, whole bool, see func(record)) (last *record) {
	for len(b) > 0 {
		end := bytes.LastIndexByte(b, '\n')
		if end < 0 {
			break
		}
		start := bytes.LastIndexByte(b[:end], '\n') + 1
		if start == 0 && !whole {
			break
		}
		if r, err := parseRecord(b[start:end]); err == nil {
			if last == nil {
				last = &r
			}
			if see(r); r.Path != "" {
				break
			}
		}
		b = b[:start]
	}
	return last
}

func (sum *Summary) finish(fin *event.RunFinished) {
	sum.State, sum.ExitCode, sum.Duration = fin.State, fin.ExitCode, fin.Duration
	sum.Warnings, sum.Step = len(fin.Warnings), fin.Step
	sum.Changes = history.Count(fin.Changes)
}

// countChanges counts the effects of a run without a final record, from the
// records that tell of effects.
func countChanges(file *os.File, size int64) int {
	var changes history.Changes
	for r := range recordsOf(io.NewSectionReader(file, 0, size), event.TypeIntent, event.TypeOutcome, event.TypeSettled, event.TypeRunSuspended) {
		if data, err := decodePayload(r.Type, r.data); err == nil {
			r.Data = data
			changes.Apply(r.Event)
		}
	}
	return changes.Counted()
}

// recordsOf gives the records of those types that verify.
func recordsOf(from io.Reader, types ...event.Type) iter.Seq[record] {
	var marks [][]byte
	for _, t := range types {
		marks = append(marks, []byte(keyType+string(t)+`"`))
	}
	return func(yield func(record) bool) {
		for lines := newLines(from); ; {
			line, err := lines.next()
			if err != nil {
				return
			}
			head := line[:min(len(line), typeEnds)]
			if !slices.ContainsFunc(marks, func(m []byte) bool { return bytes.Contains(head, m) }) {
				continue
			}
			if r, err := parseRecord(line); err == nil && !yield(r) {
				return
			}
		}
	}
}

var errIntent = errors.New("an effect was begun")

// hasIntent reports whether a run got as far as an effect. What cannot be read
// counts as one.
func hasIntent(path string) bool {
	_, err := Scan(path, func(ev event.Event) error {
		if ev.Type == event.TypeIntent {
			return errIntent
		}
		return nil
	})
	return err != nil
}

// notFound is the failure to find a run.
func notFound(what string, seen ...string) error {
	return &action.Failure{What: what, Seen: seen, Do: []string{"runbook runs"}, Err: ErrNotFound}
}

// ErrNotFound is the cause of an error of Find.
var ErrNotFound = errors.New("there is no such run")
