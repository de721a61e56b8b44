package redact

import "io"

// Writer redacts a stream. A secret that is split across writes is found: the
// end of a write is held back while it may be the beginning of a secret, until
// the next write or Flush. It is for one goroutine.
type Writer struct {
	to      io.Writer
	by      *Redactor
	held    []byte
	covered int // of held: bytes of a secret that was replaced already
	out     []byte
}

// Writer returns a writer that redacts what goes to w.
func (r *Redactor) Writer(w io.Writer) *Writer { return &Writer{to: w, by: r} }

// Write implements io.Writer. Once it failed, how much was written is unknown.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.write(b, false); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Flush writes what was held back: a beginning that did not become a secret.
func (w *Writer) Flush() error { return w.write(nil, true) }

func (w *Writer) write(b []byte, final bool) error {
	m := w.by.matcher()
	if m == nil {
		if len(b) == 0 {
			return nil
		}
		_, err := w.to.Write(b)
		return err
	}
	w.held = append(w.held, b...)
	var done int
	w.out, done, w.covered = m.scan(w.out[:0], w.held, w.covered, final)
	w.held = append(w.held[:0], w.held[done:]...)
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.to.Write(w.out)
	return err
}
