package document

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// interval is a range of values of one field of an index.
type interval struct {
	lo, hi     any
	loIn, hiIn bool
}

func point(v any) interval { return interval{v, v, true, true} }

func (i interval) isPoint() bool { return value.Equal(i.lo, i.hi) }

func (i interval) holds(v any) bool {
	lo, hi := value.Compare(v, i.lo), value.Compare(v, i.hi)
	return (lo > 0 || lo == 0 && i.loIn) && (hi < 0 || hi == 0 && i.hiIn)
}

func (i interval) turned() interval { return interval{i.hi, i.lo, i.hiIn, i.loIn} }

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

// intervalsOf gives the sorted intervals outside of which no value meets a
// condition; nil where an index is no help.
func intervalsOf(n *query.Node) []interval {
	switch n.Op {
	case "$eq":
		return equalTo(n.Operand)
	case "$gt", "$gte", "$lt", "$lte":
		return beside(n.Op, n.Operand)
	case "$in":
		list := []interval{}
		for _, v := range n.Operand.(bson.A) {
			one := equalTo(v)
			if _, pattern := v.(bson.Regex); pattern || one == nil {
				return nil
			}
			list = append(list, one...)
		}
		slices.SortFunc(list, func(a, b interval) int { return value.Compare(a.lo, b.lo) })
		return slices.CompactFunc(list, func(a, b interval) bool { return value.Equal(a.lo, b.lo) })
	}
	return nil
}

// equalTo is one value. Null is also what is missing, and an array may be a
// whole value or a list of them, which an index does not tell apart.
func equalTo(v any) []interval {
	switch v.(type) {
	case nil:
		return []interval{{bson.Undefined{}, nil, true, true}}
	case bson.A:
		return nil
	}
	return []interval{point(v)}
}

// beside is the part of a type's values on one side of v.
func beside(op string, v any) []interval {
	lo, hi, hiIn, ok := bracket(v)
	if !ok || value.IsNaN(v) {
		return nil
	}
	if op == "$gt" || op == "$gte" {
		return []interval{{v, hi, op == "$gte", hiIn}}
	}
	return []interval{{lo, v, true, op == "$lte"}}
}

// bracket gives the least and the greatest value of v's type.
func bracket(v any) (lo, hi any, hiIn, ok bool) {
	switch value.Rank(v) {
	case value.RankNumber:
		return math.Inf(-1), math.Inf(1), true, true
	case value.RankString:
		return "", bson.D{}, false, true
	case value.RankObjectID:
		return bson.ObjectID{}, bson.ObjectID(slices.Repeat([]byte{0xff}, 12)), true, true
	case value.RankBool:
		return false, true, true, true
	case value.RankDate:
		return bson.DateTime(math.MinInt64), bson.DateTime(math.MaxInt64), true, true
	}
	return nil, nil, false, false
}

// overlap gives what is in both lists.
func overlap(a, b []interval) []interval {
	out := []interval{}
	for _, i := range a {
		for _, j := range b {
			if c := value.Compare(i.lo, j.lo); c > 0 || c == 0 && !i.loIn {
				j.lo, j.loIn = i.lo, i.loIn
			}
			if c := value.Compare(i.hi, j.hi); c < 0 || c == 0 && !i.hiIn {
				j.hi, j.hiIn = i.hi, i.hiIn
			}
			if c := value.Compare(j.lo, j.hi); c < 0 || c == 0 && j.loIn && j.hiIn {
				out = append(out, j)
			}
		}
	}
	return out
}
