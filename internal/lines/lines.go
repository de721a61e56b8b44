// Package lines keeps the last lines of a stream within a bound, whatever comes, and
// counts texts in all of them.
package lines

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"runbook/engine/schema"
)

// What a Tail keeps.
const (
	MostBytes  = 1 << 20
	MostOfLine = 16 << 10
	MostOfText = window / 2 // of a text that is counted
)

const (
	lineCost = 16       // what an empty line counts
	window   = 64 << 10 // of a long line, texts are sought in pieces of this size
)

// pattern counts the lines in which it occurs.
type pattern struct {
	text  string
	bytes []byte
	re    *regexp.Regexp // nil: a plain text
	lines int
}

func (p *pattern) in(b []byte) bool {
	if p.re != nil {
		return p.re.Match(b)
	}
	return bytes.Contains(b, p.bytes)
}

// Found is what a Tail has of all that came.
type Found struct {
	Lines     []string       // the last ones, behind a mark where earlier ones were left out
	Total     int            // how many came
	Counts    map[string]int // for each text the lines in which it occurs
	Matches   int            // lines in which at least one text occurs
	Truncated bool           // something is not in Lines
}

// NewTail returns a Tail that counts texts, or regular expressions (RE2).
func NewTail(texts []string, expressions bool) (*Tail, error) {
	t := &Tail{}
	for _, text := range texts {
		if text == "" || len(text) > MostOfText {
			return nil, errors.New("a text is empty or too long")
		}
		p := &pattern{text: text, bytes: []byte(text)}
		if expressions {
			re, err := regexp.Compile(text)
			if err != nil {
				return nil, fmt.Errorf("%q is no regular expression: %w", text, err)
			}
			p.re = re
		}
		t.patterns = append(t.patterns, p)
	}
	return t, nil
}

// Found returns what came until now.
func (t *Tail) Found() Found {
	f := Found{Lines: t.kept(), Total: t.total, Counts: map[string]int{}, Matches: t.matches, Truncated: t.cut}
	for _, p := range t.patterns {
		f.Counts[p.text] = p.lines
	}
	return f
}

// Tail keeps the last lines of a stream within a bound, and counts all of them.
type Tail struct {
	patterns []*pattern
	lines    []string
	first    int // of lines, the oldest that is kept
	bytes    int
	total    int
	matches  int // lines with at least one pattern
	cut      bool
}

// add takes a line: its beginning, its whole length, and the patterns found.
func (t *Tail) add(head []byte, length int64, seen []bool) {
	t.total++
	any := false
	for i, p := range t.patterns {
		if seen[i] {
			p.lines++
			any = true
		}
	}
	if any {
		t.matches++
	}
	text := strings.TrimSuffix(strings.ToValidUTF8(string(head), "\uFFFD"), "\r")
	if length > int64(len(head)) {
		t.cut = true
		text = fmt.Sprintf("%s… (cut, the line has %s bytes)", text, schema.HumanCount(length))
	}
	t.lines = append(t.lines, text)
	for t.bytes += len(text) + lineCost; t.bytes > MostBytes; t.first++ {
		t.cut = true
		t.bytes -= len(t.lines[t.first]) + lineCost
		t.lines[t.first] = ""
	}
	if t.first > len(t.lines)/2 {
		t.lines = append([]string(nil), t.lines[t.first:]...)
		t.first = 0
	}
}

// kept returns the lines, with a mark in place of those that were left out.
func (t *Tail) kept() []string {
	lines := append([]string{}, t.lines[t.first:]...)
	if left := t.total - len(lines); left > 0 {
		mark := fmt.Sprintf("… (cut, %s earlier lines left out)", schema.HumanCount(int64(left)))
		lines = append([]string{mark}, lines...)
	}
	return lines
}

// Writer splits one stream into lines for a tail. Of a line it holds the
// beginning and one window, however long it is.
type Writer struct {
	tail    *Tail
	overlap int // bytes of a window that the next one starts with
	head    []byte
	window  []byte
	length  int64
	seen    []bool
}

// NewWriter returns a Writer for a tail, which may have several.
func NewWriter(tail *Tail) *Writer {
	w := &Writer{tail: tail, seen: make([]bool, len(tail.patterns))}
	for _, p := range tail.patterns {
		w.overlap = max(w.overlap, len(p.bytes)-1)
		if p.re != nil {
			w.overlap = max(w.overlap, 4<<10)
		}
	}
	w.overlap = min(w.overlap, window/2)
	return w
}

// Write never fails.
func (w *Writer) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			w.extend(b)
			break
		}
		w.extend(b[:end])
		w.finish()
		b = b[end+1:]
	}
	return n, nil
}

// Close ends a last line without a line feed.
func (w *Writer) Close() {
	if w.length > 0 {
		w.finish()
	}
}

func (w *Writer) extend(b []byte) {
	w.length += int64(len(b))
	if room := MostOfLine - len(w.head); room > 0 {
		w.head = append(w.head, b[:min(room, len(b))]...)
	}
	if len(w.tail.patterns) == 0 {
		return
	}
	for len(b) > 0 {
		n := min(window-len(w.window), len(b))
		w.window, b = append(w.window, b[:n]...), b[n:]
		if len(w.window) == window {
			w.search()
			w.window = append(w.window[:0], w.window[window-w.overlap:]...)
		}
	}
}

func (w *Writer) search() {
	for i, p := range w.tail.patterns {
		w.seen[i] = w.seen[i] || p.in(w.window)
	}
}

func (w *Writer) finish() {
	w.search()
	w.tail.add(w.head, w.length, w.seen)
	w.head, w.window, w.length = w.head[:0], w.window[:0], 0
	clear(w.seen)
}
