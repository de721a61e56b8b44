package page

import (
	"strings"
)

// The least room in which text is wrapped beside something else, and the column
// to which it moves where there is less.
const (
	leastRoom  = 20
	lastColumn = 4
)

// Flow appends l with text behind it, wrapped under its own beginning. Where
// the text has no room there it stands below l, further to the left.
func (p *Page) Flow(l *Line, s Style, text string) { p.Put(p.Fill(l, s, text)) }

// FlowEnd is Flow with end at the right margin of the last line.
func (p *Page) FlowEnd(l *Line, s Style, text string, end *Line) {
	p.Right(p.Fill(l, s, text), end)
}

// FlowLine is Flow for a text of several styles.
func (p *Page) FlowLine(l, text *Line) {
	whole := text.Text(false)
	l, column := p.place(l, longest(whole), Width(whole))
	from := 0
	for i, part := range Wrap(whole, p.width-column) {
		if i > 0 {
			p.Put(l)
			l, part = p.Indent(column), strings.TrimLeft(part, " ")
		}
		from += strings.Index(whole[from:], part)
		l.Join(text.part(from, from+len(part)))
		from += len(part)
	}
	p.Put(l)
}

// Fill is Flow but for the last line, which it returns.
func (p *Page) Fill(l *Line, s Style, text string) *Line {
	text = p.cleanLines(text)
	if l.width+Width(text) <= p.width && !strings.Contains(text, "\n") {
		return l.append(s, text)
	}
	column, word := l.width, longest(text)
	if p.width-column < leastRoom || l.indent() < column || word <= p.width-lastColumn {
		l, column = p.place(l, word, Width(text))
	}
	for i, part := range Wrap(text, p.width-column) {
		if i > 0 {
			p.Put(l)
			l = p.Indent(column)
		}
		l.append(s, part)
	}
	return l
}

// cleanLines cleans text but for its line ends, so that it is measured as it is
// shown.
func (p *Page) cleanLines(text string) string {
	parts := Split(text)
	for i := range parts {
		parts[i] = Clean(parts[i], !p.look.Unicode)
	}
	return strings.Join(parts, "\n")
}

// Whole appends l with text behind it in one piece, or below it where it does
// not fit, so that it can be pasted; end stands at the right margin.
func (p *Page) Whole(l *Line, s Style, text string, end *Line) {
	text = Clean(text, l.ascii)
	width := Width(text)
	l, _ = p.place(l, width, width)
	p.Right(l.append(s, text), end)
}

// place finds the column for text behind l, where its longest word fits. It
// appends l if the text stands below it.
func (p *Page) place(l *Line, word, all int) (*Line, int) {
	for _, column := range []int{l.width, l.indent() + 2, lastColumn} {
		room := p.width - column
		if column == l.width && (all <= room || column <= 2*lastColumn) || word <= room && room >= leastRoom {
			return p.at(l, column)
		}
	}
	return p.at(l, min(l.width, lastColumn))
}

// at returns the line at whose end, at column, text goes on.
func (p *Page) at(l *Line, column int) (*Line, int) {
	if column == l.width {
		return l, column
	}
	if l.indent() < l.width {
		p.Put(l)
	}
	return p.Indent(column), column
}

// Wrap breaks text at spaces into lines of at most width cells. A word is
// never cut: one that is longer stands alone on its line. Neither is a line
// ended between a number and its unit, behind an operator, or within a short
// ${{ expression }}.
func Wrap(text string, width int) []string {
	var out []string
	for _, part := range Split(text) {
		out = append(out, wrapLine(part, max(width, 10))...)
	}
	return out
}

// Split splits text at its line ends, without those at its end.
func Split(text string) []string {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func wrapLine(text string, width int) []string {
	if Width(text) <= width {
		return []string{text}
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var out []string
	current, used := "", 0
	for _, word := range unbroken(strings.TrimSpace(text)) {
		size := Width(word)
		switch {
		case current == "":
			current, used = indent+word, len(indent)+size
		case used+1+size <= width:
			current, used = current+" "+word, used+1+size
		default:
			out = append(out, strings.TrimRight(current, " "))
			current, used = indent+word, len(indent)+size
		}
	}
	return append(out, strings.TrimRight(current, " "))
}

// longestExpression is how many bytes of an expression are kept in one piece.
const longestExpression = 44

// unbroken splits text at the spaces where a line may end.
func unbroken(text string) []string {
	words := strings.Split(text, " ")
	out := words[:0:0]
	until := 0 // words before it belong to an expression
	for i, w := range words {
		begins := i >= until && (strings.Contains(w, "${{") || opens(w))
		if begins {
			until = expressionEnd(words, i)
		}
		stays := i > 0 && w != "" && (i < until && !begins || joins(words[i-1]) || isUnit(w) && isNumber(words[i-1]))
		if last := len(out) - 1; stays && len(out[last]) <= 2*longestExpression {
			out[last] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

// opens reports a word in which code between backticks begins, as a command in prose.
func opens(word string) bool { return strings.Count(word, "`")%2 == 1 }

// expressionEnd is the word behind the expression, or the code, that begins in words[i];
// i if it is long, or does not end.
func expressionEnd(words []string, i int) int {
	size, closing := 0, "}}"
	if opens(words[i]) {
		closing = "`"
	}
	for n, w := range words[i:] {
		end := strings.Index(w, closing)
		if n == 0 && closing == "`" {
			end = -1
		}
		if end >= 0 && size+end <= longestExpression {
			return i + n + 1
		}
		if size += len(w) + 1; end >= 0 || size > longestExpression {
			break
		}
	}
	return i
}

// joins reports operators, behind which no line ends.
func joins(word string) bool {
	switch word {
	case "<", "<=", ">", ">=", "==", "!=", "→", "->":
		return true
	}
	return false
}

// isNumber reports numbers, and the first part of a duration.
func isNumber(word string) bool {
	word = strings.TrimLeft(word, "+-")
	digits := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(word, "d"), "h"), "m"), "0123456789.,")
	return word != "" && digits == "" && word[0] <= '9'
}

// isUnit reports units, and the second part of a duration.
func isUnit(word string) bool {
	word = strings.TrimRight(word, ",;.)")
	if word == "%" || word == "bytes" {
		return true
	}
	if binary, ok := strings.CutSuffix(strings.TrimSuffix(word, "/s"), "iB"); ok {
		return len(binary) == 1 && strings.Contains("KMGTPE", binary)
	}
	n := len(word) - 1
	return n > 0 && strings.IndexByte("smh", word[n]) >= 0 && strings.Trim(word[:n], "0123456789") == ""
}

// longest is the width of the longest piece that stays on one line.
func longest(text string) int {
	n := 0
	for _, line := range Split(text) {
		for _, piece := range unbroken(strings.TrimSpace(line)) {
			n = max(n, Width(piece))
		}
	}
	return n
}
