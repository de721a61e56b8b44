package docker

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns at most three of known that could have been meant by name.
func nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	slices.Sort(known)
	for _, k := range slices.Compact(known) {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if len(name) >= 2 && (strings.Contains(k, name) || strings.Contains(name, k)) {
			d = min(d, 1)
		}
		if d <= max(2, len(name)/3) {
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near[:min(len(near), 3)] {
		names = append(names, c.name)
	}
	return names
}

// distance is the number of single edits between two texts (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
