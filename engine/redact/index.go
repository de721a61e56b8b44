package redact

import (
	"cmp"
	"slices"
	"strings"
)

// index finds patterns by how they begin.
type index struct {
	patterns []pattern // in the order of their texts
	pairs    [1 << 16 / 64]uint64
}

func newIndex(patterns []pattern) index {
	x := index{patterns: patterns}
	slices.SortFunc(x.patterns, func(a, b pattern) int { return cmp.Compare(a.text, b.text) })
	for _, p := range patterns {
		pair := pairOf(p.text)
		x.pairs[pair/64] |= 1 << (pair % 64)
	}
	return x
}

// backwards are the patterns with their texts read from the end.
func backwards(patterns []pattern) []pattern {
	out := slices.Clone(patterns)
	for i := range out {
		out[i].text = reversed(out[i].text)
	}
	return out
}

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

func pairOf(text string) int { return int(text[0])<<8 | int(text[1]) }

// begins returns a pattern of which part is the beginning, and not the whole.
func (x *index) begins(part string) *pattern {
	i, _ := slices.BinarySearchFunc(x.patterns, part, func(p pattern, part string) int { return cmp.Compare(p.text, part) })
	for ; i < len(x.patterns) && strings.HasPrefix(x.patterns[i].text, part); i++ {
		if p := &x.patterns[i]; len(p.text) > len(part) {
			return p
		}
	}
	return nil
}

// ending returns the pattern of which the longest beginning, of leastPart bytes or
// more, stands at the end of text, and how long that is. The scheme of an address is
// no part of a secret.
func (x *index) ending(text string) (*pattern, int) {
	for i := range max(0, len(text)-leastPart+1) {
		pair := pairOf(text[i:])
		if x.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		if p := x.begins(text[i:]); p != nil && !strings.HasSuffix(text, "://") {
			return p, len(text) - i
		}
	}
	return nil, 0
}
