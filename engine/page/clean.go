package page

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text safe for a terminal: what would control it, or change how
// other text is shown, is written as \x1b or \u202e. With ascii every other
// character is put in ASCII too.
func Clean(text string, ascii bool) string {
	if simple(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r < 0xa0 && Hidden(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case Hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		case ascii && r >= 0x80:
			b.WriteString(cmp.Or(likenesses[r], "?"))
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// Hidden reports whether r is a character that controls a terminal or the
// direction of text, or that nobody sees.
func Hidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func simple(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// likenesses are the characters that ASCII has something like.
var likenesses = map[rune]string{
	'→': "->", '…': "...", '–': "-", '—': "-", '‘': "'", '’': "'", '“': `"`, '”': `"`,
	'µ': "u", 'μ': "u", '≤': "<=", '≥': ">=", '\u00a0': " ",
}
