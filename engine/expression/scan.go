package expression

import (
	"strings"
	"unicode/utf8"
)

const (
	opening = "${{"
	closing = "}}"
	escaped = "$" + opening
)

// HasTemplate reports whether text contains a ${{ that is not escaped.
func HasTemplate(text string) bool { return nextOpening(text) >= 0 }

// Literal returns a text without parts as it is meant: $${{ is ${{.
func Literal(text string) string { return strings.ReplaceAll(text, escaped, opening) }

// nextOpening returns the byte offset of the first ${{ that is not escaped.
func nextOpening(text string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], opening)
		if i < 0 {
			return -1
		}
		if i += from; i == 0 || text[i-1] != '$' {
			return i
		}
		from = i + len(opening)
	}
}

// closingOf returns the byte offset of the }} that ends an expression, outside
// of its texts and maps; -1 if there is none.
func closingOf(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"', '`':
			end := textEnd(text, i)
			if end < 0 {
				return strings.Index(text, closing)
			}
			i = end
		case '{':
			depth++
		case '}':
			if depth == 0 && strings.HasPrefix(text[i:], closing) {
				return i
			}
			depth = max(0, depth-1)
		}
	}
	return strings.Index(text, closing)
}

// textEnd returns the offset of the quote that closes the one at from, or -1.
func textEnd(text string, from int) int {
	quote := text[from]
	for i := from + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return i
		}
	}
	return -1
}

// IsAlone reports whether a text is one ${{ }} and nothing else.
func IsAlone(text string) bool {
	_, base, problem := unwrap(text)
	return problem == nil && base >= len(opening)
}

// unwrap takes off one enclosing ${{ }} and space; base is where the rest
// begins, in characters.
func unwrap(source string) (inner string, base int, problem *Problem) {
	trimmed := strings.TrimSpace(source)
	if strings.HasPrefix(trimmed, opening) {
		start := strings.Index(source, opening)
		body := source[start+len(opening):]
		end := closingOf(body)
		switch {
		case end < 0:
			return "", 0, &Problem{Code: CodeSyntax, Offset: utf8.RuneCountInString(source[:start]), Length: 3,
				Message: "this ${{ is not closed", Hint: "close it with }}"}
		case strings.TrimSpace(body[end+len(closing):]) != "":
			return "", 0, &Problem{Code: CodeSyntax, Offset: utf8.RuneCountInString(source[:start]), Length: 3,
				Message: "only a part of the expression is in ${{ }}", Hint: "leave out ${{ and }}: this field is an expression"}
		}
		source, base = body[:end], utf8.RuneCountInString(source[:start])+len(opening)
	}
	inner = strings.TrimSpace(source)
	if inner != "" {
		base += utf8.RuneCountInString(source[:strings.Index(source, inner)])
	}
	return inner, base, nil
}
