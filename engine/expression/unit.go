package expression

import (
	"math"
	"slices"

	"runbook/engine/schema"
)

// units finds what numbers are of by the names that they come from: the unit of each
// list whose elements a predicate is about, the innermost last.
type units []schema.Unit

// of is the unit of what n gives, "" where its names do not say it.
func (u units) of(n *node) schema.Unit {
	if n == nil {
		return ""
	}
	switch n.op {
	case opName, opMember, opLocal:
		return schema.UnitOf(n.name)
	case opItem:
		return u[len(u)-1]
	case opIndex:
		if key, ok := n.b.value.(string); ok {
			return schema.UnitOf(key)
		}
		return u.of(n.a)
	case opSlice, opChain, opNegate, opPlus:
		return u.of(n.a)
	case opLet:
		return u.of(n.b)
	case opCoalesce, opAdd, opSubtract, opModulo:
		return u.common(n.a, n.b)
	case opIf:
		return u.common(n.kids[1:]...)
	case opList:
		return u.common(n.kids...)
	case opMultiply:
		return u.product(n.a, n.b)
	case opDivide:
		return u.quotient(n.a, n.b)
	case opCall:
		return u.called(n)
	case opLoop:
		return u.looped(n)
	}
	return ""
}

// common is the unit of all that have one, "" where they have several.
func (u units) common(all ...*node) (unit schema.Unit) {
	for _, n := range all {
		switch one := u.of(n); {
		case one == "" || one == unit:
		case unit == "":
			unit = one
		default:
			return ""
		}
	}
	return unit
}

// called is the unit of a call that gives what it is given, or something between.
func (u units) called(n *node) schema.Unit {
	switch n.name {
	case "min", "max", "mean", "median", "concat":
		return u.common(n.kids...)
	case "abs", "ceil", "floor", "round", "int", "float", "percentile", "stddev", "must",
		"first", "last", "take", "reverse", "flatten", "uniq", "unique", "sort":
		return u.of(n.kids[0])
	case "get":
		if key, ok := n.kids[1].value.(string); ok {
			return schema.UnitOf(key)
		}
		return u.of(n.kids[0])
	}
	return ""
}

func (u units) looped(n *node) schema.Unit {
	switch n.name {
	case "map", "sum":
		if n.b != nil {
			return u.within(n).of(n.b)
		}
		return u.of(n.a)
	case "filter", "find", "findLast", "sortBy":
		return u.of(n.a)
	}
	return ""
}

// within are the units in the predicate of n.
func (u units) within(n *node) units { return append(slices.Clip(u), u.of(n.a)) }

// product: a rate for some time is a size; what has no unit leaves the other's, but
// for a rate, as it may be a time.
func (u units) product(a, b *node) schema.Unit {
	of, times := u.of(a), u.of(b)
	if of == "" {
		b, of, times = a, times, of
	}
	rate := of == schema.UnitBytesPerSecond
	switch {
	case rate && (times == schema.UnitSeconds || isSeconds(b)), times == schema.UnitBytesPerSecond && of == schema.UnitSeconds:
		return schema.UnitBytes
	case times != "" || rate && !b.constant() || converts(b):
		return ""
	}
	return of
}

// quotient: a size in some time is a rate, and by a rate it is a time.
func (u units) quotient(a, b *node) schema.Unit {
	of, by := u.of(a), u.of(b)
	switch {
	case of == schema.UnitBytes && by == schema.UnitSeconds:
		return schema.UnitBytesPerSecond
	case of == schema.UnitBytes && by == schema.UnitBytesPerSecond:
		return schema.UnitSeconds
	case by != "" || converts(b):
		return ""
	}
	return of
}

// factor is the number that n is when it is written as one, or as a product or power
// of some; 0 of anything else.
func factor(n *node) float64 {
	switch n.op {
	case opConst:
		f, _ := number(n.value)
		return f
	case opMultiply:
		return factor(n.a) * factor(n.b)
	case opPower:
		return math.Pow(factor(n.a), factor(n.b))
	}
	return 0
}

// converts reports whether n is a factor between a unit and another, as 1024 is.
func converts(n *node) bool {
	f := factor(n)
	if f == 100 || isSeconds(n) {
		return true
	}
	for _, base := range [...]float64{1000, 1024} {
		for power := base; power <= f; power *= base {
			if power == f {
				return true
			}
		}
	}
	return false
}

// isSeconds reports whether n is how many seconds a minute, an hour or a day has.
func isSeconds(n *node) bool {
	f := factor(n)
	return f == 60 || f == 3600 || f == 86400
}
