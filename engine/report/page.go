package report

import (
	"regexp"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// page composes lines of text at one width, at one moment.
type page struct {
	width  int
	color  bool
	ascii  bool
	motion bool
	signs  *signs
	zone   *time.Location
	now    time.Time
	lines  []*line
}

// labels stand in a column of 13, behind two spaces.
const labelColumn = 15

func newPage(o Options) *page {
	p := &page{width: o.columns(), color: o.Color, ascii: !o.Unicode, motion: o.Motion, zone: o.zone(), now: o.now(), signs: unicodeSigns}
	if p.ascii {
		p.signs = asciiSigns
	}
	return p
}

// render returns the lines as text, each with its line end.
func (p *page) render() string {
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(l.text(p.color))
		b.WriteByte('\n')
	}
	return b.String()
}

func (p *page) put(l *line) { p.lines = append(p.lines, l) }

func (p *page) blank() { p.put(&line{}) }

// right puts l with text at the right margin; where both do not fit, l's
// continuation is the text on a line of its own.
func (p *page) right(l *line, s style, text string) {
	end := p.line(s, text)
	if end.width == 0 {
		p.put(l)
		return
	}
	if l.width+2+end.width > p.width {
		p.put(l)
		l = &line{}
	}
	p.put(l.pad(p.width-end.width, 2).join(end))
}

// wrap breaks text at spaces into lines of at most width columns. A word is
// never cut: one that is longer stands alone on its line.
func wrap(text string, width int) []string {
	var out []string
	for _, part := range splitLines(text) {
		out = append(out, wrapLine(part, max(width, 10))...)
	}
	return out
}

func wrapLine(text string, width int) []string {
	if ansi.StringWidth(text) <= width {
		return []string{text}
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var out []string
	current := ""
	for _, word := range unbroken(strings.TrimSpace(text)) {
		switch {
		case current == "":
			current = indent + word
		case ansi.StringWidth(current)+1+ansi.StringWidth(word) <= width:
			current += " " + word
		default:
			out = append(out, strings.TrimRight(current, " "))
			current = indent + word
		}
	}
	return append(out, strings.TrimRight(current, " "))
}

// unbroken splits text at the spaces where a line may end: not between a
// number and its unit, nor behind an operator.
func unbroken(text string) []string {
	words := strings.Split(text, " ")
	out := words[:0:0]
	for i, w := range words {
		if i > 0 && w != "" && (joins.MatchString(words[i-1]) || unit.MatchString(w) && number.MatchString(words[i-1])) {
			out[len(out)-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

var (
	joins  = regexp.MustCompile(`^(<|<=|>|>=|==|!=|→|->)$`)
	number = regexp.MustCompile(`^[-+]?[0-9.,]+[dhm]?$`)
	unit   = regexp.MustCompile(`^(%|bytes|[KMGTPE]iB(/s)?|[0-9]+[smh])[,;.)]?$`)
)

// clock is a moment in the local zone, the seconds included.
func (p *page) clock(t time.Time) string { return t.In(p.zone).Format("15:04:05") }

// zoneName is the zone's name at that moment, said once.
func (p *page) zoneName(t time.Time) string { return t.In(p.zone).Format("MST") }
