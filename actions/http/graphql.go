package http

import (
	"slices"
	"strings"
)

// isQuery reports whether a GraphQL document plainly holds nothing but queries and
// fragments of them. What is not plain, as an escape of another alphabet outside of
// a text, is none: servers might read it in other ways.
func isQuery(document string) bool {
	var open []byte // the brackets that are to be closed
	begun, queries := false, 0
	for i := 0; i < len(document); {
		c, n := document[i], 1
		switch {
		case c == '"':
			if n = textLength(document[i:]); n == 0 || len(open) == 0 {
				return false // at the top it describes a type
			}
		case c == '#':
			if n = strings.IndexAny(document[i:]+"\n", "\r\n"); !isPlain(document[i : i+n]) {
				return false
			}
		case isName(c):
			n = nameLength(document[i:])
			if len(open) > 0 {
				break
			}
			word := document[i : i+n]
			if slices.Contains([]string{"mutation", "subscription"}, word) || !begun && word != "query" && word != "fragment" {
				return false
			}
			begun = true
		case c == '(' || c == '[' || c == '{':
			if len(open) == 0 && (c == '[' || c == '(' && !begun) {
				return false
			}
			open = append(open, c)
		case c == ')' || c == ']' || c == '}':
			if len(open) == 0 || open[len(open)-1] != opens[c] {
				return false
			}
			if open = open[:len(open)-1]; len(open) == 0 && c == '}' {
				begun, queries = false, queries+1
			}
		case !isPlain(document[i : i+1]), len(open) == 0 && !strings.ContainsRune(" \t\r\n,@", rune(c)):
			return false
		}
		i += n
	}
	return queries > 0 && len(open) == 0 && !begun
}

var opens = map[byte]byte{')': '(', ']': '[', '}': '{'}

func isName(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func nameLength(s string) int {
	return len(s) - len(strings.TrimLeftFunc(s, func(r rune) bool { return r < 0x80 && (isName(byte(r)) || r >= '0' && r <= '9') }))
}

// isPlain reports whether s is of the characters that a document may have outside
// of its texts.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\t' && r != '\r' && r != '\n' })
}

// textLength returns the length of the text that s begins with, 0 if it does not end.
func textLength(s string) int {
	const block = `"""`
	if !strings.HasPrefix(s, block) {
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			case '\r', '\n':
				return 0
			}
		}
		return 0
	}
	for at := len(block); ; {
		end := strings.Index(s[at:], block)
		if end < 0 {
			return 0
		}
		at += end + len(block)
		if s[at-len(block)-1] != '\\' {
			return at
		}
	}
}
