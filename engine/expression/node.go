package expression

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"runbook/engine/schema"
)

// op is what a node does.
type op uint8

const (
	opConst op = iota
	opName
	opStep   // steps.<id>
	opMember // a.name
	opIndex  // a[b]
	opSlice  // a[kids[0]:kids[1]]
	opChain  // a, where ?. of a nil ends at the whole chain
	opNot
	opNegate
	opPlus
	opAnd
	opOr
	opCoalesce
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opMore
	opMoreEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
	opPower
	opRange
	opIn
	opMatches
	opContains
	opStartsWith
	opEndsWith
	opIf    // kids: condition, then, else
	opList  // kids
	opMap   // kids: key, value, key, value
	opCall  // value is a *function; kids
	opLoop  // value is a *looping; a is the list, b the predicate, kids the rest
	opItem  // # in a predicate
	opCount // #index in a predicate
	opLet   // a is the value, b the expression that uses it
	opLocal // a let-bound value
)

// node is an expression of the tree that is evaluated. It is immutable once
// it is checked.
type node struct {
	op       op
	optional bool  // of a member or index: reached by ?.
	lenient  bool  // of a member: declared optional, so that missing means nil
	slot     uint8 // of a local
	at, to   int32 // its own token, in characters; at is -1 if it has none
	typ      *schema.Type
	name     string // of a name, step, member or function; an operator as it is written
	value    any    // of a const; the *regexp.Regexp of a constant pattern; the function
	a, b     *node
	kids     []*node
}

// operators are the binary operators as they are written.
var operators = map[string]op{
	"and": opAnd, "&&": opAnd, "or": opOr, "||": opOr, "??": opCoalesce,
	"==": opEqual, "!=": opNotEqual, "<": opLess, "<=": opLessEqual, ">": opMore, ">=": opMoreEqual,
	"+": opAdd, "-": opSubtract, "*": opMultiply, "/": opDivide, "%": opModulo, "**": opPower, "^": opPower, "..": opRange,
	"in": opIn, "matches": opMatches, "contains": opContains, "startsWith": opStartsWith, "endsWith": opEndsWith,
}

// isComparison reports whether o decides between its two sides.
func (o op) isComparison() bool {
	return o.comparesSizes() || o >= opIn && o <= opEndsWith
}

// comparesSizes reports whether o is one of == != < <= > >=.
func (o op) comparesSizes() bool { return o >= opEqual && o <= opMoreEqual }

// constant reports whether the node reads nothing.
func (n *node) constant() bool {
	if n == nil {
		return true
	}
	switch n.op {
	case opName, opStep, opItem, opCount, opLocal:
		return false
	}
	return n.a.constant() && n.b.constant() && !slices.ContainsFunc(n.kids, func(kid *node) bool { return !kid.constant() })
}

// newNode returns a node of n's place.
func newNode(o op, n ast.Node, typ *schema.Type) *node {
	at := n.Location()
	return &node{op: o, at: int32(at.From), to: int32(at.To), typ: typ}
}

// placeless takes away the place of a node that the parser does not place, or
// places at another's token.
func (n *node) placeless() *node {
	n.at, n.to = -1, -1
	return n
}
