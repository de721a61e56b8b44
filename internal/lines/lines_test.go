package lines

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestPatternAcrossWindows(t *testing.T) {
	for _, at := range []int{0, window - 3, window, 2*window - 8, 3 * window} {
		tail := &Tail{patterns: []*pattern{{text: "needle", bytes: []byte("needle")}}}
		w := NewWriter(tail)
		_, _ = io.WriteString(w, strings.Repeat("x", at)+"needle"+strings.Repeat("y", window)+"\nnext\n")
		if tail.matches != 1 || tail.total != 2 {
			t.Errorf("at %d: %d matches in %d lines", at, tail.matches, tail.total)
		}
	}
}

func TestManyLinesAreBounded(t *testing.T) {
	tail := &Tail{}
	w := NewWriter(tail)
	for i := range 200_000 {
		fmt.Fprintf(w, "line %d of many\n", i)
	}
	lines := tail.kept()
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	if size > MostBytes || !tail.cut || tail.total != 200_000 || lines[len(lines)-1] != "line 199999 of many" || !strings.HasPrefix(lines[0], "… (cut, ") {
		t.Errorf("%d lines of %d bytes, from %q to %q", len(lines), size, lines[0], lines[len(lines)-1])
	}
}
