package yaml

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// lexeme is a token of goccy with its place. Its Position.Offset is its index
// among the lexemes: goccy's own offsets and columns count in several ways.
type lexeme struct {
	*token.Token
	start, end int // its bytes; of a block scalar, those of its content
}

// lex returns the tokens of the document as goccy reads it. As nothing but
// space stands between them, each is found by going behind the one before.
func lex(doc *document) []lexeme {
	text := doc.read
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // goccy reads the last line wrongly without its end
	}
	tokens := lexer.Tokenize(text)
	all := make([]lexeme, len(tokens))
	pos, inBlock := 0, false
	var style byte
	for i, tk := range tokens {
		l := lexeme{Token: tk}
		l.start = skipBlank(doc.read, pos)
		switch {
		case inBlock && tk.Type == token.StringType:
			l.start = min(lineEnd(doc.read, pos)+1, len(doc.read))
			l.end = doc.walk(style, l.start, len(doc.read), tk.Value, nothing)
			inBlock = false
		case tk.Type == token.CommentType:
			l.end = lineEnd(doc.read, l.start)
		default:
			l.end = doc.tokenEnd(tk, l.start)
			if inBlock = tk.Type == token.LiteralType || tk.Type == token.FoldedType; inBlock {
				style = tk.Value[0]
			}
		}
		tk.Position.Offset = i
		all[i], pos = l, max(l.end, pos)
	}
	return all
}

func nothing(int, int) {}

// lineEnd returns the offset of the line break behind offset, or the end.
func lineEnd(text string, offset int) int {
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		return offset + i
	}
	return len(text)
}

// tokenEnd returns the offset behind a token that begins at start.
func (d *document) tokenEnd(tk *token.Token, start int) int {
	rest := d.read[start:]
	switch tk.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return start + quoteEnd(rest)
	case token.InvalidType:
		return start + len(strings.TrimLeft(tk.Origin, " \t\n"))
	}
	if strings.HasPrefix(rest, tk.Value) {
		return start + len(tk.Value)
	}
	end := start
	for range inkOf(tk.Value) {
		end = skipBlank(d.read, end)
		_, width := utf8.DecodeRuneInString(d.read[end:])
		end += width
	}
	return end
}

// inkOf counts the characters of a text besides space and line breaks, which
// are as many in the decoded text as in the file.
func inkOf(text string) int {
	n := 0
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\n' {
			n++
		}
	}
	return n
}

// quoteEnd returns the length of the quoted text at the beginning of text.
func quoteEnd(text string) int {
	quote := text[:min(1, len(text))]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == `"`:
			i++
		case text[i:i+1] != quote:
		case quote == "'" && strings.HasPrefix(text[i+1:], "'"):
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

// plain says whether the token is a text without quotes.
func (l lexeme) plain() bool {
	switch l.Type {
	case token.StringType, token.IntegerType, token.BinaryIntegerType, token.OctetIntegerType, token.HexIntegerType,
		token.FloatType, token.InfinityType, token.NanType, token.BoolType, token.NullType:
		return true
	}
	return false
}

func (l lexeme) quoted() bool {
	return l.Type == token.SingleQuoteType || l.Type == token.DoubleQuoteType
}
