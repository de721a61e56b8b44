package yaml

import (
	"strings"

	"runbook/engine/diag"
)

// reader reads a document by recursive descent. It works on offsets; columns of
// structure count bytes from 0, which are spaces. After a mistake it goes on
// with what was meant, or gives up by moving to the end.
type reader struct {
	*document
	source string // name
	cursor cursor

	pos, size int // next byte; the end of the document's content
	lineStart int // offset of the line that holds pos
	depth     int
	values    int
	damage    int // mistakes after which a part of the tree may be missing
	hopeless  int // up to here no bracket or quote is worth a search for its end
	comment   int // offset of the last comment that skip passed

	list diag.List
	tree
	writer
}

// tree is what the nodes are made of.
type tree struct {
	slab  []Node
	pairs []Pair  // of the mappings that are being read
	items []*Node // of the lists that are being read
}

func newReader(doc *document) *reader {
	return &reader{document: doc, cursor: cursor{doc: doc, column: 1}, size: len(doc.text), comment: -1}
}

// Read returns the tree of a YAML text, nil if nothing can be made of it, and
// all mistakes in the order of the file. An empty file is a Null.
func Read(source *Source) (*Node, diag.List) {
	doc, refused := admit(source)
	if refused != nil {
		return nil, diag.List{*refused}
	}
	r := newReader(doc)
	r.source = source.Name
	root := r.file()
	if r.failed() {
		return nil, ended(r.list, source.Name)
	}
	r.list.Sort()
	return root, r.list
}

// ended sorts a list and says at its end that there are more, if it is full.
func ended(list diag.List, source string) diag.List {
	list.Sort()
	if len(list) >= MaxFaults {
		list.Add(diag.Diagnostic{Code: diag.CodeTooLarge, Source: source, Span: list[len(list)-1].Span,
			Message: "there are more mistakes, which are not shown", Hint: "mend these first"})
	}
	return list
}

// file reads the one document of the file.
func (r *reader) file() *Node {
	if r.peek() == '%' {
		r.fault(r.pos, 1, diag.CodeYAML, "a YAML directive may not stand here", "leave out the line")
		r.pos = r.lineEnd(r.pos)
	}
	r.skip()
	if r.marker() == "---" {
		r.pos += 3
	}
	r.skip()
	var root *Node
	if r.marker() == "" {
		root = r.content(-1, true)
		r.skip()
	} else {
		root = r.null(r.pos)
	}
	if r.pos < r.size && r.marker() == "" {
		r.misindented()
		return root
	}
	for r.marker() != "" {
		at, word := r.pos, r.marker()
		r.pos += 3
		r.skip()
		if r.pos < r.size && (word == "---" || r.marker() == "") {
			r.report(at, 3, diag.CodeDocuments, "a second document begins here", "write one playbook in one file")
			break
		}
	}
	return root
}

// marker returns the document marker at pos, "" if there is none.
func (r *reader) marker() string {
	if r.pos != r.lineStart || r.pos+3 > r.size {
		return ""
	}
	word := r.text[r.pos : r.pos+3]
	if (word == "---" || word == "...") && r.separates(r.pos+3) {
		return word
	}
	return ""
}

func (r *reader) peek() byte { return r.byteAt(r.pos) }

// byteAt returns the byte at offset, 0 at the end.
func (r *reader) byteAt(offset int) byte {
	if offset < r.size {
		return r.text[offset]
	}
	return 0
}

// separates reports whether the byte at offset is space or the end.
func (r *reader) separates(offset int) bool {
	switch r.byteAt(offset) {
	case ' ', '\t', '\n', 0:
		return true
	}
	return false
}

func (r *reader) column() int { return r.pos - r.lineStart }

// moveTo sets the place of reading.
func (r *reader) moveTo(offset int) {
	r.pos = offset
	r.lineStart = strings.LastIndexByte(r.text[:offset], '\n') + 1
}

// lineEnd returns the offset of the line break behind offset, or the end.
func (r *reader) lineEnd(offset int) int {
	if offset >= r.size {
		return r.size
	}
	if i := strings.IndexByte(r.text[offset:r.size], '\n'); i >= 0 {
		return offset + i
	}
	return r.size
}

// skip moves over space, comments and line breaks to the next content.
func (r *reader) skip() {
	for r.pos < r.size {
		switch r.text[r.pos] {
		case ' ':
			r.pos++
		case '\t':
			r.tab()
			r.pos++
		case '\n':
			r.pos++
			r.lineStart = r.pos
		case '#':
			if r.pos > 0 && !r.separates(r.pos-1) {
				return
			}
			r.comment = r.pos
			r.pos = r.lineEnd(r.pos)
		default:
			return
		}
	}
}

// tab reports a tab that indents content.
func (r *reader) tab() {
	if strings.TrimLeft(r.text[r.lineStart:r.pos], " ") != "" {
		return
	}
	next := r.pos
	for c := r.byteAt(next); c == ' ' || c == '\t'; c = r.byteAt(next) {
		next++
	}
	if c := r.byteAt(next); c != '\n' && c != 0 && c != '#' {
		r.fail(r.pos, 1, diag.CodeIndentation, "a tab indents this line", "indent with spaces: YAML takes no tabs there")
	}
}

// report adds a mistake of length bytes at offset; the tree is complete.
func (r *reader) report(offset, length int, code, message, hint string, notes ...diag.Note) {
	if len(r.list) >= MaxFaults {
		if !r.failed() {
			r.depth = -1 << 20
			r.size = min(r.pos, r.size)
		}
		return
	}
	offset = min(offset, len(r.text))
	end := min(offset+length, r.lineEndAll(offset))
	r.list.Add(diag.Diagnostic{Code: code, Source: r.source, Span: r.span(offset, end), Message: message, Hint: hint, Notes: notes})
}

func (r *reader) lineEndAll(offset int) int {
	if i := strings.IndexByte(r.text[offset:], '\n'); i >= 0 {
		return offset + i
	}
	return len(r.text)
}

// fault is a mistake after which a part of the tree is missing.
func (r *reader) fault(offset, length int, code, message, hint string, notes ...diag.Note) {
	r.damage++
	r.report(offset, length, code, message, hint, notes...)
}

// fail is a mistake after which reading ends.
func (r *reader) fail(offset, length int, code, message, hint string, notes ...diag.Note) {
	if r.depth >= 0 {
		r.fault(offset, length, code, message, hint, notes...)
	}
	r.depth = -1 << 20
	r.size = r.pos
}

func (r *reader) failed() bool { return r.depth < 0 }

// span returns the span of the bytes from offset to end.
func (r *reader) span(offset, end int) diag.Span {
	return diag.Span{Start: r.cursor.position(offset), End: r.cursor.position(end)}
}

// node returns a new node that begins at offset.
func (r *reader) node(kind Kind, offset int) *Node {
	if r.values++; r.values > maxValues {
		r.fail(offset, 1, diag.CodeTooLarge, "the file has more than 3,000,000 values", "split it into playbooks that call each other")
	}
	if len(r.slab) == 0 {
		r.slab = make([]Node, 128)
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	n.Kind, n.start, n.doc = kind, int32(offset), r.document
	return n
}

// null returns the node of a value that is not there.
func (r *reader) null(offset int) *Node {
	offset = min(offset, len(r.text))
	n := r.node(Null, offset)
	n.Span.Start = r.cursor.position(offset)
	n.Span.End = n.Span.Start
	return n
}

// enter counts a level of nesting; false means that it is too deep.
func (r *reader) enter(offset int) bool {
	if r.depth++; r.depth <= maxDepth {
		return !r.failed()
	}
	r.fail(offset, 1, diag.CodeTooLarge, "more than 64 lists and mappings are inside each other", "split the playbook: a step can call another playbook")
	return false
}

func (r *reader) leave() { r.depth-- }
