package document

import (
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// interval is a range of values of one field of an index.
type interval struct {
	lo, hi     any
	loIn, hiIn bool
}

// span is what a condition allows an index to read: sorted intervals that
// miss nothing. It is exact where they hold nothing else either.
type span struct {
	list  []interval
	exact bool
}

func point(v any) interval { return interval{v, v, true, true} }

func whole() span {
	return span{list: []interval{{bson.MinKey{}, bson.MaxKey{}, true, true}}}
}

func (i interval) isPoint() bool { return i.loIn && i.hiIn && value.Equal(i.lo, i.hi) }

func (s span) isWhole() bool {
	return len(s.list) == 1 && value.Rank(s.list[0].lo) == value.RankMinKey && value.Rank(s.list[0].hi) == value.RankMaxKey
}

func (s span) isPoint() bool { return len(s.list) == 1 && s.list[0].isPoint() }

// String writes an interval as explain does: ["a", "b").
func (i interval) String() string {
	open, shut := "(", ")"
	if i.loIn {
		open = "["
	}
	if i.hiIn {
		shut = "]"
	}
	return open + value.Format(i.lo) + ", " + value.Format(i.hi) + shut
}

// spanOf gives the span of a condition, and false where an index is no help.
func spanOf(n *query.Node) (span, bool) {
	switch n.Op {
	case "$eq":
		return equalSpan(n.Operand), true
	case "$gt", "$gte", "$lt", "$lte":
		return rangeSpan(n.Op, n.Operand), true
	case "$in":
		return inSpan(n.Operand.(bson.A)), true
	case "$regex":
		return regexSpan(n.Operand.(bson.Regex)), true
	case "$exists", "$type", "$mod":
		return whole(), true
	case "$elemMatch":
		return elementSpan(n)
	case "$not":
		return negatedSpan(n.Nodes[0])
	}
	return span{}, false
}

func equalSpan(v any) span {
	switch v := v.(type) {
	case nil:
		return span{list: []interval{point(bson.Undefined{}), point(nil)}}
	case bson.A:
		if len(v) == 0 {
			return union(point(bson.Undefined{}), point(v))
		}
		s := union(point(v[0]), point(v))
		if v[0] == nil {
			s = union(append(s.list, point(bson.Undefined{}))...)
		}
		return s
	}
	return span{list: []interval{point(v)}, exact: true}
}

func inSpan(list bson.A) span {
	exact := true
	var points []interval
	for _, v := range list {
		s := equalSpan(v)
		if r, ok := v.(bson.Regex); ok {
			s = regexSpan(r)
		}
		exact = exact && s.exact
		points = append(points, s.list...)
	}
	s := union(points...)
	s.exact = exact
	return s
}

// rangeSpan is the part of a type's values on one side of v.
func rangeSpan(op string, v any) span {
	lo, hi, hiIn, ok := bracket(v)
	if !ok || value.IsNaN(v) {
		return whole()
	}
	i := interval{lo, hi, true, hiIn}
	switch op {
	case "$gt", "$gte":
		i.lo, i.loIn = v, op == "$gte"
	default:
		i.hi, i.hiIn = v, op == "$lte"
	}
	return span{list: []interval{i}, exact: true}
}

// bracket gives the least and the greatest value of v's type.
func bracket(v any) (lo, hi any, hiIn, ok bool) {
	switch value.Rank(v) {
	case value.RankNumber:
		return math.Inf(-1), math.Inf(1), true, true
	case value.RankString:
		return "", bson.D{}, false, true
	case value.RankObject:
		return bson.D{}, bson.A{}, false, true
	case value.RankObjectID:
		return bson.ObjectID{}, bson.ObjectID(slices.Repeat([]byte{0xff}, 12)), true, true
	case value.RankBool:
		return false, true, true, true
	case value.RankDate:
		return bson.DateTime(math.MinInt64), bson.DateTime(math.MaxInt64), true, true
	case value.RankTimestamp:
		return bson.Timestamp{}, bson.Timestamp{T: math.MaxUint32, I: math.MaxUint32}, true, true
	}
	return nil, nil, false, false
}

func regexSpan(r bson.Regex) span {
	itself := point(r)
	prefix, exact := literal(r)
	if prefix == "" {
		return span{list: []interval{{"", bson.D{}, true, false}, itself}}
	}
	last := len(prefix) - 1
	if prefix[last] == 0xff {
		return span{list: []interval{{prefix, bson.D{}, true, false}, itself}}
	}
	next := prefix[:last] + string([]byte{prefix[last] + 1})
	return span{list: []interval{{prefix, next, true, false}, itself}, exact: exact}
}

// literal is the text that everything a pattern matches begins with, and
// whether the pattern says no more than that.
func literal(r bson.Regex) (prefix string, exact bool) {
	rest, anchored := strings.CutPrefix(r.Pattern, "^")
	if !anchored || r.Options != "" || strings.Contains(rest, "|") {
		return "", false
	}
	var b []byte
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '\\' && i+1 < len(rest) && strings.IndexByte(`.-/_:+*?()[]{}$^`, rest[i+1]) >= 0 {
			i++
			c = rest[i]
		} else if strings.IndexByte(`\.+*?()[]{}$^`, c) >= 0 || c >= 0x80 {
			return string(b), false
		}
		if i+1 < len(rest) && strings.IndexByte("*?{", rest[i+1]) >= 0 {
			return string(b), false
		}
		b = append(b, c)
	}
	return string(b), true
}

// elementSpan is that of the conditions on the elements of an array of values.
func elementSpan(n *query.Node) (span, bool) {
	out, found := whole(), false
	for _, inner := range n.Inner() {
		if inner.Path != "" || inner.Op == "$not" {
			continue
		}
		if s, ok := spanOf(inner); ok && len(inner.Nodes) == 0 {
			out, found = intersect(out, s), true
		}
	}
	out.exact = false
	return out, found
}

// negatedSpan is everything but the points that a negation excludes.
func negatedSpan(n *query.Node) (span, bool) {
	var points bson.A
	switch n.Op {
	case "$exists":
		return equalSpan(nil), true
	case "$eq":
		points = bson.A{n.Operand}
	case "$in":
		points = n.Operand.(bson.A)
	default:
		return span{}, false
	}
	out := whole()
	for _, v := range points {
		switch v.(type) {
		case bson.A, bson.Regex, bson.MinKey, bson.MaxKey:
			return span{}, false
		}
		out = intersect(out, span{list: []interval{{bson.MinKey{}, v, true, false}, {v, bson.MaxKey{}, false, true}}})
	}
	return out, true
}

// union sorts intervals that are points or do not overlap, each once.
func union(list ...interval) span {
	slices.SortStableFunc(list, func(a, b interval) int { return value.Compare(a.lo, b.lo) })
	var out []interval
	for _, i := range list {
		if n := len(out); n > 0 {
			last := &out[n-1]
			c := value.Compare(i.lo, last.hi)
			if c < 0 || c == 0 && (i.loIn || last.hiIn) {
				if d := value.Compare(i.hi, last.hi); d > 0 {
					last.hi, last.hiIn = i.hi, i.hiIn
				} else if d == 0 {
					last.hiIn = last.hiIn || i.hiIn
				}
				last.loIn = last.loIn || i.loIn && value.Equal(i.lo, last.lo)
				continue
			}
		}
		out = append(out, i)
	}
	return span{list: out}
}

// intersect gives what is in both. It is exact where both are.
func intersect(a, b span) span {
	if a.isWhole() {
		return b
	}
	out := span{exact: a.exact && b.exact}
	for _, x := range a.list {
		for _, y := range b.list {
			i := x
			if c := value.Compare(y.lo, x.lo); c > 0 || c == 0 && !y.loIn {
				i.lo, i.loIn = y.lo, y.loIn
			}
			if c := value.Compare(y.hi, x.hi); c < 0 || c == 0 && !y.hiIn {
				i.hi, i.hiIn = y.hi, y.hiIn
			}
			if c := value.Compare(i.lo, i.hi); c < 0 || c == 0 && i.loIn && i.hiIn {
				out.list = append(out.list, i)
			}
		}
	}
	return out
}
