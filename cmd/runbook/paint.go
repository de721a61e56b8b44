package main

import (
	"regexp"
	"strings"
)

// The colours of a terminal, by its user's theme.
const (
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	magenta = "\x1b[35m"
	reset   = "\x1b[0m"
)

// brush colours what of a line matches its pattern: the whole of it.
type brush struct {
	pattern *regexp.Regexp
	colour  string
}

// paint colours a text that is finished, line by line. Nothing is said by
// colour alone, so that the text without it is the same. Colours that are in the
// text already are not ours.
func paint(text string, brushes []brush) string {
	var b strings.Builder
	first := true
	text = strings.ReplaceAll(text, "\x1b", `\x1b`)
	for line := range strings.SplitSeq(text, "\n") {
		if !first {
			b.WriteByte('\n')
		}
		first = false
		for _, p := range brushes {
			line = p.pattern.ReplaceAllStringFunc(line, func(s string) string { return p.colour + s + reset })
		}
		b.WriteString(line)
	}
	return b.String()
}

// rehearsalBrushes colour what `rehearse` prints.
func rehearsalBrushes() []brush {
	return []brush{
		{regexp.MustCompile(`\bRED\b`), "\x1b[97;41m"},
		{regexp.MustCompile(`\bGREEN\b`), "\x1b[30;42m"},
		{regexp.MustCompile(`^ +[✓+] `), green},
		{regexp.MustCompile(`^ +[✗x] `), red},
		{regexp.MustCompile(`^  [0-9:]+  ! `), yellow},
		{regexp.MustCompile(`^  (Lab time|Coverage|Never run|Limits|Score|Survived)\b`), dim},
		{regexp.MustCompile(`^      (EXPECTED|Ended|The fault|Watch it|Its run)\b`), dim},
		{regexp.MustCompile(`^PLAYBOOK .*$`), dim},
		{regexp.MustCompile(`█+`), red},
		{regexp.MustCompile(`▇+`), yellow},
		{regexp.MustCompile(`[▁▂▃▄▅▆]+`), green},
	}
}
