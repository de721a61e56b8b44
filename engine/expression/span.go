package expression

import (
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// places finds the text of nodes in a source. The parser places a node at one
// token; the rest follows from its parts and from matching brackets.
type places struct {
	source string
	tokens []lexer.Token
	match  []int // of each token: that of the matching bracket, else -1
}

func newPlaces(source string) *places {
	p := &places{source: source}
	p.tokens, _ = lexer.Lex(file.NewSource(source))
	p.match = make([]int, len(p.tokens))
	var open []int
	for i, token := range p.tokens {
		p.match[i] = -1
		if token.Kind != lexer.Bracket {
			continue
		}
		switch token.Value {
		case "(", "[", "{":
			open = append(open, i)
		default:
			if len(open) > 0 {
				p.match[i] = open[len(open)-1]
				p.match[p.match[i]] = i
				open = open[:len(open)-1]
			}
		}
	}
	return p
}

// of returns the first character of n and the one behind it.
func (p *places) of(n *node) (from, to int) {
	from, to = p.hull(n)
	if from < 0 {
		return 0, utf8.RuneCountInString(p.source)
	}
	for grown := true; grown; {
		grown = false
		for i, token := range p.tokens {
			if token.From < from || token.To > to || p.match[i] < 0 {
				continue
			}
			other := p.tokens[p.match[i]]
			if other.From < from {
				from, grown = other.From, true
			}
			if other.To > to {
				to, grown = other.To, true
			}
		}
	}
	return from, to
}

// hull returns the extent of the tokens of n and its parts.
func (p *places) hull(n *node) (from, to int) {
	from, to = -1, -1
	add := func(f, t int) {
		if f >= 0 && (from < 0 || f < from) {
			from = f
		}
		to = max(to, t)
	}
	if n == nil {
		return from, to
	}
	add(int(n.at), int(n.to))
	if n.op == opCall || n.op == opLoop {
		if i := p.after(int(n.to)); i >= 0 && p.match[i] > i {
			add(from, p.tokens[p.match[i]].To)
		}
	}
	add(p.hull(n.a))
	add(p.hull(n.b))
	for _, kid := range n.kids {
		add(p.hull(kid))
	}
	return from, to
}

// after returns the index of the first token from character at on, or -1.
func (p *places) after(at int) int {
	for i, token := range p.tokens {
		if token.From >= at {
			return i
		}
	}
	return -1
}

// text returns the characters from one to another.
func (p *places) text(from, to int) string { return characters(p.source, from, to) }
