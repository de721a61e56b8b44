package diag

// Nearest returns the one of from that is most like word, "" if none is near
// enough to be what was meant: a third of its letters wrong, at most, where
// swapping two neighbours counts as one.
func Nearest(word string, from []string) string {
	return NearestThat(word, from, func(string) bool { return true })
}

// NearestThat is Nearest among those that may be meant: may is asked of few.
func NearestThat(word string, from []string, may func(string) bool) string {
	m := &measure{a: []rune(word)}
	best, least := "", max(1, len(m.a)/3)+1
	for _, candidate := range from {
		if d := m.distance(candidate, least); d < least && may(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// measure compares a word with others, in rows that it uses again.
type measure struct {
	a, b                      []rune
	before, previous, current []int
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to make the other word of the one; least where it is no less.
func (m *measure) distance(other string, least int) int {
	if n := len(other); n-len(m.a) >= 4*least || len(m.a)-n >= least { // a letter has four bytes at most
		return least
	}
	m.b = m.b[:0]
	for _, r := range other {
		m.b = append(m.b, r)
	}
	a, b := m.a, m.b
	if d := len(a) - len(b); d >= least || -d >= least {
		return least
	}
	for len(m.current) <= len(b) {
		m.before, m.previous, m.current = append(m.before, 0), append(m.previous, 0), append(m.current, 0)
	}
	for j := range m.previous {
		m.previous[j] = j
	}
	nearest := 0 // of the row above
	for i := 1; i <= len(a); i++ {
		above := nearest
		nearest = m.row(i)
		if above >= least && nearest >= least { // it grows from row to row
			return least
		}
		m.before, m.previous, m.current = m.previous, m.current, m.before
	}
	return m.previous[len(b)]
}

// row fills the current row for the letter before i, and returns the least in it.
func (m *measure) row(i int) int {
	a, b, before, previous, current := m.a, m.b, m.before, m.previous, m.current
	current[0] = i
	least := i
	for j := 1; j <= len(b); j++ {
		cost := 1
		if a[i-1] == b[j-1] {
			cost = 0
		}
		current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
		if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
			current[j] = min(current[j], before[j-2]+1)
		}
		least = min(least, current[j])
	}
	return least
}
