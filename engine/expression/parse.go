package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// maxSource is the longest expression, in bytes; maxNesting the deepest nesting
// of brackets, bounded before parsing; maxDepth that of the tree; maxNodes its
// size, which in a chain of comparisons may double at each level.
const (
	maxSource  = 8 << 10
	maxNesting = 64
	maxDepth   = 400
	maxNodes   = 20_000
)

// parse returns the tree of a source within its limits.
func parse(source string) (ast.Node, *Problem) {
	if len(source) > maxSource {
		return nil, &Problem{Code: CodeTooLarge, Length: 1,
			Message: fmt.Sprintf("the expression has %d bytes; at most %d are allowed", len(source), maxSource),
			Hint:    "split it: let a flow.set step compute its parts"}
	}
	if strings.TrimSpace(source) == "" {
		return nil, &Problem{Code: CodeEmpty, Length: max(1, utf8.RuneCountInString(source)),
			Message: "the expression is empty", Hint: "write what is to be evaluated, or leave the field out"}
	}
	if !utf8.ValidString(source) {
		return nil, &Problem{Code: CodeSyntax, Length: 1, Message: "the expression is not valid UTF-8"}
	}
	if at := tooDeep(source); at >= 0 {
		return nil, &Problem{Code: CodeTooLarge, Offset: at, Length: 1,
			Message: fmt.Sprintf("brackets are nested more than %d deep", maxNesting)}
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, syntaxProblem(source, err)
	}
	return tree.Node, nil
}

// tooDeep returns the offset of the bracket that is nested too deeply, else -1.
// Brackets in texts count too, which errs on the safe side.
func tooDeep(source string) int {
	depth, at := 0, 0
	for _, r := range source {
		switch r {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return at
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
		at++
	}
	return -1
}

// syntaxProblem says in our words what the parser did not like.
func syntaxProblem(source string, err error) *Problem {
	p := &Problem{Code: CodeSyntax, Length: 1, Message: err.Error()}
	var at *file.Error
	if !errors.As(err, &at) {
		return p
	}
	length := utf8.RuneCountInString(source)
	p.Offset = min(max(0, at.From), max(0, length-1))
	p.Length = max(1, min(at.To, length)-p.Offset)
	p.Message = at.Message
	if token, ok := strings.CutPrefix(at.Message, "unexpected token "); ok {
		p.Message = "unexpected " + tokenText(token)
	}
	if strings.HasPrefix(at.Message, "unexpected token EOF") {
		p.Message = "the expression ends too early"
	}
	meant := meantBy(source, p.Offset)
	_, err = parser.Parse(meant)
	switch {
	case meant != "" && err == nil:
		p.Hint = "write " + quoted(meant)
	case strings.Contains(source, "${{"):
		p.Hint = "write the expression once inside ${{ }}, without a further ${{ in it"
	case strings.HasPrefix(at.Message, `unexpected token Operator("=")`):
		p.Hint = "to compare, write =="
	case strings.HasPrefix(at.Message, `unexpected token Operator("&")`):
		p.Hint = "write && or and"
	case strings.Contains(at.Message, "strconv.ParseInt"):
		p.Message, p.Hint = "this whole number is beyond 64 bits", "with an exponent, as 1.8e19, it may be rounded"
		runes := []rune(source)
		for end := p.Offset + 1; p.Offset > 0 && strings.ContainsRune("0123456789_", runes[p.Offset-1]); {
			p.Offset--
			p.Length = end - p.Offset
		}
	case conditionalOf.MatchString(source), strings.Contains(source, " if ") && strings.Contains(source, " else "):
		p.Hint = "write both values: condition ? value : other"
	case strings.Contains(at.Message, "coalesce expressions"):
		p.Message, p.Hint = "?? stands beside another operator", "put brackets around it: (a ?? b)"
	}
	return p
}

// Operators of other languages, and ours; functions of one parameter, which is # here;
// and a choice of which one value is missing.
var (
	otherwise     = strings.NewReplacer("?[", "?.[", " .[", " #[", "(.[", "(#[", "{.[", "{#[", "===", "==", "!==", "!=", "<>", "!=", "=~", "matches", " is not ", " != ", " is ", " == ")
	arrow         = regexp.MustCompile(`(?:\(\s*([a-z]\w*)\s*\)|\b([a-z]\w*))\s*=>\s*`)
	conditionalOf = regexp.MustCompile(`^[^?:]*[^?]\?[^?.:]+$`)
)

// meantBy is what may have been meant by a source that is none from an offset on: an
// operator of ours, # for the parameter of an arrow, or two pairs of braces for a map
// that a predicate gives; "" for others.
func meantBy(source string, offset int) string {
	if at := arrow.FindStringSubmatchIndex(source); at != nil {
		name := source[max(at[2], at[4]):max(at[3], at[5])]
		named := regexp.MustCompile(`\b` + name + `\b`)
		return source[:at[0]] + outsideTexts(source[at[1]:], func(text string) string { return named.ReplaceAllString(text, "#") })
	}
	if ours := outsideTexts(source, otherwise.Replace); ours != source {
		return ours
	}
	p := newPlaces(source)
	for i := len(p.tokens) - 1; i > 0; i-- {
		open, before := p.tokens[i], p.tokens[i-1]
		if open.Value == "{" && before.Value == "," && open.From < offset && p.match[i] > i {
			end := p.tokens[p.match[i]].From
			return p.text(0, open.From) + "{" + p.text(open.From, end) + "}" + p.text(end, utf8.RuneCountInString(source))
		}
	}
	return ""
}

// outsideTexts changes what stands in no quotes.
func outsideTexts(source string, change func(string) string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(source); i++ {
		if !strings.ContainsRune("'\"`", rune(source[i])) {
			continue
		}
		end := textEnd(source, i)
		if end < 0 {
			break
		}
		b.WriteString(change(source[from:i]) + source[i:end+1])
		from, i = end+1, end
	}
	return b.String() + change(source[from:])
}

// tokenText turns Operator("=") into `=`.
func tokenText(token string) string {
	_, quoted, ok := strings.Cut(token, "(")
	if !ok {
		return strings.ToLower(token)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), ")"), `"`)
	return "`" + text + "`"
}
