package page_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"runbook/engine/page"
)

func sheet(width int) *page.Page { return page.New(page.Look{Width: width, Unicode: true}) }

// TestColourIsOfWhatIsWritten holds that words have no colour of their own, and
// that without colour the text is the same.
func TestColourIsOfWhatIsWritten(t *testing.T) {
	compose := func(k page.Look) string {
		p := page.New(k)
		for _, word := range []string{"destructive", "failed", "in doubt", "interrupted", "never", "RED", "GREEN", "✗ x █", "Purpose"} {
			p.Say(page.Plain, word)
			p.Flow(p.Line(page.Plain, "  "), page.Plain, word+" and "+word)
		}
		p.Right(p.Line(page.Dim, "Effects"), p.Line(page.BoldRed, "destructive"))
		return p.String()
	}
	plain := compose(page.Look{Width: 40, Unicode: true})
	colour := compose(page.Look{Width: 40, Unicode: true, Color: true})
	head, last := colour[:strings.LastIndex(colour[:len(colour)-1], "\n")+1], colour[strings.LastIndex(colour[:len(colour)-1], "\n")+1:]
	if strings.Contains(head, "\x1b") {
		t.Errorf("a word that was written plain has a colour:\n%q", head)
	}
	if want := "\x1b[2mEffects\x1b[m                      \x1b[1;31mdestructive\x1b[m\n"; last != want {
		t.Errorf("%q, want %q", last, want)
	}
	if bare := unstyled(colour); bare != plain {
		t.Errorf("without its colours it is\n%s\nbut a page without colour is\n%s", bare, plain)
	}
}

// unstyled takes the sequences of styles away.
func unstyled(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		text = rest[strings.IndexByte(rest, 'm')+1:]
	}
}

// TestSixteenColours holds that styles use the sixteen colours of the reader's
// theme, and no others.
func TestSixteenColours(t *testing.T) {
	p := page.New(page.Look{Color: true})
	for s := page.Plain; s <= page.WhiteOnRed; s++ {
		p.Say(s, "x")
	}
	want := "x|\x1b[2mx|\x1b[1mx|\x1b[31mx|\x1b[1;31mx|\x1b[32mx|\x1b[1;32mx|\x1b[33mx|\x1b[1;33mx|\x1b[36mx|\x1b[1;36mx|" +
		"\x1b[35mx|\x1b[1;35mx|\x1b[30;41mx|\x1b[30;43mx|\x1b[30;42mx|\x1b[97;41mx"
	got := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(p.String(), "\n"), "\x1b[m", ""), "\n", "|")
	if got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func TestWidthsAreCells(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
	}{
		{"app", 3}, {"名前", 4}, {"ｱ", 1}, {"한국", 4}, {"🚀", 2}, {"👍🏽", 2}, {"🇩🇪", 2}, {"❤️", 2},
		{"e\u0301", 1}, {"ก็", 1}, {"a\x1b[31mb", 10}, {"\u202e", 6}, {"\t", 4}, {"", 0},
	} {
		p := sheet(80)
		l := p.Line(page.Plain, c.text)
		if l.Width() != c.width {
			t.Errorf("%q takes %d cells, want %d", c.text, l.Width(), c.width)
		}
		p.Right(l, p.Line(page.Plain, "|"))
		if got := page.Width(strings.TrimSuffix(p.String(), "\n")); got != 80 {
			t.Errorf("%q: the right margin is at %d", c.text, got)
		}
	}
}

func TestCutKeepsWholeCharacters(t *testing.T) {
	p := sheet(80)
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"名前と値", 8, "名前と値"}, {"名前と値", 7, "名前と…"}, {"名前と値", 6, "名前…"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"👍🏽👍🏽", 3, "👍🏽…"}, {"abc", 0, ""},
	} {
		got := p.Line(page.Plain, c.text).Cut(c.width)
		if got.Text(false) != c.want || got.Width() > c.width {
			t.Errorf("%q in %d cells is %q", c.text, c.width, got.Text(false))
		}
	}
	ascii := page.New(page.Look{})
	if got := ascii.Line(page.Dim, "memory").Add(page.Bold, "leak").Cut(8).Text(false); got != "memor..." {
		t.Errorf("in ASCII it is %q", got)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three", 10, "one two|three"},
		{"a-name-with-hyphens is whole", 12, "a-name-with-hyphens|is whole"},
		{"memory at 92.1 % of all", 16, "memory at 92.1 %|of all"},
		{"it took 1m 03s to come", 12, "it took|1m 03s to|come"},
		{"outputs.latency_ms < 500", 22, "outputs.latency_ms|< 500"},
		{"container ${{ inputs.container }} restarts", 24, "container|${{ inputs.container }}|restarts"},
		{"${{ a }} ${{ b }} ${{ c }}", 18, "${{ a }} ${{ b }}|${{ c }}"},
		{"${{ all(outputs.containers, .running and .memory_limit_bytes > 0) }}", 30, "${{ all(outputs.containers,|.running and|.memory_limit_bytes > 0) }}"},
		{"url=${{ inputs.aria2 }}/jsonrpc?method=aria2.getVersion&id=1 and more", 40, "url=${{ inputs.aria2 }}/jsonrpc?method=aria2.getVersion&id=1|and more"},
		{"  kept indentation here", 16, "  kept|  indentation|  here"},
		{"one\r\ntwo\n\nthree\n\n", 20, "one|two||three"},
		{"read it with `runbook report x7rp` first", 22, "read it with|`runbook report x7rp`|first"},
		{"a `tick` and `two words` here", 16, "a `tick` and|`two words` here"},
		{"one ` alone is text like other", 12, "one ` alone|is text like|other"},
		{"名前 名前 名前", 10, "名前 名前|名前"},
		{"http.request  path=/health  method=GET", 30, "http.request  path=/health|method=GET"},
		{"", 20, ""},
	} {
		if got := strings.Join(page.Wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %d:\n got %q\nwant %q", c.text, c.width, got, c.want)
		}
	}
}

// TestFlow draws what stands behind a label, beside a margin, in pages that get
// narrower.
func TestFlow(t *testing.T) {
	compose := func(width int) string {
		p := sheet(width)
		label := func(text string) *page.Line { return p.Line(page.Dim, "  "+text).Pad(15, 1) }
		end := p.Line(page.Dim, "not checked")
		p.FlowEnd(label("Assumes"), page.Plain, "The service may be interrupted for some seconds", end)
		p.FlowEnd(p.Line(page.BoldRed, "Failed").Add(page.Plain, "  "), page.Plain, "memory-leak on production at recover/2, after 12s", p.Line(page.Plain, "exit 1"))
		p.Flow(label("Journal"), page.Plain, "~/.local/state/runbook/runs/20261124-k7qm.journal")
		p.Whole(label("Then"), page.Bold, "runbook run memory-leak --env production", p.Line(page.Plain, ""))
		return p.String()
	}
	for width, want := range map[int]string{
		80: `  Assumes      The service may be interrupted for some seconds       not checked
Failed  memory-leak on production at recover/2, after 12s                 exit 1
  Journal      ~/.local/state/runbook/runs/20261124-k7qm.journal
  Then         runbook run memory-leak --env production
`,
		50: `  Assumes      The service may be interrupted for
               some seconds            not checked
Failed  memory-leak on production at recover/2,
        after 12s                           exit 1
  Journal
    ~/.local/state/runbook/runs/20261124-k7qm.journal
  Then
    runbook run memory-leak --env production
`,
		30: `  Assumes
    The service may be
    interrupted for some
    seconds        not checked
Failed  memory-leak on
        production at
        recover/2, after 12s
                        exit 1
  Journal
    ~/.local/state/runbook/runs/20261124-k7qm.journal
  Then
    runbook run memory-leak --env production
`,
	} {
		if got := compose(width); got != want {
			t.Errorf("in %d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

// TestFlowLine holds that a text of several styles is wrapped as one.
func TestFlowLine(t *testing.T) {
	p := page.New(page.Look{Width: 30, Unicode: true, Color: true})
	text := p.Line(page.Plain, "6 reads, ").Add(page.Red, "1 destructive").Add(page.Plain, "; recover asks first, 名前 too")
	p.FlowLine(p.Label(0, "Effects", 8), text)
	want := "\x1b[2mEffects\x1b[m 6 reads, \x1b[31m1\x1b[m\n        \x1b[31mdestructive\x1b[m; recover\n        asks first, 名前 too\n"
	if got := p.String(); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func TestTable(t *testing.T) {
	table := func(p *page.Page, split int, cut bool) page.Table {
		return page.Table{
			Indent: 2, Split: split, Columns: []page.Column{{}, {Cut: cut}, {Right: true, Gap: 3}, {}},
			Rows: [][]*page.Line{
				p.Cells(page.Dim, "RUN", "PLAYBOOK", "CHANGES", "BY"),
				p.Cells(page.Plain, "k7qm", "memory-leak-名前", "12", "maria"),
				p.Cells(page.Plain, "w4tn", "download", "", "jonas"),
			},
		}
	}
	for _, c := range []struct {
		width, split int
		cut          bool
		want         string
	}{
		{80, 2, true, "  RUN   PLAYBOOK           CHANGES  BY\n  k7qm  memory-leak-名前        12  maria\n  w4tn  download                    jonas\n"},
		{36, 2, false, "  RUN   PLAYBOOK\n      CHANGES  BY\n  k7qm  memory-leak-名前\n           12  maria\n  w4tn  download\n               jonas\n"},
		{36, 0, true, "  RUN   PLAYBOOK      CHANGES  BY\n  k7qm  memory-lea…        12  maria\n  w4tn  download               jonas\n"},
	} {
		p := sheet(c.width)
		p.Table(table(p, c.split, c.cut))
		if got := p.String(); got != c.want {
			t.Errorf("in %d columns:\n%s\nwant\n%s", c.width, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	ascii, unicode := page.New(page.Look{}), sheet(80)
	for word, want := range map[string]string{
		"passed": "✓+", "done": "✓+", "held": "✓+", "effective": "✓+", "met": "✓+", "warned": "!!", "ineffective": "!!", "interrupted": "!!",
		"failed": "✗x", "worse": "✗x", "refused": "✗x", "locked": "✗x", "invalid": "✗x", "undo_failed": "✗x", "skipped": "--",
		"not_needed": "--", "not_reached": "--", "not_evaluated": "--", "cancelled": "--", "in_doubt": "??", "unknown": "??", "waiting": ">>",
		"running": "⠋*", "undone": "<<", "executed": "==", "previewed": "~~", "pending": "..", "not_run": "..",
	} {
		sign, _ := page.Mark(word)
		if got := unicode.Sign(sign) + ascii.Sign(sign); got != want {
			t.Errorf("%s is %s, want %s", word, got, want)
		}
	}
	if got := page.Word("in_doubt") + ", " + page.Counted(1, "read") + ", " + page.Counted(2000, "write"); got != "in doubt, 1 read, 2,000 writes" {
		t.Error(got)
	}
}

// TestInnerAndIndent holds that a page within a page, and one that is written
// further to the right, keep the margin.
func TestInnerAndIndent(t *testing.T) {
	p := page.New(page.Look{Width: 20, Indent: 2, Unicode: true})
	in := p.Inner(4)
	in.Right(in.Line(page.Plain, "left"), in.Line(page.Plain, "end"))
	p.Take(in, 4)
	p.Blank()
	p.Say(page.Plain, "x")
	if got, want := p.String(), "      left       end\n\n  x\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := p.Print(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("an output that fails gives %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// FuzzPage holds that whatever a target says, no byte of it controls the
// terminal or turns the direction of text, and that the page stays in its width
// but for words that are longer.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		"plain", "\x1b]8;;http://x\x07link\x1b]8;;\x07", "\x1b[31mred\x1b[0m", "\u009b31m", "\u202eevil\u202c", "\u2066x\u2069", "a\r\nb\tc\x00\x7f", "\xff\xfe\x9b",
		"\u2028\u2029\ufeff\u200b\u00ad", "名前 名前", "👩‍👩‍👧", "e\u0301\u0301", "\x1bPq\x1b\\", "${{ a", "}} ${{",
	} {
		f.Add(seed, uint8(40), true)
		f.Add(seed, uint8(92), false)
	}
	f.Fuzz(func(t *testing.T, text string, width uint8, unicodes bool) {
		k := page.Look{Width: 20 + int(width)%81, Unicode: unicodes}
		p := page.New(k)
		p.Say(page.Red, text)
		p.Flow(p.Line(page.Dim, text), page.Bold, text)
		p.FlowEnd(p.Indent(3), page.Plain, text, p.Line(page.Dim, text))
		p.FlowEnd(p.Line(page.Plain, "label  "), page.Plain, text, p.Line(page.Dim, "end"))
		p.Whole(p.Line(page.Plain, "  "), page.Plain, text, p.Line(page.Plain, text))
		p.Table(page.Table{Columns: make([]page.Column, 2), Rows: [][]*page.Line{p.Cells(page.Dim, text, "x")}})
		p.Put(p.Line(page.Plain, text).Cut(10))
		p.FlowLine(p.Line(page.Plain, "  "), p.Line(page.Red, text).Add(page.Plain, text))
		for _, r := range p.String() {
			if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) || r == utf8.RuneError && !strings.Contains(text, "\ufffd") {
				t.Fatalf("%U of %q is printed", r, text)
			}
			if !unicodes && r > 0x7e {
				t.Fatalf("%U of %q is printed where only ASCII is shown", r, text)
			}
		}
		if clean := page.Clean(text, false); !strings.ContainsAny(clean, "<>=-→%$0123456789") { // what holds words together
			for _, line := range page.Wrap(clean, 20) {
				if page.Width(line) > 20 && strings.Contains(strings.Trim(line, " "), " ") {
					t.Errorf("%q is wider than 20 cells, and has a space", line)
				}
			}
		}
	})
}

// TestTabbed holds that a field is one field and a row one line, whatever it has
// in it.
func TestTabbed(t *testing.T) {
	var b strings.Builder
	if err := page.Tabbed(&b, [][]string{{"a", "", "b\tc\nd"}, {"\x1b[2J"}}); err != nil || b.String() != "a\t\tb\\x09c\\x0ad\n\\x1b[2J\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
