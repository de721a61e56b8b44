package yaml

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"runbook/engine/diag"
)

// escape reads an escape of a text in double quotes that began at start.
func (r *reader) escape(n, start int) bool {
	at := r.pos
	c := r.byteAt(at + 1)
	r.pos += 2
	switch c {
	case 'x':
		return r.hex(at, 2)
	case 'u':
		return r.hex(at, 4)
	case 'U':
		return r.hex(at, 8)
	case '\n':
		r.pos--
		if breaks := r.continued(n); breaks > 0 {
			for ; breaks > 1; breaks-- {
				r.char('\n', at)
			}
			return true
		}
		r.unclosed(start)
		return false
	case 0:
		r.pos = r.size
		r.unclosed(start)
		return false
	}
	decoded := escaped(c)
	if decoded < 0 {
		_, width := utf8.DecodeRuneInString(r.text[at+1:])
		r.pos = at + 1 + width
		r.report(at, 1+width, diag.CodeYAML, fmt.Sprintf("%s is no escape", r.text[at:r.pos]), `write \\ for a backslash, or use single quotes, where it needs no escape`)
		r.copy(r.text[at:r.pos], at)
		return true
	}
	r.char(decoded, at)
	return true
}

// escaped returns what a backslash and c mean, -1 if nothing.
func escaped(c byte) rune {
	switch c {
	case '0':
		return 0
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 't', '\t':
		return '\t'
	case 'n':
		return '\n'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	case 'r':
		return '\r'
	case 'e':
		return 0x1b
	case ' ', '"', '/', '\\':
		return rune(c)
	case 'N':
		return 0x85
	case '_':
		return 0xa0
	case 'L':
		return 0x2028
	case 'P':
		return 0x2029
	}
	return -1
}

// hex reads the digits of an escape that began at offset at.
func (r *reader) hex(at, digits int) bool {
	code, ok := r.digits(r.pos, digits)
	length := 2 + digits
	if ok && digits == 4 && utf16.IsSurrogate(rune(code)) && r.byteAt(r.pos+4) == '\\' && r.byteAt(r.pos+5) == 'u' {
		if low, good := r.digits(r.pos+6, 4); good {
			code = uint64(utf16.DecodeRune(rune(code), rune(low)))
			length = 12
		}
	}
	if !ok || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) || length == 12 && code == utf8.RuneError {
		r.report(at, 2, diag.CodeYAML, fmt.Sprintf("%s wants %d hexadecimal digits of a character", r.text[at:at+2], digits), `write \\ for a backslash`)
		r.char('?', at)
		return true
	}
	r.pos = at + length
	r.char(rune(code), at)
	return true
}

// digits returns the value of so many hexadecimal digits at offset.
func (r *reader) digits(offset, count int) (uint64, bool) {
	if offset+count > r.size {
		return 0, false
	}
	code, err := strconv.ParseUint(r.text[offset:offset+count], 16, 32)
	return code, err == nil
}
