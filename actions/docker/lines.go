package docker

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"runbook/engine/schema"
)

// What docker.logs keeps, whatever comes.
const (
	maxLogBytes  = 1 << 20
	maxLineBytes = 16 << 10
	lineCost     = 16       // what an empty line counts
	lineWindow   = 64 << 10 // of a long line, patterns are sought in pieces of this size
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

// logTail keeps the last lines of a log within a bound, and counts all of them.
type logTail struct {
	patterns []*pattern
	lines    []string
	first    int // of lines, the oldest that is kept
	bytes    int
	total    int
	matches  int // lines with at least one pattern
	cut      bool
}

// add takes a line: its beginning, its whole length, and the patterns found.
func (t *logTail) add(head []byte, length int64, seen []bool) {
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
	for t.bytes += len(text) + lineCost; t.bytes > maxLogBytes; t.first++ {
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
func (t *logTail) kept() []string {
	lines := append([]string{}, t.lines[t.first:]...)
	if left := t.total - len(lines); left > 0 {
		mark := fmt.Sprintf("… (cut, %s earlier lines left out)", schema.HumanCount(int64(left)))
		lines = append([]string{mark}, lines...)
	}
	return lines
}

// lineWriter splits one stream into lines for a tail. Of a line it holds the
// beginning and one window, however long it is.
type lineWriter struct {
	tail    *logTail
	overlap int // bytes of a window that the next one starts with
	head    []byte
	window  []byte
	length  int64
	seen    []bool
}

func newLineWriter(tail *logTail) *lineWriter {
	w := &lineWriter{tail: tail, seen: make([]bool, len(tail.patterns))}
	for _, p := range tail.patterns {
		w.overlap = max(w.overlap, len(p.bytes)-1)
		if p.re != nil {
			w.overlap = max(w.overlap, 4<<10)
		}
	}
	w.overlap = min(w.overlap, lineWindow/2)
	return w
}

// Write never fails.
func (w *lineWriter) Write(b []byte) (int, error) {
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
func (w *lineWriter) Close() {
	if w.length > 0 {
		w.finish()
	}
}

func (w *lineWriter) extend(b []byte) {
	w.length += int64(len(b))
	if room := maxLineBytes - len(w.head); room > 0 {
		w.head = append(w.head, b[:min(room, len(b))]...)
	}
	if len(w.tail.patterns) == 0 {
		return
	}
	for len(b) > 0 {
		n := min(lineWindow-len(w.window), len(b))
		w.window, b = append(w.window, b[:n]...), b[n:]
		if len(w.window) == lineWindow {
			w.search()
			w.window = append(w.window[:0], w.window[lineWindow-w.overlap:]...)
		}
	}
}

func (w *lineWriter) search() {
	for i, p := range w.tail.patterns {
		w.seen[i] = w.seen[i] || p.in(w.window)
	}
}

func (w *lineWriter) finish() {
	w.search()
	w.tail.add(w.head, w.length, w.seen)
	w.head, w.window, w.length = w.head[:0], w.window[:0], 0
	clear(w.seen)
}
