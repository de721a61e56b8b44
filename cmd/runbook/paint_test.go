package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestPaintKeepsTheText(t *testing.T) {
	text := "troubleshoot\n  download-stuck  Stuck  destructive, asks  Mon 18:02, in doubt\n  memory-leak     Leak   write, asks        never\n"
	painted := paint(text, listBrushes())
	for _, want := range []string{bold + "troubleshoot" + reset, red + "destructive" + reset, magenta + "in doubt" + reset, dim + "never" + reset} {
		if !strings.Contains(painted, want) {
			t.Errorf("no %q in %q", want, painted)
		}
	}
	if plain := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(painted, ""); plain != text {
		t.Errorf("without colour it is %q", plain)
	}
}

func TestShowIsPaintedOnlyWithColour(t *testing.T) {
	p := build(t)
	plain, _, _ := p.run("show", "memory-leak")
	painted, _, _ := p.run("show", "memory-leak", "--color", "always")
	if strings.Contains(plain, "\x1b") {
		t.Error("a pipe gets colour")
	}
	for _, want := range []string{dim + "Purpose" + reset, bold + "  recover" + reset} {
		if !strings.Contains(painted, want) {
			t.Errorf("no %q in\n%s", want, painted)
		}
	}
}
