package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// residentPages returns how many pages of this process are in memory.
func residentPages(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestMemoryIsTakenAndGivenBack(t *testing.T) {
	const size, slack = 64 << 20, 16 << 20
	var h hoard
	h.grow(size)
	h.release() // what the race detector keeps of each byte stays for good
	before := residentPages(t)
	h.grow(size)
	if grown := (residentPages(t) - before) * int64(os.Getpagesize()); grown < size-slack {
		t.Errorf("resident memory grew by %d bytes of %d", grown, size)
	}
	h.release()
	if left := (residentPages(t) - before) * int64(os.Getpagesize()); left > slack {
		t.Errorf("%d bytes stay resident", left)
	}
}
