package diag

// Nearest returns the one of from that is most like word, "" if none is near
// enough to be what was meant: a third of its letters wrong, at most, where
// swapping two neighbours counts as one.
func Nearest(word string, from []string) string {
	letters := []rune(word)
	best, least := "", max(1, len(letters)/3)+1
	for _, candidate := range from {
		if d := distance(letters, []rune(candidate), least); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to make b of a; least where it is no less.
func distance(a, b []rune, least int) int {
	if d := len(a) - len(b); d >= least || -d >= least {
		return least
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
