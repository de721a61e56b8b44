package expression

import (
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
	name     string // of a name, step, member or function
	value    any    // of a const; the *regexp.Regexp of a constant pattern; the function
	a, b     *node
	kids     []*node
}

// operatorOf gives the op of a binary operator, 0 if it is none.
func operatorOf(operator string) op {
	switch operator {
	case "and", "&&":
		return opAnd
	case "or", "||":
		return opOr
	case "??":
		return opCoalesce
	case "==":
		return opEqual
	case "!=":
		return opNotEqual
	case "<":
		return opLess
	case "<=":
		return opLessEqual
	case ">":
		return opMore
	case ">=":
		return opMoreEqual
	case "+":
		return opAdd
	case "-":
		return opSubtract
	case "*":
		return opMultiply
	case "/":
		return opDivide
	case "%":
		return opModulo
	case "**", "^":
		return opPower
	case "..":
		return opRange
	case "in":
		return opIn
	case "matches":
		return opMatches
	case "contains":
		return opContains
	case "startsWith":
		return opStartsWith
	case "endsWith":
		return opEndsWith
	}
	return 0
}

// isComparison reports whether o decides between its two sides.
func (o op) isComparison() bool {
	return o >= opEqual && o <= opMoreEqual || o >= opIn && o <= opEndsWith
}

// compares is the operator of a comparison of sizes, "" of what is none.
func (o op) compares() string {
	if o < opEqual || o > opMoreEqual {
		return ""
	}
	return [...]string{"==", "!=", "<", "<=", ">", ">="}[o-opEqual]
}

// constant reports whether the node reads nothing.
func (n *node) constant() bool {
	if n == nil {
		return true
	}
	switch n.op {
	case opName, opStep, opItem, opCount, opLocal:
		return false
	}
	if !n.a.constant() || !n.b.constant() {
		return false
	}
	for _, kid := range n.kids {
		if !kid.constant() {
			return false
		}
	}
	return true
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
