package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text of a target safe for a terminal: what would control it is
// shown as \x1b, without UTF-8 every other sign in ASCII.
func (p *page) clean(text string) string {
	if p.ascii {
		return cleaned(text, p.signs)
	}
	return cleaned(text, nil)
}

func cleaned(text string, ascii *signs) string {
	simple := true
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x20 || c >= 0x7f {
			simple = false
			break
		}
	}
	if simple {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			fmt.Fprintf(&b, `\u%04x`, r)
		case ascii != nil && r >= 0x80:
			b.WriteString(inASCII(r))
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func inASCII(r rune) string {
	switch r {
	case '→':
		return "->"
	case '…':
		return "..."
	case '–', '—':
		return "-"
	case '‘', '’':
		return "'"
	case '“', '”':
		return `"`
	case 'µ', 'μ':
		return "u"
	case '≤':
		return "<="
	case '≥':
		return ">="
	case '\u00a0':
		return " "
	}
	return "?"
}

// lines splits text at its line ends, so that each is printed as a line.
func splitLines(text string) []string {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
