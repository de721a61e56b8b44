package yaml

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"runbook/engine/diag"
)

// The limits of a file. They are far above what people write, and low enough
// that a hostile file is refused at once.
const (
	maxSize   = 1 << 20 // bytes
	maxDepth  = 64      // mappings and lists inside each other
	maxKeys   = 2_000   // keys of one mapping
	maxCopies = 50_000  // values that aliases put somewhere
	maxBlank  = 100     // empty lines between | and its text, in which goccy is quadratic
	maxTabs   = 100     // tabs of one line, in which it is quadratic too
	maxWork   = 3 << 20 // bytes that are read, with those that are read again after a mistake
	MaxFaults = 200     // diagnostics of a file; reading ends with the next
)

// admit checks what makes a file no text and returns its document, nil with a
// diagnostic if it is refused.
func admit(source *Source) (*document, *diag.Diagnostic) {
	refuse := func(code string, at diag.Position, message, hint string) (*document, *diag.Diagnostic) {
		return nil, &diag.Diagnostic{Code: code, Source: source.Name, Span: diag.At(at, 1), Message: message, Hint: hint}
	}
	if len(source.Text) > maxSize {
		return refuse(diag.CodeTooLarge, diag.Position{Line: 1, Column: 1},
			fmt.Sprintf("the file has %d bytes, at most %d are read", len(source.Text), maxSize), "")
	}
	text := strings.TrimPrefix(string(source.Text), "\uFEFF")
	if strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if at, what := foreign(text); at >= 0 {
		line := strings.Count(text[:at], "\n") + 1
		column := utf8.RuneCountInString(text[strings.LastIndexByte(text[:at], '\n')+1:at]) + 1
		return refuse(diag.CodeEncoding, diag.Position{Line: line, Column: column}, what, `save the file as UTF-8; in double quotes a character may be written as "\x07" or "\u0007"`)
	}
	if line, what, hint := slow(text); line > 0 {
		return refuse(diag.CodeTooLarge, diag.Position{Line: line, Column: 1}, what, hint)
	}
	return newDocument(text), nil
}

// slow finds what goccy's scanner is quadratic in: a line of many tabs, and
// many empty lines before the text of a | or >. It returns the number of the
// line, 0 if there is none.
func slow(text string) (line int, what, hint string) {
	empty := -1 // lines since a | or >, with nothing but space; -1: there is none
	for l := range strings.Lines(text) {
		line++
		if strings.Count(l, "\t") > maxTabs {
			return line, fmt.Sprintf("this line has more than %d tabs", maxTabs), "use spaces, or read the text from a file"
		}
		l = strings.TrimSpace(l)
		if l == "" && empty >= 0 {
			if empty++; empty > maxBlank {
				return line, fmt.Sprintf("more than %d empty lines stand before the text of | or >", maxBlank), "remove them"
			}
			continue
		}
		empty = -1
		if head, _, _ := strings.Cut(l, " #"); strings.HasSuffix(strings.TrimRight(head, " \t+-123456789"), "|") || strings.HasSuffix(strings.TrimRight(head, " \t+-123456789"), ">") {
			empty = 0
		}
	}
	return 0, "", ""
}

// foreign returns the offset of the first byte that is no part of a text, and
// what it is; -1 if there is none.
func foreign(text string) (int, string) {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && width == 1:
			return i, fmt.Sprintf("the byte 0x%02X is no UTF-8", c)
		case r < ' ' || r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF:
			return i, fmt.Sprintf("the control character U+%04X may not stand in a file", r)
		case r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069:
			return i, fmt.Sprintf("the invisible character U+%04X changes the order in which text is shown", r)
		}
		i += width
	}
	return -1, ""
}
