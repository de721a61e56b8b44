package yaml

import (
	"sort"
	"strings"
	"unicode/utf8"

	"runbook/engine/diag"
)

// document is the text of a file as it is read, without a byte order mark and
// with \n at the ends of its lines, so that lines and columns stay those of the
// file.
type document struct {
	text  string
	read  string  // text as goccy reads it: of the same length, with what it cannot read masked
	lines []int32 // offset of the first byte of each line
}

func newDocument(text string) *document {
	d := &document{text: text, read: text, lines: make([]int32, 1, strings.Count(text, "\n")+1)}
	for i := 0; ; {
		next := strings.IndexByte(text[i:], '\n')
		if next < 0 {
			return d
		}
		i += next + 1
		d.lines = append(d.lines, int32(i))
	}
}

// line returns the index of the line that holds the byte at offset.
func (d *document) line(offset int) int {
	return sort.Search(len(d.lines), func(i int) bool { return int(d.lines[i]) > offset }) - 1
}

// position returns the place of the byte at offset.
func (d *document) position(offset int) diag.Position {
	line := d.line(offset)
	return diag.Position{Line: line + 1, Column: utf8.RuneCountInString(d.text[d.lines[line]:offset]) + 1}
}

// cursor turns offsets into places, cheaply where they follow each other.
type cursor struct {
	doc    *document
	line   int // index of a line
	offset int // of a byte in it
	column int // of that byte, from 1
}

func (c *cursor) position(offset int) diag.Position {
	lines := c.doc.lines
	if offset < int(lines[c.line]) {
		c.line = c.doc.line(offset)
		c.offset, c.column = int(lines[c.line]), 1
	}
	for next := c.line + 1; next < len(lines) && int(lines[next]) <= offset; next++ {
		c.line, c.offset, c.column = next, int(lines[next]), 1
	}
	if offset >= c.offset {
		c.column += utf8.RuneCountInString(c.doc.text[c.offset:offset])
	} else {
		c.column -= utf8.RuneCountInString(c.doc.text[offset:c.offset])
	}
	c.offset = offset
	return diag.Position{Line: c.line + 1, Column: c.column}
}
