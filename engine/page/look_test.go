package page

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestLookIsDecidedByTheEnvironment(t *testing.T) {
	const utf8 = "LANG=en_US.UTF-8"
	for _, c := range []struct {
		terminal         bool
		system, env      string
		uni, moves, live bool
	}{
		{true, "linux", utf8, true, true, true},
		{false, "linux", utf8, true, false, false},
		{true, "linux", utf8 + " TERM=dumb", true, false, false},
		{true, "linux", utf8 + " RUNBOOK_ASCII=1", false, true, true},
		{true, "linux", utf8 + " RUNBOOK_MOTION=off", true, false, true},
		{true, "linux", "LANG=de_DE.utf8 LC_ALL=C", false, true, true},
		{true, "linux", "", false, true, true},
		{true, "darwin", "", true, true, true},
		{true, "windows", "WT_SESSION=1", true, true, true},
		{true, "windows", "", false, true, true},
	} {
		env := func(name string) string {
			for _, v := range strings.Fields(c.env) {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		}
		k := decide(c.terminal, c.system, env)
		if k.Unicode != c.uni || k.Motion != c.moves || k.Live != c.live {
			t.Errorf("%+v gives %+v", c, k)
		}
	}
}

func TestColumns(t *testing.T) {
	for _, c := range []struct {
		look Look
		want int
	}{
		{Look{}, 80}, {Look{Width: 60}, 60}, {Look{Width: 300}, 100}, {Look{Width: 92, Indent: 2}, 90},
		{Look{Width: 60, Size: func() (int, int) { return 44, 1 }}, 44}, {Look{Size: func() (int, int) { return 0, 0 }}, 80},
	} {
		if got := c.look.Columns(); got != c.want {
			t.Errorf("%+v has %d columns, want %d", c.look, got, c.want)
		}
	}
	if _, height := (Look{Size: func() (int, int) { return 44, 1 }}).Rows(); height != 3 {
		t.Errorf("the least height is %d", height)
	}
}

// TestRegion holds that a region is taken away by as many rows as it takes on
// the terminal as it is by then.
func TestRegion(t *testing.T) {
	var out bytes.Buffer
	width := 40
	g := Region{W: &out, Look: Look{Unicode: true, Size: func() (int, int) { return width, 24 }}}
	p := New(g.Look)
	line := func(text string) *Line { return p.Line(Plain, text) }
	wrote := func(want string) {
		t.Helper()
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
		out.Reset()
	}
	g.Draw("", nil)
	wrote("")
	g.Draw("", []*Line{line("one"), line(strings.Repeat("x", 50))})
	wrote("one\n" + strings.Repeat("x", 39) + "…\n")
	width = 20
	g.Draw("done\n", []*Line{line("two")})
	wrote("\x1b[3A\r\x1b[Jdone\ntwo\n")
	g.Draw("", nil)
	wrote("\x1b[1A\r\x1b[J")
}

func TestSpinner(t *testing.T) {
	at := time.UnixMilli(300)
	for want, k := range map[string]Look{"⠸": {Unicode: true, Motion: true}, "⠋": {Unicode: true}, "*": {Motion: true}} {
		if got := New(k).Spinner(at); got != want {
			t.Errorf("%+v turns to %s, want %s", k, got, want)
		}
	}
}
