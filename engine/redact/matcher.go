package redact

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"runbook/engine/schema"
)

// pattern is one spelling of a secret.
type pattern struct {
	text  string
	shown string
}

// matcher finds patterns. It never changes. A bitmap over pairs of bytes rules
// out nearly all positions of a text; what is left is compared.
type matcher struct {
	pairs   [1 << 16 / 64]uint64 // the first two bytes of a pattern
	byFirst [256][]pattern       // longest first
	longest int
	numbers map[float64]string // the secrets that are numbers, and what is shown for them
}

func newMatcher(secrets []schema.Secret) *matcher {
	m := &matcher{numbers: map[float64]string{}}
	seen := map[string]bool{}
	for _, s := range secrets {
		for _, part := range parts(s.Reveal()) {
			if n, err := strconv.ParseFloat(part, 64); err == nil {
				m.numbers[n] = shown(s.Name())
			}
			for _, text := range spellings(part) {
				if seen[text] || len(text) < MinLength {
					continue
				}
				seen[text] = true
				m.add(pattern{text: text, shown: shown(s.Name())})
			}
		}
	}
	for _, list := range m.byFirst {
		slices.SortStableFunc(list, func(a, b pattern) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	return m
}

func (m *matcher) add(p pattern) {
	pair := uint(p.text[0])<<8 | uint(p.text[1])
	m.pairs[pair/64] |= 1 << (pair % 64)
	m.byFirst[p.text[0]] = append(m.byFirst[p.text[0]], p)
	m.longest = max(m.longest, len(p.text))
}

// next returns the first position from i on where a pattern may begin, len(b)
// if there is none. The last byte is a candidate if a pattern begins with it.
func (m *matcher) next(b []byte, i int) int {
	for ; i+1 < len(b); i++ {
		pair := uint(b[i])<<8 | uint(b[i+1])
		if m.pairs[pair/64]&(1<<(pair%64)) != 0 {
			return i
		}
	}
	if i < len(b) && len(m.byFirst[b[i]]) > 0 {
		return i
	}
	return len(b)
}

// at returns the longest pattern with which b begins, and whether b ends
// before a longer one could be told.
func (m *matcher) at(b []byte) (found *pattern, cut bool) {
	list := m.byFirst[b[0]]
	for i := range list {
		text := list[i].text
		if len(text) > len(b) {
			cut = cut || text[:len(b)] == string(b)
			continue
		}
		if text == string(b[:len(text)]) {
			return &list[i], cut
		}
	}
	return nil, cut
}

// found reports whether b holds a pattern.
func (m *matcher) found(b []byte) bool {
	for i := m.next(b, 0); i < len(b); i = m.next(b, i+1) {
		if p, _ := m.at(b[i:]); p != nil {
			return true
		}
	}
	return false
}

// scan appends b to dst with each secret replaced. Secrets that overlap are
// replaced as one, under the name of the first. The first covered bytes of b
// belong to a secret that was replaced already. Unless final, it stops at the
// first position where a pattern may go on beyond b. It returns how much of b
// is done and how much of the rest is covered.
func (m *matcher) scan(dst, b []byte, covered int, final bool) (out []byte, done, rest int) {
	end, from := covered, covered // b[:end] is covered, b[:from] is in dst
	stop := len(b)
	for i := m.next(b, 0); i < len(b); i = m.next(b, i+1) {
		p, cut := m.at(b[i:])
		if cut && !final {
			stop = i
			break
		}
		if p == nil {
			continue
		}
		if i >= end {
			dst = append(append(dst, b[from:i]...), p.shown...)
		}
		end = max(end, i+len(p.text))
		from = end
	}
	if from < stop {
		dst = append(dst, b[from:stop]...)
	}
	return dst, stop, max(0, end-stop)
}

// clean returns the whole text b without secrets, and what cuts left of them. It is
// false where there is nothing of them.
func (m *matcher) clean(b []byte) ([]byte, bool) {
	whole := m.uncut(b)
	if !m.found(whole) {
		return whole, len(whole) != len(b) || len(b) > 0 && &whole[0] != &b[0]
	}
	out, _, _ := m.scan(make([]byte, 0, len(whole)+32), whole, 0, true)
	return out, true
}

// hasEscape reports whether a JSON string's text has to be decoded to be read.
func hasEscape(b []byte) bool { return bytes.IndexByte(b, '\\') >= 0 }
