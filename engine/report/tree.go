package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// tree prints steps: a line each, and under it what belongs to it.
type tree struct {
	*sheet
	run  *history.Run
	live bool // it may be redrawn: running steps show how far they are
	dry  bool
}

// The columns of a step: its address, then its title.
const (
	leastID = 9
	mostID  = 16
)

func newTree(p *sheet, r *history.Run, live bool) *tree {
	return &tree{sheet: p, run: r, live: live, dry: r.Header.DryRun}
}

func (t *tree) titleColumn() int {
	return 4 + min(max(t.run.Longest, leastID), mostID) + 2
}

// step prints a step of the top with all that belongs to it.
func (t *tree) step(s *history.Step) {
	t.head(s, 2, t.titleColumn())
	t.body(s, 6)
}

// head prints the step's line: sign, address, title, and at the right its
// state where that has a word, and its time.
func (t *tree) head(s *history.Step, indent, column int) {
	sign, style := t.state(s.State)
	l := t.Indent(indent)
	l.Add(style, sign+" ")
	l.Add(page.Bold, string(s.Path)).Pad(column, 2)
	end := t.headEnd(s)
	title := t.Line(page.Plain, title(s))
	room := t.Width() - l.Width() - 2 - end.Width()
	if room < 12 && title.Width() > room {
		t.Put(l)
		t.Put(t.Indent(indent + 4).Join(title))
		if end.Width() > 0 {
			t.Put(t.Indent(t.Width() - end.Width()).Join(end))
		}
		return
	}
	l.Join(title.Cut(room))
	t.Right(l, end)
}

// title is what stands beside the address.
func title(s *history.Step) string {
	if !s.Path.IsItem() || s.Parent == nil || s.Title != "" {
		return s.Name()
	}
	if s.Detail != nil && s.Detail.Started.Action != "" {
		return ofItem(s.Item(), s.Detail.Started.Brief)
	}
	return cmp.Or(s.Item(), s.Name())
}

// ofItem says of which item a text is, where that does not name it.
func ofItem(item, text string) string {
	if item == "" || names(text, item) {
		return text
	}
	return item + ": " + text
}

// names reports whether a text has the item as a word of its own: the c of "sh -c" is
// no item c, and web1 is not named by web10.
func names(text, item string) bool {
	inWord := func(r rune) bool { return strings.ContainsRune("-_.", r) || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; ; {
		i := strings.Index(text[from:], item)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:from+i])
		after, _ := utf8.DecodeRuneInString(text[from+i+len(item):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from += i + len(item)
	}
}

// headEnd is the right side of the step's line: a word for each state but
// pending, running and passed, and the time.
func (t *tree) headEnd(s *history.Step) *page.Line {
	l := t.Indent(0)
	_, style := t.state(s.State)
	took := t.took(s)
	text := ""
	switch s.State {
	case event.NotRun, event.Running, event.Failed:
	case event.Passed:
		if s.Detail != nil && s.Detail.Done.Met {
			text = "met"
		}
	case event.Executed, event.Previewed, event.Unknown:
		text = page.Word(s.State)
		why := ""
		if s.Detail != nil {
			why = s.Detail.Done.Why
		}
		if why != "" {
			text += "   " + why
		}
		if why != "" || s.State != event.Executed {
			took = ""
		}
	case event.Waiting:
		text, took = "waiting for a person", ""
		if s.Detail != nil && s.Plan.Kind != event.KindManual {
			text = "waiting for approval"
		}
	case event.Skipped:
		text, took = page.Word(s.State), ""
	default:
		text = page.Word(s.State)
	}
	l.Add(style, text)
	if took != "" {
		if l.Width() > 0 {
			l.Pad(l.Width()+3, 0)
		}
		l.Add(page.Plain, took)
	}
	return l
}

// took is the step's time: of a running one so far.
func (t *tree) took(s *history.Step) string {
	switch {
	case s.State == event.NotRun || s.Started.IsZero() && s.Duration == 0:
		return ""
	case s.State == event.Running && t.live:
		return elapsed(t.now.Sub(s.Started))
	case s.State == event.Running:
		return ""
	}
	return schema.HumanDuration(s.Duration)
}

// elapsed counts whole seconds while a step runs.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return schema.HumanDuration(d.Truncate(time.Second))
}

// body prints what belongs to a step: how far it is, its result, conditions,
// remedies, parts.
func (t *tree) body(s *history.Step, indent int) {
	d := s.Detail
	if d == nil {
		return
	}
	if s.State == event.Running && t.live {
		t.doing(s, indent)
	} else if d.Summary != "" && (s.State == event.Passed || s.State == event.Executed) && s.Plan.Kind != event.KindRemedies {
		t.text(indent, page.Plain, spread(d.Summary))
	}
	t.when(s, indent)
	if !s.IsContainer() {
		t.shown(s, indent)
	}
	switch {
	case s.Plan.Kind == event.KindRemedies && !s.IsLoop():
		t.remedies(s, indent)
		t.shown(s, indent)
		return
	case t.dry:
		t.preview(s, indent)
		t.conditions(s, indent)
	default:
		t.conditions(s, indent)
		t.failure(s, indent)
	}
	t.parts(s, indent)
	if s.IsContainer() {
		t.shown(s, indent)
	}
}

// text prints text wrapped at an indentation.
func (t *tree) text(indent int, s page.Style, text string) {
	t.Flow(t.Indent(indent), s, text)
}

// doing shows the action that runs and how far it is.
func (t *tree) doing(s *history.Step, indent int) {
	d := s.Detail
	if s.Plan.Title != "" && d.Started.Action != "" && d.Started.Brief != title(s) {
		t.text(indent, page.Dim, d.Started.Brief)
	}
	if p := d.Live.Progress; p != nil {
		l := t.Indent(indent)
		if p.Progress.Total > 0 {
			l.Add(page.Plain, fmt.Sprintf("%d of %d   ", p.Done, p.Progress.Total))
		}
		left := coarseLeft(p.Total - t.now.Sub(s.Started)) // nothing where the time is not fixed
		t.Right(l.Add(page.Plain, p.Note).Cut(t.Width()), t.Line(page.Dim, left))
	}
	if r := d.Live.Retry; r != nil {
		t.text(indent, page.Yellow, fmt.Sprintf("attempt failed: %s; again in %s", r.Failure.Line(), schema.HumanDuration(r.Delay)))
	}
	if s.Plan.Kind != event.KindRemedies {
		t.poll(s, indent)
	}
}

func coarseLeft(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return elapsed(d.Round(time.Second)) + " left"
}

// poll shows what the last look saw and how long there is time.
func (t *tree) poll(s *history.Step, indent int) {
	p := s.Detail.Live.Poll
	if p == nil {
		return
	}
	seen, wanted := bare(p.Seen, p.Number), p.That
	if p.Sides != nil {
		seen, wanted = human(p.Seen, p.Number), p.Sides.Operator+" "+p.Sides.Right
	}
	text := "now " + orNothing(seen) + ", waiting for " + wanted
	if p.Asked != "" {
		text = asking(p)
	}
	if p.Every != "" {
		text += ", observed every " + p.Every
	}
	t.Right(t.Indent(indent).Add(page.Plain, text), t.Line(page.Dim, coarseLeft(s.Detail.Live.Until.Sub(t.now))))
}

func asking(p *event.Poll) string { return "asking " + p.Asked + " whether it was applied" }

// failure says why a step failed where no check says it.
func (t *tree) failure(s *history.Step, indent int) {
	f := s.Detail.Done.Failure
	if f == nil || s.Detail.Done.Check != nil || s.ToldBelow(f) {
		return
	}
	t.text(indent, page.Plain, f.What)
	if !strings.Contains(f.What, f.Where) {
		t.text(indent, page.Dim, f.Where)
	}
}

// parts prints the steps of a block or call, or the items of a loop.
func (t *tree) parts(s *history.Step, indent int) {
	parts, passed := visible(s, t.live)
	column := 0
	for _, c := range parts {
		column = max(column, len(c.Path))
	}
	column = indent + 2 + min(column, mostID+8) + 2
	if passed > 0 {
		t.text(indent, page.Dim, page.Counted(passed, "item")+" passed")
	}
	for _, c := range parts {
		t.head(c, indent, column)
		t.body(c, indent+4)
	}
	if left := len(s.Parts) - len(parts); left > 0 && !s.IsLoop() && t.live {
		t.text(indent, page.Dim, ". "+more(left, ""))
	}
}

// visible are the parts that are shown: of a loop its items, not the steps of the
// plan that they are made of. Of many items those that passed are a number.
func visible(s *history.Step, live bool) (shown []*history.Step, passed int) {
	pending := 0
	for i, c := range s.Parts {
		switch {
		case c.State == event.NotRun && (s.IsLoop() || !live || pending == 3):
			continue
		case c.State == event.NotRun:
			pending++
		case i >= history.Kept && c.Path.IsItem() && (c.State == event.Passed || c.State == event.Skipped):
			passed++
			continue
		}
		shown = append(shown, c)
	}
	return shown, passed
}
