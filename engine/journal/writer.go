package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/redact"
)

// Limits of what waits to be written.
const (
	flushSize  = 64 << 10               // written at once from here on
	maxBuffer  = 1 << 20                // an append waits from here on
	flushAfter = 100 * time.Millisecond // and at the latest
)

// Options are what a journal can be given; the zero value is good.
type Options struct {
	Redactor *redact.Redactor // of every record and observed fact; nil: none
	Now      func() time.Time // nil: time.Now
	ID       string           // of the run; "": a new one
	Wrap     func(File) File  // puts a file of one's own before the real one, for tests
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// Writer appends the facts of one run. It may be used from many goroutines.
type Writer struct {
	run       string
	path      string // "" where nothing is written
	file      File   // nil where nothing is written
	options   Options
	encoders  encoders
	observers *observers

	mu   sync.Mutex
	cond *sync.Cond // busy, log.synced or err changed
	log  log
	busy bool // a goroutine writes or syncs
	tick bool // a flush is due in flushAfter
	err  error
	held []event.Event // appended, not yet to be observed
}

// log is the state of the file's end.
type log struct {
	buffer   []byte // appended, not written
	spare    []byte
	sequence uint64 // of the last record
	synced   uint64 // of the last record on disk
	last     link
}

func newWriter(run, path string, f File, o Options) *Writer {
	w := &Writer{run: run, path: path, file: f, options: o, observers: newObservers(o.Redactor)}
	w.log.last = firstLink()
	w.cond = sync.NewCond(&w.mu)
	return w
}

// Memory returns the journal of a dry run: it has an id and observers, and
// writes nothing.
func Memory(o Options) *Writer {
	return newWriter(cmp.Or(o.ID, newID(o.now())), "", nil, o)
}

// Run returns the id of the run.
func (w *Writer) Run() string { return w.run }

// Path returns the path of the file, "" where nothing is written.
func (w *Writer) Path() string { return w.path }

// Subscribe gives each fact that is appended from now on to observe: in order,
// after it was journalled (of a synced type: after the sync), without secrets,
// by one goroutine. Transient facts are given too, unless observe is far behind.
// observe may be slow; it delays Close, not the run. It must not change the
// payload.
func (w *Writer) Subscribe(observe func(event.Event)) { w.observers.add(observe) }

// Transient gives ev to the observers only. It never blocks.
func (w *Writer) Transient(ev event.Event) {
	if ev.Time.IsZero() {
		ev.Time = w.options.now()
	}
	ev.Sequence, ev.Time = 0, ev.Time.UTC().Round(0)
	w.observers.putTransient(ev)
}

// Append journals ev, sets its Sequence, its Time if that is zero, and puts the
// payload as it was journalled in place of its own: without secrets, so that it may
// be shown. It returns when ev is on disk if ev.Type.Synced(). The payload must not
// change after it. A fact that is too long is refused alone, with event.ErrTooLong; any
// other error is a *FailedError, after which nothing is written or synced any more
// and every Append gives that error.
func (w *Writer) Append(ev *event.Event) error {
	text, seen, put, err := w.encodeData(ev)
	defer put()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && len(text) > maxPayload && w.err == nil {
		return fmt.Errorf("%s of %q, %d bytes: %w", ev.Type, ev.Path, len(text), event.ErrTooLong)
	}
	if err != nil {
		w.fail("encode", fmt.Errorf("%s of %q: %w", ev.Type, ev.Path, err))
	}
	if w.err != nil {
		return w.err
	}
	if ev.Time.IsZero() {
		ev.Time = w.options.now()
	}
	ev.Time = ev.Time.UTC().Round(0)
	w.log.sequence++
	ev.Sequence, ev.Data = w.log.sequence, seen
	if w.file == nil {
		w.log.synced = ev.Sequence
		w.observe(*ev, text)
		return nil
	}
	var synced uint64
	if ev.Type.Synced() {
		synced = w.log.synced
	}
	w.log.buffer, w.log.last = appendRecord(w.log.buffer, ev, synced, text, w.log.last)
	w.observe(*ev, text)
	if ev.Type.Synced() {
		return w.waitSynced(ev.Sequence)
	}
	return w.flushSoon()
}

// encodeData returns the payload as it is journalled, without secrets, and the
// payload for the observers, which is another one where there was a secret.
func (w *Writer) encodeData(ev *event.Event) (text []byte, seen any, put func(), err error) {
	if ev.Data == nil || w.file == nil && !w.options.Redactor.Active() {
		return nil, ev.Data, func() {}, nil
	}
	raw, put, err := w.encoders.encode(ev.Data)
	if err != nil {
		return nil, nil, put, err
	}
	text, seen, err = masked(w.options.Redactor, ev.Type, raw, ev.Data)
	return text, seen, put, err
}

// masked returns a payload and its JSON without secrets: as they are if there is none.
func masked(r *redact.Redactor, t event.Type, raw []byte, data any) ([]byte, any, error) {
	clean := r.JSON(raw)
	if len(clean) == len(raw) && &clean[0] == &raw[0] {
		return raw, data, nil
	}
	seen, err := decodePayload(t, clean)
	return clean, seen, err
}

// observe queues ev for the observers, with its payload as it was journalled.
func (w *Writer) observe(ev event.Event, text []byte) {
	if !w.observers.any() {
		return
	}
	ev.Text = bytes.Clone(text)
	w.held = append(w.held, ev)
	w.release()
}

// release passes on what may be observed: everything before the first fact that
// is still to be synced.
func (w *Writer) release() {
	n := slices.IndexFunc(w.held, func(ev event.Event) bool {
		return ev.Type.Synced() && ev.Sequence > w.log.synced
	})
	if n < 0 {
		n = len(w.held)
	}
	w.observers.put(w.held[:n])
	w.held = slices.Delete(w.held, 0, n)
}

func (w *Writer) waitSynced(sequence uint64) error {
	for w.err == nil && w.log.synced < sequence {
		if w.busy {
			w.cond.Wait()
			continue
		}
		w.commit(true)
	}
	if w.log.synced >= sequence {
		return nil
	}
	return w.err
}

// flushSoon writes a full buffer, and lets any other be written in time.
func (w *Writer) flushSoon() error {
	for len(w.log.buffer) >= maxBuffer && w.busy && w.err == nil {
		w.cond.Wait()
	}
	if len(w.log.buffer) >= flushSize && !w.busy && w.err == nil {
		w.commit(false)
	}
	if len(w.log.buffer) > 0 && !w.tick && w.err == nil {
		w.tick = true
		time.AfterFunc(flushAfter, w.flush)
	}
	return w.err
}

func (w *Writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick = false
	if len(w.log.buffer) == 0 || w.err != nil {
		return
	}
	if !w.busy {
		w.commit(false)
		return
	}
	w.tick = true
	time.AfterFunc(flushAfter, w.flush)
}

// commit writes what is buffered and syncs it if asked to. The mutex is held
// when it is called and when it returns, but not while the disk works.
func (w *Writer) commit(sync bool) {
	batch, last := w.log.buffer, w.log.sequence
	w.log.buffer, w.busy = w.log.spare[:0], true
	w.mu.Unlock()
	op, err := w.toDisk(batch, sync)
	w.mu.Lock()
	w.busy, w.log.spare = false, nil
	if cap(batch) <= 2*maxBuffer {
		w.log.spare = batch
	}
	switch {
	case err != nil:
		w.fail(op, err)
	case sync:
		w.log.synced = last
		w.release()
	}
	w.cond.Broadcast()
}

func (w *Writer) toDisk(batch []byte, sync bool) (op string, err error) {
	if len(batch) > 0 {
		if _, err := w.file.Write(batch); err != nil {
			return "write", err
		}
	}
	if sync {
		return "sync", w.file.Sync()
	}
	return "", nil
}

// fail closes the journal for good.
func (w *Writer) fail(op string, err error) {
	if w.err == nil {
		w.err = &FailedError{Path: w.path, Op: op, Err: err}
	}
	w.held = nil
	w.cond.Broadcast()
}

// Reserve makes sure that the disk has room for that many bytes more, before an
// effect whose outcome must be journalled. It does not close the journal.
func (w *Writer) Reserve(bytes int64) error {
	if w.file == nil {
		return nil
	}
	w.mu.Lock()
	err := w.err
	pending := int64(len(w.log.buffer))
	w.mu.Unlock()
	if err != nil {
		return err
	}
	room, ok := w.file.(interface{ Reserve(bytes int64) error })
	if !ok {
		return nil
	}
	if err := room.Reserve(bytes + pending); err != nil {
		return &FailedError{Path: w.path, Op: "reserve", Err: err}
	}
	return nil
}

// Close writes and syncs what is left, waits until the observers have seen it,
// and gives up the ownership of the run. It returns the error that closed the
// journal before, if one did.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.file != nil {
		_ = w.waitSynced(w.log.sequence)
	}
	for w.busy {
		w.cond.Wait()
	}
	err := w.err
	if err == nil {
		w.err = &FailedError{Path: w.path, Op: "write", Err: os.ErrClosed}
	}
	w.mu.Unlock()
	w.observers.close()
	if w.file == nil || errors.Is(err, os.ErrClosed) {
		return nil
	}
	if closing := w.file.Close(); err == nil && closing != nil {
		err = &FailedError{Path: w.path, Op: "close", Err: closing}
	}
	return err
}

// Discard is Close for a run that did not begin: a file without a record is
// removed.
func (w *Writer) Discard() error {
	w.mu.Lock()
	empty := w.log.sequence == 0
	w.mu.Unlock()
	err := w.Close()
	if empty && w.path != "" {
		err = errors.Join(err, os.Remove(w.path))
	}
	return err
}
