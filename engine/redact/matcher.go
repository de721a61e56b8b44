package redact

import (
	"encoding/binary"
	"strconv"

	"runbook/engine/schema"
)

// pattern is one spelling of a secret.
type pattern struct {
	text  string
	shown string
}

// matcher finds patterns. It never changes. It looks at the last three of the next
// MinLength bytes, which nearly always say that no pattern begins there, nor at the
// next few positions.
type matcher struct {
	skip      [1 << 15]uint8 // how far the next pattern may begin at the earliest, by the hash of three bytes
	heads     map[uint64]span
	forwards  index
	backwards index // of the patterns read from their ends
	longest   int
	numbers   map[float64]string // the secrets that are numbers, and what is shown for them
}

// span are the patterns forwards[from:to], all with the same head.
type span struct{ from, to int }

// farthest is how far a matcher skips at once.
const farthest = MinLength - 2

func hash(b []byte) int { return (int(b[0])<<10 ^ int(b[1])<<5 ^ int(b[2])) & (1<<15 - 1) }

func newMatcher(secrets []schema.Secret) *matcher {
	m := &matcher{numbers: map[float64]string{}, heads: map[uint64]span{}}
	seen := map[string]bool{}
	var all []pattern
	for _, s := range secrets {
		for _, part := range parts(s.Reveal()) {
			if n, err := strconv.ParseFloat(part, 64); err == nil && len(strconv.FormatFloat(n, 'f', -1, 64)) >= MinLength {
				m.numbers[n] = shown(s.Name())
			}
			for _, text := range spellings(part) {
				if seen[text] || len(text) < MinLength {
					continue
				}
				seen[text] = true
				all = append(all, pattern{text: text, shown: shown(s.Name())})
				m.longest = max(m.longest, len(text))
			}
		}
	}
	m.forwards, m.backwards = newIndex(all), newIndex(backwards(all))
	for i := range m.skip {
		m.skip[i] = farthest
	}
	for i, p := range m.forwards.patterns {
		m.add(i, p.text)
	}
	return m
}

// add makes the matcher look for the pattern at i of forwards.
func (m *matcher) add(i int, text string) {
	head := []byte(text[:MinLength])
	for at := range farthest {
		block := &m.skip[hash(head[at:])]
		*block = min(*block, uint8(farthest-1-at))
	}
	key := binary.LittleEndian.Uint64(head)
	at, ok := m.heads[key]
	if !ok {
		at.from = i
	}
	at.to = i + 1
	m.heads[key] = at
}

// next returns the first position from i on where a pattern may begin, len(b)
// if there is none. One that b ends within may begin at any of its last bytes.
func (m *matcher) next(b []byte, i int) int {
	for i+MinLength <= len(b) {
		n := m.skip[hash(b[i+MinLength-3:i+MinLength])]
		if n == 0 {
			return i
		}
		i += int(n)
	}
	return min(i, len(b))
}

// at returns the longest pattern with which b begins, and whether b ends
// before a longer one could be told.
func (m *matcher) at(b []byte) (found *pattern, cut bool) {
	if len(b) < MinLength {
		return nil, m.forwards.begins(string(b)) != nil
	}
	same := m.heads[binary.LittleEndian.Uint64(b)]
	for i := same.to - 1; i >= same.from; i-- { // the longer come behind the shorter
		p := &m.forwards.patterns[i]
		if len(p.text) > len(b) {
			cut = cut || p.text[:len(b)] == string(b)
			continue
		}
		if p.text == string(b[:len(p.text)]) {
			return p, cut
		}
	}
	return nil, cut
}

// find returns the first pattern in b from i on, and where it begins.
func (m *matcher) find(b []byte, i int) (*pattern, int) {
	for i = m.next(b, i); i+MinLength <= len(b); i = m.next(b, i+1) {
		if p, _ := m.at(b[i:]); p != nil {
			return p, i
		}
	}
	return nil, len(b)
}

func (m *matcher) found(b []byte) bool {
	p, _ := m.find(b, 0)
	return p != nil
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
	whole := m.unwrapped(m.uncut(b))
	if !m.found(whole) {
		return whole, len(whole) != len(b) || len(b) > 0 && &whole[0] != &b[0]
	}
	out, _, _ := m.scan(make([]byte, 0, len(whole)+32), whole, 0, true)
	return out, true
}
