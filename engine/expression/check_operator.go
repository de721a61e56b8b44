package expression

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"runbook/engine/schema"
)

func (c *checker) unary(n *ast.UnaryNode) *node {
	out := newNode(opPlus, n, schema.AnyType)
	out.a = c.check(n.Node)
	typ := c.operand(out.a, "be used with "+n.Operator)
	wanted := isNumeric | isDuration
	switch n.Operator {
	case "not", "!":
		out.op, out.typ, wanted = opNot, schema.BoolType, isBool
	case "-":
		out.op = opNegate
	}
	if !wanted.take(typ) {
		c.reportNode(CodeType, out.a, fmt.Sprintf("%s takes %s, this is %s", quoted(n.Operator), wanted, article(typ)), c.unaryHint(n, typ))
		return out
	}
	if out.op != opNot {
		out.typ = arithmeticType(typ)
	}
	return out
}

func (c *checker) unaryHint(n *ast.UnaryNode, typ *schema.Type) string {
	switch n.Operator {
	case "+":
		at := n.Location().From
		return "write " + quoted(characters(c.source, 0, at)+characters(c.source, at+1, utf8.RuneCountInString(c.source)))
	case "-":
		return ""
	}
	return conditionHint(typ)
}

// arithmeticType is what arithmetic makes of a type: sizes become integers.
func arithmeticType(t *schema.Type) *schema.Type {
	if t.Kind == schema.SizeKind {
		return schema.IntType
	}
	return t
}

func (c *checker) conditional(n *ast.ConditionalNode) *node {
	out := newNode(opIf, n, nil).placeless()
	cond := c.check(n.Cond)
	c.condition(cond)
	var yes, no *node
	c.given(factsOf(cond, true), func() {
		if n.Exp1 == n.Cond { // a ?: b
			yes = cond
			return
		}
		yes = c.check(n.Exp1)
	})
	c.given(factsOf(cond, false), func() { no = c.check(n.Exp2) })
	out.kids = []*node{cond, yes, no}
	out.typ = union(yes.typ, no.typ)
	return out
}

// condition reports n if it cannot be true or false.
func (c *checker) condition(n *node) {
	typ := c.operand(n, "be a condition")
	if !isBool.take(typ) {
		c.reportNode(CodeType, n, "a condition is true or false, this is "+article(typ), conditionHint(typ))
	}
}

func conditionHint(t *schema.Type) string {
	switch t.Kind {
	case schema.List, schema.String:
		return "write len(...) > 0"
	case schema.Int, schema.Number:
		return "compare it, as ... > 0"
	}
	return ""
}

func (c *checker) binary(n *ast.BinaryNode) *node {
	out := newNode(operators[n.Operator], n, schema.AnyType)
	out.name = n.Operator
	if out.op.comparesSizes() {
		defer func(was bool) { c.comparing = was }(c.comparing)
		c.comparing = true
	}
	out.a = c.check(n.Left)
	switch out.op {
	case opAnd, opOr:
		c.given(factsOf(out.a, out.op == opAnd), func() { out.b = c.check(n.Right) })
		c.condition(out.a)
		c.condition(out.b)
		out.typ = schema.BoolType
		return out
	case opCoalesce:
		out.b = c.check(n.Right)
		out.typ = union(out.a.typ.AsRequired(), out.b.typ)
		if out.a.typ.Kind == schema.Null {
			out.typ = out.b.typ
		}
		return out
	}
	out.b = c.check(n.Right)
	switch out.op {
	case opEqual, opNotEqual:
		c.equality(out)
		out.typ = schema.BoolType
	case opIn:
		c.membership(out)
		out.typ = schema.BoolType
	default:
		left, right := c.operand(out.a, "be used with "+n.Operator), c.operand(out.b, "be used with "+n.Operator)
		out.typ = c.operate(out, left, right)
	}
	return out
}

// operate types an operator on two values that are not nil.
func (c *checker) operate(n *node, left, right *schema.Type) *schema.Type {
	if n.op == opMatches {
		c.pattern(n)
	}
	if n.op.comparesSizes() && ordered(left, right) {
		return schema.BoolType
	}
	if result := resultOf(n.op, left, right); result != nil {
		return result
	}
	c.report(CodeType, int(n.at), int(n.to),
		fmt.Sprintf("%s cannot be used between %s and %s", quoted(n.name), article(left), article(right)), c.mixHint(n, left, right))
	if n.op.isComparison() {
		return schema.BoolType
	}
	return schema.AnyType
}

// mixHint says how two unlike values can be brought together.
func (c *checker) mixHint(n *node, left, right *schema.Type) string {
	for _, s := range [...]struct {
		of    *node
		other *schema.Type
		typ   *schema.Type
	}{{n.a, right, left}, {n.b, left, right}} {
		text, constant := s.of.value.(string)
		switch {
		case constant && s.other.Kind == schema.Duration:
			return fmt.Sprintf("write duration(%q)", text)
		case constant && s.other.Kind == schema.SizeKind:
			return fmt.Sprintf("write bytes(%q)", text)
		case constant && s.other.Kind == schema.Time:
			return fmt.Sprintf("write date(%q)", text)
		case s.typ.Kind == schema.String && n.op == opAdd && s.other.Kind != schema.List:
			return "write string(...) around what is no text"
		case s.typ.Kind == schema.String && isNumeric.take(s.other) && n.op.isComparison():
			return "write int(...) or float(...) around the text"
		}
	}
	if left.Kind == schema.List && n.op == opAdd {
		return fmt.Sprintf("write concat(%s, %s)", c.sourceOf(n.a), c.sourceOf(n.b))
	}
	if left.Kind == schema.List && n.op == opContains {
		return fmt.Sprintf("write %s in %s", c.sourceOf(n.b), c.sourceOf(n.a))
	}
	return ""
}

func (c *checker) pattern(n *node) {
	text, ok := n.b.value.(string)
	if !ok {
		return
	}
	re, err := pattern(text)
	if err != nil {
		c.reportNode(CodeType, n.b, err.Error(), "")
		return
	}
	n.value = re
}

func (c *checker) equality(n *node) {
	left, right := n.a.typ, n.b.typ
	if c.noSecret(n.a, "be compared") || c.noSecret(n.b, "be compared") {
		return
	}
	for _, side := range [...][2]*node{{n.a, n.b}, {n.b, n.a}} {
		if side[0].typ.Kind == schema.Null && !side[1].typ.Optional && side[1].typ.Kind != schema.Any {
			c.report(CodeConstant, int(n.at), int(n.to), c.text(side[1])+" is never nil", "")
			c.problems[len(c.problems)-1].Warning = true
		}
		c.enumerated(side[0].typ, side[1])
	}
	if !comparable(left, right) {
		c.report(CodeType, int(n.at), int(n.to),
			fmt.Sprintf("%s and %s are never equal", article(left), article(right)), c.mixHint(n, left, right))
	}
	if len(left.Enum) > 0 && len(right.Enum) > 0 && !slices.ContainsFunc(left.Enum, func(v string) bool { return slices.Contains(right.Enum, v) }) {
		c.report(CodeType, int(n.at), int(n.to), "the two sides have no value in common", "")
	}
}

// enumerated reports a constant that is no value of an enumeration.
func (c *checker) enumerated(typ *schema.Type, n *node) {
	text, ok := n.value.(string)
	if n.op != opConst || !ok || typ.Kind != schema.String || len(typ.Enum) == 0 || slices.Contains(typ.Enum, text) {
		return
	}
	hint := "it is one of " + strings.Join(typ.Enum, ", ")
	if near := c.near(text, typ.Enum); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	c.reportNode(CodeType, n, fmt.Sprintf("this is never %q", text), hint)
}

func (c *checker) membership(n *node) {
	if c.noSecret(n.a, "be compared") || c.noSecret(n.b, "be compared") {
		return
	}
	right := c.operand(n.b, "be searched")
	switch right.Kind {
	case schema.Any:
	case schema.List:
		if right.Elem != nil && !comparable(n.a.typ, right.Elem) {
			c.report(CodeType, int(n.at), int(n.to), fmt.Sprintf("%s is never in a %s", article(n.a.typ), right), "")
		}
		if n.b.op == opList {
			for _, kid := range n.b.kids {
				c.enumerated(n.a.typ, kid)
			}
		}
		c.enumerated(right.Element(), n.a)
	case schema.Map, schema.Object:
		c.wantKind(n.a, n.a.typ.AsRequired(), isText, "a key")
	default:
		hint := ""
		if right.Kind == schema.String {
			hint = "for a part of a text write a contains b"
		}
		c.report(CodeType, int(n.at), int(n.to), fmt.Sprintf("%s cannot be searched with `in`, it is %s", c.text(n.b), article(right)), hint)
	}
}
