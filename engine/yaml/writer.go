package yaml

import "unicode/utf8"

// writer gathers the decoded text of a scalar, and where each character of it
// comes from, if that is asked for.
type writer struct {
	out      []byte
	tracking bool
	origin   []int // of each character of out, its offset in the document
	textEnd  int   // offset of the end of the text in the document
	lastEnd  int   // offset behind the last value, with its quotes or brackets
}

func (w *writer) reset() { w.out, w.origin = w.out[:0], w.origin[:0] }

// copy adds text, which stands in the document at offset.
func (w *writer) copy(text string, offset int) {
	w.out = append(w.out, text...)
	if w.tracking {
		for i := range text {
			w.origin = append(w.origin, offset+i)
		}
	}
}

// char adds one character, which is written in the document at offset.
func (w *writer) char(c rune, offset int) {
	w.out = utf8.AppendRune(w.out, c)
	if w.tracking {
		w.origin = append(w.origin, offset)
	}
}

// fold adds what so many line breaks mean between two lines of a text: one is
// a space, more are one break less.
func (w *writer) fold(breaks, offset int) {
	if breaks == 1 {
		w.char(' ', offset)
	}
	for ; breaks > 1; breaks-- {
		w.char('\n', offset)
	}
}
