package yaml

import (
	"fmt"
	"strings"

	"runbook/engine/diag"
)

// header is the first line of a block scalar.
type header struct {
	folded bool
	keep   byte // '+', '-' or 0
	indent int  // of the content, 0: that of its first line
}

// literal reads the block scalar at pos, a | or >, in what stands at column n.
func (r *reader) literal(n int) string {
	h := r.header()
	r.pos = r.lineEnd(r.pos)
	r.textEnd, r.lastEnd = r.pos, r.pos
	if r.pos == r.size {
		return ""
	}
	indent := max(n, 0) + h.indent
	if h.indent == 0 {
		indent = r.contentIndent(n)
	}
	if h.indent == 0 && indent <= n {
		if h.keep == '+' {
			return r.breaksBelow()
		}
		return ""
	}
	r.lines(h, indent)
	return string(r.out)
}

// header reads the indicators behind | or >.
func (r *reader) header() header {
	h := header{folded: r.text[r.pos] == '>'}
	start := r.pos
	for r.pos++; ; r.pos++ {
		switch c := r.peek(); {
		case (c == '+' || c == '-') && h.keep == 0:
			h.keep = c
			continue
		case c >= '1' && c <= '9' && h.indent == 0:
			h.indent = int(c - '0')
			continue
		}
		break
	}
	line := r.text[r.pos:r.lineEnd(r.pos)]
	if rest := strings.TrimLeft(line, " \t"); rest != "" && (rest[0] != '#' || len(rest) == len(line)) {
		hint := "begin the text on the next line, indented; or put it in quotes"
		r.report(start, len(r.text[start:r.lineEnd(start)]), diag.CodeYAML, fmt.Sprintf("text may not stand in the line of %c", r.text[start]), hint)
	}
	return h
}

// contentIndent returns the column of the first line with content, n if the
// block scalar has none.
func (r *reader) contentIndent(n int) int {
	blank := 0
	for i := r.pos + 1; i < r.size; {
		end := r.lineEnd(i)
		line := r.text[i:end]
		content := strings.TrimLeft(line, " ")
		spaces := len(line) - len(content)
		if content == "" {
			blank = max(blank, spaces)
			i = end + 1
			continue
		}
		if spaces > n && content[0] == '\t' && strings.TrimLeft(content, "\t ") != "" {
			r.report(i+spaces, 1, diag.CodeIndentation, "a tab indents this line", "indent with spaces: YAML takes no tabs there")
		}
		if spaces > n && blank > spaces {
			r.report(i, 1, diag.CodeIndentation, "an empty line above has more spaces than this first line of the text", "remove the spaces at its end")
		}
		return spaces
	}
	return n
}

// breaksBelow returns the breaks of the empty lines below pos.
func (r *reader) breaksBelow() string {
	for i := r.pos + 1; i < r.size; {
		end := r.lineEnd(i)
		if end == r.size || strings.Trim(r.text[i:end], " ") != "" {
			break
		}
		r.char('\n', end)
		i = end + 1
	}
	return string(r.out)
}

// lines reads the lines of a block scalar up to the first that is less indented.
func (r *reader) lines(h header, indent int) {
	breaks, started, spaced := 0, false, false
	at := r.pos // of the first break that was not written yet
	for r.pos < r.size {
		begin := r.pos + 1
		end := r.lineEnd(begin)
		line := r.text[min(begin, r.size):end]
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		blank := spaces == len(line) && len(line) <= indent
		if begin >= r.size || !blank && spaces < indent || spaces == 0 && r.markerAt(begin) {
			break
		}
		r.pos = end
		r.lineStart = begin
		breaks++
		if blank {
			continue
		}
		text := line[indent:]
		r.join(h.folded, started, spaced, text, breaks, at)
		r.copy(text, begin+indent)
		started, spaced = true, text[0] == ' ' || text[0] == '\t'
		breaks, at = 0, end
		r.textEnd, r.lastEnd = end, end
	}
	r.chomp(h, started, breaks, at)
}

func (r *reader) markerAt(begin int) bool {
	saved, line := r.pos, r.lineStart
	r.pos, r.lineStart = begin, begin
	found := r.marker() != ""
	r.pos, r.lineStart = saved, line
	return found
}

// join writes the breaks before a line: as they are, or folded between two
// lines that do not begin with space.
func (r *reader) join(folded, started, spaced bool, text string, breaks, at int) {
	spaced = spaced || text[0] == ' ' || text[0] == '\t'
	switch {
	case !started:
		breaks--
	case folded && !spaced:
		r.fold(breaks, at)
		return
	}
	for ; breaks > 0; breaks-- {
		r.char('\n', at)
	}
}

// chomp writes the breaks at the end: one, none (-) or all (+).
func (r *reader) chomp(h header, started bool, breaks, at int) {
	if breaks > 0 && r.pos == r.size && r.text[r.size-1] != '\n' {
		breaks--
	}
	if started && at < r.size {
		breaks++
	}
	switch {
	case h.keep == '-' || !started && h.keep == 0:
		return
	case h.keep == 0:
		breaks = min(breaks, 1)
	}
	for ; breaks > 0; breaks-- {
		r.char('\n', at)
	}
}
