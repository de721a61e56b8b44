package expression

import (
	"slices"
	"strconv"

	"runbook/engine/schema"
)

// fact is what is known where an expression is evaluated: that the step with
// the id path has passed, or that the value at path is not nil.
type fact struct {
	passed bool
	path   string
}

// factsOf returns what follows from n being true, or being false.
func factsOf(n *node, truth bool) []fact {
	switch n.op {
	case opNot:
		return factsOf(n.a, !truth)
	case opAnd, opOr:
		a, b := factsOf(n.a, truth), factsOf(n.b, truth)
		if (n.op == opAnd) == truth {
			return append(a, b...)
		}
		return slices.DeleteFunc(a, func(f fact) bool { return !slices.Contains(b, f) })
	case opEqual:
		return factsOfEqual(n, truth)
	case opNotEqual:
		return factsOfEqual(n, !truth)
	case opIn:
		if id, ok := stateOf(n.a); ok && truth && n.b.op == opList && len(n.b.kids) == 1 && n.b.kids[0].value == "passed" {
			return []fact{{passed: true, path: id}}
		}
	}
	return nil
}

func factsOfEqual(n *node, equal bool) []fact {
	for _, sides := range [...][2]*node{{n.a, n.b}, {n.b, n.a}} {
		read, other := sides[0], sides[1]
		if other.op != opConst {
			continue
		}
		if id, ok := stateOf(read); ok && equal && other.value == "passed" {
			return []fact{{passed: true, path: id}}
		}
		if equal != (other.value == nil) {
			return notNil(read)
		}
	}
	return nil
}

// notNil returns what follows from n not being nil: what it is read from is
// not nil either.
func notNil(n *node) []fact {
	var facts []fact
	for ; n != nil; n = n.a {
		if path := pathOf(n); path != "" && n.op != opChain {
			facts = append(facts, fact{path: path})
		}
		if n.op != opMember && n.op != opChain {
			break
		}
	}
	return facts
}

// stateOf returns the id of the step whose state n reads.
func stateOf(n *node) (string, bool) {
	if n.op == opMember && n.name == "state" && n.a.op == opStep {
		return n.a.name, true
	}
	return "", false
}

// pathOf returns a text that is the same for two nodes that read the same
// value, "" if n is no plain chain of members.
func pathOf(n *node) string {
	switch n.op {
	case opName:
		return n.name
	case opStep:
		return "steps." + n.name
	case opItem:
		return "#" + strconv.Itoa(int(n.slot))
	case opLocal:
		return "let " + strconv.Itoa(int(n.slot))
	case opChain:
		return pathOf(n.a)
	case opMember:
		if base := pathOf(n.a); base != "" {
			return base + "." + n.name
		}
	}
	return ""
}

// given evaluates what follows while the facts hold.
func (c *checker) given(facts []fact, check func()) {
	mark := len(c.facts)
	c.facts = append(c.facts, facts...)
	check()
	c.facts = c.facts[:mark]
}

// hasPassed reports whether the step is known to have passed here.
func (c *checker) hasPassed(id string) bool {
	return slices.Contains(c.facts, fact{passed: true, path: id})
}

// narrow clears Optional from the type of n where it is known not to be nil.
func (c *checker) narrow(n *node) *node {
	if n.typ.Optional && n.typ.Kind != schema.Null && len(c.facts) > 0 {
		if path := pathOf(n); path != "" && slices.Contains(c.facts, fact{path: path}) {
			n.typ = n.typ.AsRequired()
		}
	}
	return n
}
