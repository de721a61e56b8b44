package docker

import (
	"slices"
	"strings"

	"runbook/engine/diag"
)

// nearest returns at most three of known that could have been meant by name:
// the one that is most like it, and those that hold it or that it holds.
func nearest(name string, known []string) []string {
	slices.Sort(known)
	known = slices.Compact(known)
	var near []string
	if n := diag.Nearest(name, known); n != "" {
		near = append(near, n)
	}
	for _, k := range known {
		related := len(name) >= 2 && len(k) >= 2 && (strings.Contains(k, name) || strings.Contains(name, k))
		if related && !slices.Contains(near, k) {
			near = append(near, k)
		}
	}
	return near[:min(len(near), 3)]
}
