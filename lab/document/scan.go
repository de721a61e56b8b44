package document

import (
	"sort"

	"runbook/lab/document/value"
)

// scan reads the keys of an index that are within bounds, in the order of the
// index or against it. Between intervals it seeks, as MongoDB does.
type scan struct {
	entries  []entry
	backward bool
	// signs are the directions of the fields as the scan meets them, and
	// bounds the intervals in that order.
	signs    []int
	bounds   [][]interval
	examined int64
}

func newScan(x *index, spans []span, backward bool) *scan {
	x.settle()
	s := &scan{entries: x.entries, backward: backward, signs: make([]int, len(spans)), bounds: make([][]interval, len(spans))}
	for i, sp := range spans {
		s.signs[i] = x.signs[i]
		if backward {
			s.signs[i] = -s.signs[i]
		}
		list := make([]interval, len(sp.list))
		for j, iv := range sp.list {
			if s.signs[i] > 0 {
				list[j] = iv
			} else {
				list[len(list)-1-j] = interval{lo: iv.hi, hi: iv.lo, loIn: iv.hiIn, hiIn: iv.loIn}
			}
		}
		s.bounds[i] = list
	}
	return s
}

func (s *scan) at(k int) entry {
	if s.backward {
		return s.entries[len(s.entries)-1-k]
	}
	return s.entries[k]
}

// seek finds the first key from k on whose beginning is at least prefix or,
// with after, beyond it.
func (s *scan) seek(k int, prefix []any, after bool) int {
	return k + sort.Search(len(s.entries)-k, func(i int) bool {
		key := s.at(k + i).key
		for f, v := range prefix {
			if c := value.Compare(key[f], v) * s.signs[f]; c != 0 {
				return c > 0
			}
		}
		return !after
	})
}

// each visits the keys within bounds until visit says no.
func (s *scan) each(visit func(e entry) bool) {
	for _, list := range s.bounds {
		if len(list) == 0 {
			return
		}
	}
	first := s.bounds[0][0]
	for k := s.seek(0, []any{first.lo}, !first.loIn); k < len(s.entries); {
		e := s.at(k)
		next, ends := s.check(k, e.key)
		if ends {
			return
		}
		s.examined++
		if next != k {
			k = next
			continue
		}
		if !visit(e) {
			return
		}
		k++
	}
}

// check says where to go on from a key: at the key itself if it is within
// bounds. ends says that no key behind it can be.
func (s *scan) check(k int, key []any) (next int, ends bool) {
	points := true
	for f, list := range s.bounds {
		at, within := s.place(f, list, key[f])
		if within {
			points = points && len(list) == 1 && list[0].isPoint()
			continue
		}
		if at == len(list) {
			if points {
				return k, true
			}
			return s.seek(k, key[:f], true), false
		}
		prefix := append(append(make([]any, 0, f+1), key[:f]...), list[at].lo)
		return s.seek(k, prefix, !list[at].loIn), false
	}
	return k, false
}

// place finds the interval that holds v, or the first one behind it.
func (s *scan) place(f int, list []interval, v any) (at int, within bool) {
	at = sort.Search(len(list), func(i int) bool {
		c := value.Compare(v, list[i].hi) * s.signs[f]
		return c < 0 || c == 0 && list[i].hiIn
	})
	if at == len(list) {
		return at, false
	}
	c := value.Compare(v, list[at].lo) * s.signs[f]
	return at, c > 0 || c == 0 && list[at].loIn
}

// estimate counts the keys within bounds, closely: it looks into the fields
// behind the first as long as the ones before are points, and not into more
// than a few hundred of those.
func (s *scan) estimate() int {
	budget := 200
	return s.count(nil, 0, len(s.entries), &budget)
}

func (s *scan) count(prefix []any, from, to int, budget *int) int {
	total := 0
	f := len(prefix)
	for _, iv := range s.bounds[f] {
		lo := s.seek(from, append(prefix[:f:f], iv.lo), !iv.loIn)
		hi := s.seek(from, append(prefix[:f:f], iv.hi), iv.hiIn)
		lo, hi = min(lo, to), min(hi, to)
		*budget--
		if iv.isPoint() && f+1 < len(s.bounds) && *budget > 0 && hi > lo {
			total += s.count(append(prefix[:f:f], iv.lo), lo, hi, budget)
			continue
		}
		total += max(0, hi-lo)
	}
	return total
}
