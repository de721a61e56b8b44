package console

import (
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"runbook/engine/page"
)

// filter keeps from a terminal what would control it, and shows it instead. What
// is cut by the end of a write waits for the next.
type filter struct {
	to     io.Writer
	draws  bool // the sequences of drawing get through
	paints bool // and those of colour
	rest   []byte
}

// longest is the most bytes that a sequence of ours has.
const longest = 24

// Write implements io.Writer.
func (f *filter) Write(b []byte) (int, error) {
	if len(f.rest) == 0 && plain(b) {
		return f.to.Write(b)
	}
	return len(b), f.pass(b, false)
}

func (f *filter) flush() error { return f.pass(nil, true) }

func (f *filter) pass(b []byte, final bool) error {
	b = append(f.rest, b...)
	out := make([]byte, 0, len(b)+32)
	for len(b) > 0 {
		var n int
		if out, n = f.next(out, b, final); n == 0 {
			break
		}
		b = b[n:]
	}
	f.rest = append([]byte(nil), b...)
	if len(out) == 0 {
		return nil
	}
	_, err := f.to.Write(out)
	return err
}

// next appends what the beginning of b is shown as, and returns how much of b
// that is: nothing if its end is still to come.
func (f *filter) next(out, b []byte, final bool) ([]byte, int) {
	if b[0] == '\x1b' {
		n := f.sequence(b)
		switch {
		case n > 0:
			return append(out, b[:n]...), n
		case n < 0 && !final:
			return out, 0
		}
	}
	if !final && !utf8.FullRune(b) {
		return out, 0
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == '\n' || r == '\t' || f.draws && (r == '\r' || r == '\a'):
		out = append(out, b[0])
	case r < 0x20 || r == utf8.RuneError && n == 1:
		out = fmt.Appendf(out, `\x%02x`, b[0])
	case page.Hidden(r):
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, `\u%04x`, unit) // in JSON it is the same character
		}
	default:
		out = append(out, b[:n]...)
	}
	return out, n
}

// sequence returns the length of the sequence of ours with which b begins, 0 if
// it is none, -1 if b may end within one. Colour is ours, and for what draws: up
// by lines, erase to the end of the line or the screen, keep and restore the
// cursor.
func (f *filter) sequence(b []byte) int {
	for i := 1; i < min(len(b), longest); i++ {
		c := b[i]
		switch {
		case i == 1 && c == '[', i > 1 && (c >= '0' && c <= '9' || c == ';'):
			continue
		case i == 1 && f.draws && (c == '7' || c == '8'), i > 1 && f.paints && c == 'm':
			return i + 1
		case i > 1 && f.draws && (c == 'A' || i == 2 && (c == 'K' || c == 'J')):
			return i + 1
		}
		return 0
	}
	if len(b) < longest {
		return -1
	}
	return 0
}

// plain reports whether b is text of ASCII.
func plain(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}
