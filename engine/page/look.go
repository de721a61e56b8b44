package page

import (
	"os"
	"runtime"
	"strings"
)

// Look says how an output is written to. It is decided once for each.
type Look struct {
	Width   int  // columns; 0: 80; text uses at most 100
	Indent  int  // columns to the left of all text
	Color   bool // sixteen terminal colours
	Unicode bool // else ASCII
	Motion  bool // the spinner turns
	Live    bool // what stands there can be drawn again

	Size func() (width, height int) // of the terminal now; nil: Width and 24
}

// LeastLive is the width in columns below which nothing is drawn again.
const LeastLive = 60

// The most columns that text uses, and those of an unknown terminal.
const (
	maxWidth     = 100
	unknownWidth = 80
)

// Output is what is written to. Of what is no terminal the size is zero.
type Output interface {
	Terminal() bool
	Colored() bool
	Size() (width, height int)
}

// Of decides the look of out by what it is and what its user set in the
// environment.
func Of(out Output) Look {
	k := decide(out.Terminal(), runtime.GOOS, os.Getenv)
	k.Color = out.Colored()
	if out.Terminal() {
		k.Size = out.Size
		k.Width, _ = k.Size()
	}
	return k
}

func decide(terminal bool, system string, env func(string) string) Look {
	k := Look{Unicode: unicodeIn(system, env)}
	if terminal && env("TERM") != "dumb" {
		k.Motion = env("RUNBOOK_MOTION") != "off"
		k.Live = true
	}
	return k
}

// unicodeIn reports whether characters beyond ASCII can be shown.
func unicodeIn(system string, env func(string) string) bool {
	if env("RUNBOOK_ASCII") == "1" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return system == "darwin" || system == "windows" && env("WT_SESSION") != ""
}

// Rows is the size of the terminal; its height is at least three lines.
func (k Look) Rows() (width, height int) {
	width, height = k.Width, 24
	if k.Size != nil {
		width, height = k.Size()
	}
	if width <= 0 {
		width = unknownWidth
	}
	return width, max(height, 3)
}

// Columns is how many columns text uses.
func (k Look) Columns() int {
	width, _ := k.Rows()
	return min(width, maxWidth) - k.Indent
}
