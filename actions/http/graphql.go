package http

import (
	"regexp"
	"strings"
)

// What of a GraphQL document is put in place of a part that is understood: of what
// stands in round brackets, and in braces.
const inRound, inBraces = "\x01", "\x02"

var (
	graphText  = regexp.MustCompile(`"(?:[^"\\[:cntrl:]]|\\.)+"|""|#[\t -~]*`)
	notPlain   = regexp.MustCompile(`[^\t\r\n -~]|["#]`)
	innermost  = regexp.MustCompile(`\([^][(){}]*\)|\[[^][(){}]*\]|\{[^][(){}]*\}`)
	onlyReads  = regexp.MustCompile(`^(?: ?(?:query(?: [[:word:]]+)? ?\x01?|fragment [[:word:]]+ on [[:word:]]+)?(?: ?@ ?[[:word:]]+ ?\x01?)* ?\x02)+ ?$`)
	betweenAll = regexp.MustCompile(`[\s,]+`)

	// looksLikeMutation finds what is no query in a document that may be none at all.
	looksLikeMutation = regexp.MustCompile(`(?:^|[^$_.\w])(?:mutation|subscription)(?:$|[^_\w])[^{]*\{`)
)

// maxDocument and maxNested bound a document in which queries are looked for.
const maxDocument, maxNested = 64 << 10, 64

// isQuery reports whether a GraphQL document plainly holds nothing but queries and
// fragments of them. What is not plain, as a text of several lines or another alphabet
// outside of a text, is none: servers might read it in other ways.
func isQuery(document string) bool {
	plain := graphText.ReplaceAllStringFunc(document, func(part string) string {
		if part[0] == '#' { // a comment, to the end of its line
			return " "
		}
		return "0"
	})
	if len(document) > maxDocument || strings.Contains(document, `"""`) || notPlain.MatchString(plain) {
		return false
	}
	for range maxNested {
		less := innermost.ReplaceAllStringFunc(plain, func(part string) string {
			return map[byte]string{'(': inRound, '[': "0", '{': inBraces}[part[0]]
		})
		if less == plain {
			break
		}
		plain = less
	}
	return onlyReads.MatchString(betweenAll.ReplaceAllString(plain, " "))
}
