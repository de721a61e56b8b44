package yaml

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"

	"runbook/engine/diag"
)

// scan goes over the tokens of a document before they are parsed. It finds what
// YAML reads otherwise than people mean it, what is not in the language, and
// what would be too much for the parser.
type scan struct {
	*reader
	all     []lexeme
	next    int     // index of the lexeme behind the one that is looked at
	prev    *lexeme // before it; comments and anchors left out
	comment *lexeme // the last one
	behind  int     // what begins before this offset was masked
	ended   bool    // a document has ended
	stop    bool    // the tokens that follow are wrong, for something was masked

	brackets []bracket // that are open
	blocks   []block   // the mappings and lists of lines around this place
}

// bracket is a list or mapping in [ ] or { }.
type bracket struct {
	start, entries int
	closer         byte
}

// block is a mapping or list that is laid out in lines.
type block struct {
	column, keys int
	list         bool
}

// traps reports what is wrong with the tokens, and masks it.
func (r *reader) traps(all []lexeme) {
	s := &scan{reader: r, all: all}
	for s.next < len(all) && !s.stop && !s.dead {
		l := &all[s.next]
		s.next++
		if l.start >= s.behind && s.look(l) {
			s.prev = l
		}
	}
	if len(s.brackets) > 0 && !s.stop && !s.dead {
		s.unclosed(len(r.text))
	}
}

// look looks at one token, and says whether what follows stands behind it.
func (s *scan) look(l *lexeme) bool {
	if l.Type == token.CommentType {
		s.comment = l
		return false
	}
	if s.outside(l) {
		s.unclosed(l.start)
		return false
	}
	switch l.Type {
	case token.AnchorType:
		s.next++
		return false
	case token.AliasType:
		s.next++
	case token.LiteralType, token.FoldedType:
		s.skipContent()
	case token.TagType:
		s.tag(l)
	case token.MappingKeyType:
		s.fail(l.start, 1, diag.CodeYAML, "a key that begins with ? is not in the language", "write key: value, or put a text in quotes")
	case token.DirectiveType, token.DocumentHeaderType, token.DocumentEndType:
		return s.marker(l)
	case token.InvalidType:
		s.invalid(l)
	case token.SequenceEntryType:
		s.dash(l)
	case token.MappingValueType:
		s.colon(l)
	case token.MappingStartType, token.SequenceStartType, token.MappingEndType, token.SequenceEndType, token.CollectEntryType:
		s.flow(l)
	case token.SingleQuoteType, token.DoubleQuoteType:
		s.quoted(l)
	default:
		if l.Type != token.MergeKeyType || !strings.HasPrefix(s.read[l.start:], "<<") {
			s.plain(l)
		}
	}
	return true
}

// skipContent moves behind the content of a block scalar.
func (s *scan) skipContent() {
	if next := s.content(); next == nil || next.Type != token.StringType {
		return
	}
	for s.all[s.next].Type == token.CommentType {
		s.next++
	}
	s.next++
}

// following returns the token behind the one that is looked at, if it stands in
// the line of offset; nil for a comment.
func (s *scan) following(offset int) *lexeme {
	if s.next == len(s.all) || s.all[s.next].Type == token.CommentType || !s.sameLine(offset, s.all[s.next].start) {
		return nil
	}
	return &s.all[s.next]
}

// content returns the next token that is no comment, nil if there is none.
func (s *scan) content() *lexeme {
	for i := s.next; i < len(s.all); i++ {
		if s.all[i].Type != token.CommentType {
			return &s.all[i]
		}
	}
	return nil
}

// marker looks at what begins or ends a document.
func (s *scan) marker(l *lexeme) bool {
	switch {
	case l.Type == token.DocumentEndType && !s.separates(l.end):
		s.plain(l)
		return true
	case l.Type == token.DirectiveType && (s.column(l.start) > 0 || s.prev != nil && !s.ended):
		s.reserved(l)
	case l.Type == token.DirectiveType:
		s.report(l.start, 1, diag.CodeYAML, "a YAML directive may not stand here", "leave out the line")
		s.blank(l.start, lineEnd(s.read, l.start))
		s.behind = lineEnd(s.read, l.start)
	case l.Type == token.DocumentEndType:
		s.ended = true
		if next := s.content(); next != nil && next.Type != token.DocumentHeaderType {
			s.second(l)
		}
	case s.prev != nil || s.ended:
		if s.content() != nil {
			s.second(l)
		}
		s.ended = true
	}
	return false
}

// second reports that another document begins, and takes it away.
func (s *scan) second(l *lexeme) {
	s.report(l.start, 3, diag.CodeDocuments, "a second document begins here", "write one playbook in one file")
	s.blank(l.start, len(s.read))
	s.stop = true
}

// enter counts the list or mapping in lines to which a dash or a key belongs.
func (s *scan) enter(l *lexeme, list bool) {
	column := s.column(l.start)
	top := len(s.blocks) - 1
	for ; top >= 0; top-- {
		if b := s.blocks[top]; b.column < column || b.column == column && (b.list == list || !b.list) {
			break
		}
	}
	if top+1 < len(s.blocks) && (top < 0 || s.blocks[top].column < column) {
		s.blocks = s.blocks[:top+1]
		s.behind = s.misindented(l.start)
		return
	}
	s.blocks = s.blocks[:top+1]
	if top < 0 || s.blocks[top].column < column || s.blocks[top].list != list {
		s.blocks = append(s.blocks, block{column: column, list: list})
		s.deep(l.start)
	}
	b := &s.blocks[len(s.blocks)-1]
	if b.keys++; b.keys > maxKeys && !list {
		s.tooMany(l)
	}
}

// dash looks at an item of a list. Goccy takes a key below an empty item, at the
// column of its dash, for the item; so it is given a null.
func (s *scan) dash(l *lexeme) {
	s.enter(l, true)
	at := s.next - 1
	if len(s.brackets) > 0 {
		s.fault(l.start, 1, diag.CodeYAML, "a dash begins no item inside brackets", "separate the items by commas, or quote a text that begins with -")
		s.blank(l.start, l.end)
		return
	}
	if next := s.content(); next != nil && next.Type != token.SequenceEntryType && !s.sameLine(l.start, next.start) && s.column(next.start) == s.column(l.start) {
		s.empty = append(s.empty, at)
	}
}

func (s *scan) deep(offset int) {
	if len(s.blocks)+len(s.brackets) > maxDepth {
		s.fail(offset, 1, diag.CodeTooLarge, "more than 64 lists and mappings are inside each other", "split the playbook: a step can call another playbook")
	}
}

func (s *scan) tooMany(l *lexeme) {
	s.fail(l.start, l.end-l.start, diag.CodeTooLarge, "the mapping has more than 2,000 keys", "use a list, or a file of data")
}

// colon looks at what stands behind a key.
func (s *scan) colon(l *lexeme) {
	switch {
	case s.prev == nil:
	case len(s.brackets) == 0:
		s.enter(s.prev, false)
	case !s.prev.plain() && !s.prev.quoted() && !s.separates(l.end) && strings.IndexByte(",[]{}", s.byteAt(l.end)) < 0:
		s.plain(l) // it begins a text
	}
}

// mayBeKey says whether a text that begins at l can be a key.
func (s *scan) mayBeKey(l *lexeme) bool {
	if len(s.brackets) > 0 {
		return s.top().closer == '}' && (s.prev.Type == token.MappingStartType || s.prev.Type == token.CollectEntryType)
	}
	return s.prev == nil || s.prev.Type != token.MappingValueType || !s.sameLine(s.prev.start, l.start)
}

func (s *scan) top() *bracket { return &s.brackets[len(s.brackets)-1] }

// quoted looks at a text in quotes and at what stands behind it.
func (s *scan) quoted(l *lexeme) {
	if l.Type == token.DoubleQuoteType {
		s.escapes(l)
	}
	next := s.following(l.end)
	if next == nil {
		return
	}
	key := next.Type == token.MappingValueType
	inList := len(s.brackets) > 0 && s.top().closer == ']'
	if key && !inList && s.mayBeKey(l) || len(s.brackets) > 0 && (next.Type == token.CollectEntryType || next.Type == token.MappingEndType || next.Type == token.SequenceEndType) {
		return
	}
	if len(s.brackets) == 0 {
		stop := lineEnd(s.read, l.start)
		s.report(next.start, stop-next.start, diag.CodeQuote, "there is text behind the closing quote", s.quoteHint(l.start, stop))
		s.hide(l, stop)
		return
	}
	p := plain{reader: s.reader, pos: l.start, flow: true}
	end, _ := p.line()
	if key {
		s.report(next.start, 1, diag.CodeCut, "a : stands inside a list item", "quote the item, or write it as {key: value}")
	} else {
		s.report(next.start, end-next.start, diag.CodeQuote, "there is text behind the closing quote", "put the whole text in quotes of the other kind: '\"a\" == b'")
	}
	s.hide(l, max(end, next.end))
}

// hide masks a text from l to end, and makes l that text.
func (s *scan) hide(l *lexeme, end int) {
	s.mask(l.start, end)
	s.behind, l.end = end, end
}

// plain looks at a text without quotes: at each of its lines.
func (s *scan) plain(l *lexeme) {
	flow := len(s.brackets) > 0
	if flow && s.prev.plain() && s.prev.end == l.start && s.read[l.start] == ':' {
		return // the colon behind a key that was masked
	}
	p := plain{reader: s.reader, pos: l.start, flow: flow, key: s.mayBeKey(l)}
	key := p.key
	end, stop := p.line()
	line, _, _ := strings.Cut(s.read[l.start:l.end], "\n")
	first := l.start + len(strings.TrimRight(line, " \t"))
	switch {
	case end == l.start:
		s.fault(l.start, 1, diag.CodeYAML, fmt.Sprintf("a text may not begin with %c here", s.read[l.start]), "quote a text that begins with it")
		s.hide(l, l.end)
		return
	case p.trap != 0:
		p.reportTrap(l.start, end)
	case flow && key && end > first && stop != ':' && strings.IndexByte(s.read[l.start:end], ':') > 0:
		s.fault(l.start, end-l.start, diag.CodeYAML, fmt.Sprintf("%q is no key with a value", Clip(s.read[l.start:end])), "put a space behind the colon")
	case end == first:
		s.lines(l, flow)
		return
	}
	s.hide(l, max(end, first))
	s.stop = s.stop || !l.plain() // goccy reads what follows otherwise
}

// lines looks at the further lines of a text.
func (s *scan) lines(l *lexeme, flow bool) {
	if s.sameLine(l.start, l.end) {
		return
	}
	note := diag.Note{Span: s.span(l.start, l.start+1), Message: "the text begins here"}
	for at := lineEnd(s.read, l.start); at < l.end; at = lineEnd(s.read, at) {
		at = skipBlank(s.read, at)
		p := plain{reader: s.reader, pos: at, flow: flow, key: !flow}
		end, stop := p.line()
		switch {
		case !flow && s.byteAt(at) == '-' && s.separates(at+1):
			s.fault(at, 1, diag.CodeIndentation, "a list item stands inside a text", "leave the line of the key empty and begin the list below it, or quote the text", note)
			end = lineEnd(s.read, at)
		case stop == ':' && !flow:
			s.fault(at, p.pos+1-at, diag.CodeIndentation, "a key stands inside a text that goes on from a line above", "indent it like the other keys, or quote the text", note)
			end = lineEnd(s.read, at)
		case p.trap != 0:
			p.reportTrap(at, end)
		case stop == '#' && p.pos < l.end: // goccy takes it for text below a line that begins with -
			s.blank(p.pos, lineEnd(s.read, at))
			continue
		default:
			continue
		}
		s.mask(at, end)
		s.behind = max(s.behind, end)
	}
}

// quoteHint says how to write the text from start to end in quotes.
func (r *reader) quoteHint(start, end int) string {
	text := strings.TrimSpace(r.text[start:end])
	if len(text) > 70 || strings.ContainsAny(text, "\n") {
		return "put the whole text in quotes"
	}
	return "put the whole text in quotes: " + Quote(text)
}
