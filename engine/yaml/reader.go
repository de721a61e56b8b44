package yaml

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"runbook/engine/diag"
)

// reader reads a document with goccy. A mistake is reported and what it stands
// in is masked, by text of the same length that goccy can read; then the
// document is read again, until nothing is wrong or the work is too much.
type reader struct {
	*document
	source string // name
	cursor cursor

	list     diag.List
	dead     bool   // nothing can be made of the text
	masked   []byte // the next text to be read, nil if it is as it was
	empty    []int  // lexemes that are the dash of an item without a value
	broken   []int  // offsets at which a part of the tree is missing
	hopeless int    // up to here no bracket or quote is worth a search for its end
}

// Read returns the tree of a YAML text, nil if nothing can be made of it, and
// all mistakes in the order of the file. An empty file is a Null.
func Read(source *Source) (*Node, diag.List) {
	doc, refused := admit(source)
	if refused != nil {
		return nil, diag.List{*refused}
	}
	r := &reader{document: doc, source: source.Name, cursor: cursor{doc: doc, column: 1}}
	root := r.file()
	if r.dead {
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

// file reads the document until there is nothing to mask.
func (r *reader) file() *Node {
	for work := 0; work < maxWork && !r.dead; work += len(r.text) + maxWork/1000 {
		all, file, err := r.parse()
		if err != nil && r.masked == nil && !r.dead {
			r.wrong(all, err)
		}
		if r.masked == nil {
			if r.dead || err != nil {
				break
			}
			root := r.convert(all, file)
			r.breakUp(root)
			return root
		}
		if r.read == string(r.masked) {
			break
		}
		r.read, r.masked, r.hopeless = string(r.masked), nil, 0
	}
	if len(r.list) == 0 {
		r.report(0, 1, diag.CodeYAML, "the text is no YAML", "write it in a simpler way")
	}
	r.dead = true
	return nil
}

// parse looks for traps, and has the text parsed if there is none. A panic of
// the library is an error like its others: no file may end the program.
func (r *reader) parse() (all []lexeme, file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading YAML: %v", p)
		}
	}()
	all, r.empty = lex(r.document), nil
	r.traps(all)
	if r.dead || r.masked != nil {
		return all, nil, nil
	}
	tokens := make(token.Tokens, 0, len(all)+len(r.empty))
	for i, l := range all {
		tokens = append(tokens, l.Token)
		if len(r.empty) > 0 && r.empty[0] == i {
			r.empty = r.empty[1:]
			at := l.Position
			tokens = append(tokens, token.New("null", "null", &token.Position{Line: at.Line, Column: at.Column + 2, Offset: at.Offset}))
		}
	}
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	return all, file, err
}

// wrong reports the error of the parser in words of ours, and masks its line.
func (r *reader) wrong(all []lexeme, err error) {
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position.Offset >= len(all) {
		return
	}
	r.explain(all, at.GetToken().Position.Offset, at.GetMessage())
}

// report adds a mistake of length bytes at offset.
func (r *reader) report(offset, length int, code, message, hint string, notes ...diag.Note) {
	if len(r.list) >= MaxFaults {
		r.dead = true
		return
	}
	offset = min(offset, len(r.text))
	end := min(offset+length, lineEnd(r.text, offset))
	r.list.Add(diag.Diagnostic{Code: code, Source: r.source, Span: r.span(offset, end), Message: message, Hint: hint, Notes: notes})
}

// fault is a mistake after which a part of the tree is missing.
func (r *reader) fault(offset, length int, code, message, hint string, notes ...diag.Note) {
	r.broken = append(r.broken, offset)
	r.report(offset, length, code, message, hint, notes...)
}

// fail is a mistake after which reading ends.
func (r *reader) fail(offset, length int, code, message, hint string, notes ...diag.Note) {
	r.report(offset, length, code, message, hint, notes...)
	r.dead = true
}

// span returns the span of the bytes from offset to end, to the end of the
// character that holds the last of them.
func (r *reader) span(offset, end int) diag.Span {
	for end < len(r.text) && !utf8.RuneStart(r.text[end]) {
		end++
	}
	return diag.Span{Start: r.cursor.position(offset), End: r.cursor.position(end)}
}

// mask makes the bytes from start to end a text that means nothing to YAML.
// Line breaks, and what is no ASCII, stay as they are.
func (r *reader) mask(start, end int) { r.write(start, end, 'x') }

// blank makes the bytes from start to end space.
func (r *reader) blank(start, end int) { r.write(start, end, ' ') }

// drop takes the value from start to end away: what is left of it is a text in
// its first line.
func (r *reader) drop(start, end int) {
	r.broken = append(r.broken, start)
	r.blank(start, end)
	r.mask(start, min(end, lineEnd(r.read, start)))
}

func (r *reader) write(start, end int, c byte) {
	if r.masked == nil {
		r.masked = []byte(r.read)
	}
	for i := start; i < end; i++ {
		if b := r.masked[i]; b != '\n' && b < 0x80 {
			r.masked[i] = c
		} else if b >= 0x80 && c == ' ' {
			r.masked[i] = c
		}
	}
}

func (r *reader) byteAt(offset int) byte {
	if offset < len(r.read) {
		return r.read[offset]
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

// lineStart returns the offset of the line that holds the byte at offset.
func (d *document) lineStart(offset int) int { return int(d.lines[d.line(offset)]) }

// sameLine says whether no line break is between two offsets.
func (d *document) sameLine(from, to int) bool {
	return from >= to || strings.IndexByte(d.text[from:to], '\n') < 0
}

// column returns how many bytes stand before offset in its line.
func (d *document) column(offset int) int { return offset - d.lineStart(offset) }

// indent returns the indentation of the line that holds the byte at offset.
func (d *document) indent(offset int) int {
	line := d.read[d.lineStart(offset):]
	for i := range len(line) {
		if line[i] != ' ' {
			return i
		}
	}
	return len(line)
}

// breakUp marks the lists and mappings in which something is missing.
func (r *reader) breakUp(root *Node) {
	for _, offset := range r.broken {
		for n := root; n != nil; n = n.childAt(offset) {
			if n.Kind != Scalar {
				n.Broken = true
			}
		}
	}
}

// childAt returns the last of what n holds that begins at offset or before it.
func (n *Node) childAt(offset int) *Node {
	var found *Node
	for _, item := range n.Items {
		if item.Span.Use == nil && int(item.start) <= offset {
			found = item
		}
	}
	for _, p := range n.Pairs {
		if p.Key.Span.Use == nil && int(p.Key.start) <= offset {
			found = p.Value
		}
	}
	return found
}
