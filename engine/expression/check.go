package expression

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"runbook/engine/diag"
	"runbook/engine/schema"
)

// checker types a tree and turns it into nodes. What is faulty becomes a value
// of any type, so that one mistake is reported once.
type checker struct {
	env    *Env
	source string
	base   int

	problems     []Problem
	steps, names []string
	facts        []fact
	items        []*schema.Type // of the predicates around, innermost last
	locals       []local
	depth, count int
	comparing    bool // in a side of <, <=, > or >=
	places       *places
}

// local is a let-bound name.
type local struct {
	name string
	typ  *schema.Type
}

// emptyElem is the element type of [], which fits every list.
var emptyElem = &schema.Type{Kind: schema.Any}

// check types n and what is in it.
func (c *checker) check(n ast.Node) *node {
	c.depth++
	c.count++
	defer func() { c.depth-- }()
	if c.depth > maxDepth || c.count > maxNodes {
		c.tooLarge(n)
		return c.faulty(n)
	}
	switch n := n.(type) {
	case *ast.NilNode:
		return newNode(opConst, n, schema.NullType)
	case *ast.BoolNode:
		return constant(n, schema.BoolType, n.Value)
	case *ast.IntegerNode:
		return constant(n, schema.IntType, n.Value)
	case *ast.FloatNode:
		return constant(n, schema.NumberType, n.Value)
	case *ast.StringNode:
		return constant(n, schema.StringType, n.Value)
	case *ast.IdentifierNode:
		return c.name(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ChainNode:
		return c.chain(n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.ArrayNode:
		return c.list(n)
	case *ast.MapNode:
		return c.object(n)
	case *ast.BuiltinNode:
		return c.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		return c.callee(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	}
	return c.unsupported(n)
}

// tooLarge reports once that the tree has no end in sight.
func (c *checker) tooLarge(n ast.Node) {
	if slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Code == CodeTooLarge }) {
		return
	}
	c.report(CodeTooLarge, n.Location().From, n.Location().To, "the expression is nested too deeply, or has too many parts",
		"split it: let a flow.set step compute its parts")
}

func (c *checker) unsupported(n ast.Node) *node {
	what, hint := "this cannot be written here", ""
	switch n.(type) {
	case *ast.SequenceNode:
		what, hint = "only one expression can stand here", "join conditions with and"
	case *ast.BytesNode:
		what, hint = "there are no byte texts", `leave out the b before the quote`
	}
	c.report(CodeSyntax, n.Location().From, n.Location().To, what, hint)
	return c.faulty(n)
}

func constant(n ast.Node, typ *schema.Type, value any) *node {
	out := newNode(opConst, n, typ)
	out.value = value
	return out
}

func (c *checker) faulty(n ast.Node) *node { return newNode(opConst, n, schema.AnyType) }

// report adds a problem at characters from to, counted in c.source.
func (c *checker) report(code string, from, to int, message, hint string) {
	c.problems = append(c.problems, Problem{Code: code, Offset: c.base + max(from, 0), Length: max(to-from, 1), Message: message, Hint: hint})
}

// reportNode adds a problem that concerns the whole of n.
func (c *checker) reportNode(code string, n *node, message, hint string) {
	from, to := c.span(n)
	c.report(code, from, to, message, hint)
}

func (c *checker) span(n *node) (from, to int) {
	if c.places == nil {
		c.places = newPlaces(c.source)
	}
	return c.places.of(n)
}

// sourceOf returns the source of n.
func (c *checker) sourceOf(n *node) string {
	from, to := c.span(n)
	return c.places.text(from, to)
}

// text returns the source of n, quoted for a message.
func (c *checker) text(n *node) string { return quoted(c.sourceOf(n)) }

func quoted(s string) string { return "`" + s + "`" }

// order sorts the problems as they stand in the source, each once.
func (c *checker) order() {
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	c.problems = slices.Compact(c.problems)
}

func (c *checker) name(n *ast.IdentifierNode) *node {
	for i := len(c.locals) - 1; i >= 0; i-- {
		if c.locals[i].name == n.Value {
			out := newNode(opLocal, n, c.locals[i].typ)
			out.slot = uint8(i)
			return c.narrow(out)
		}
	}
	if n.Value == "steps" {
		c.report(CodeUnchecked, n.Location().From, n.Location().To, "steps can only be read by name", "write steps.<id>, as steps.look.outputs")
		return c.faulty(n)
	}
	var typ *schema.Type
	if c.env.Name != nil {
		typ = c.env.Name(n.Value)
	}
	if typ == nil {
		c.unknownName(n)
		return c.faulty(n)
	}
	if !slices.Contains(c.names, n.Value) {
		c.names = append(c.names, n.Value)
	}
	out := newNode(opName, n, typ)
	out.name = n.Value
	return c.narrow(out)
}

// near returns the word that may be meant, "" for none.
func (c *checker) near(word string, from []string) string {
	if c.env.Near == nil {
		return diag.Nearest(word, from)
	}
	return c.env.Near(word, from)
}

func (c *checker) unknownName(n *ast.IdentifierNode) {
	at := n.Location()
	known := c.env.Names
	if c.env.Step != nil {
		known = append(slices.Clone(known), "steps")
	}
	for _, l := range c.locals {
		known = append(known, l.name)
	}
	hint := ""
	switch near := c.near(n.Value, known); {
	case slices.Contains([]string{"null", "NULL", "None", "undefined"}, n.Value):
		hint = "write nil"
	case n.Value == "True" || n.Value == "False":
		hint = "write " + quoted(strings.ToLower(n.Value))
	case n.Value == "secrets":
		hint = "a secret is a variable of the environment, as vars: {NAME: {secret: NAME}} in runbook.yaml, and read as vars.NAME; else it is an input of that type"
	case strings.HasPrefix(n.Value, "$"):
		hint = "write the expression without $"
	case near != "":
		hint = "did you mean " + quoted(near) + "?"
	case len(known) > 0:
		hint = "here there are: " + strings.Join(known, ", ")
		if len(c.items) > 0 {
			hint = "for a field of the element write ." + n.Value + "; " + hint
		}
	}
	c.report(CodeUnknownName, at.From, at.To, fmt.Sprintf("there is no %s here", quoted(n.Value)), hint)
}

func (c *checker) pointer(n *ast.PointerNode) *node {
	switch {
	case len(c.items) == 0:
		return c.unsupported(n)
	case n.Name == "index":
		return newNode(opCount, n, schema.IntType)
	case n.Name != "":
		c.report(CodeUnknownName, n.Location().From, n.Location().To, "there is no #"+n.Name, "write # for the element, or #index")
		return c.faulty(n)
	}
	out := newNode(opItem, n, c.items[len(c.items)-1])
	out.slot = uint8(min(len(c.items), 255))
	return c.narrow(out)
}

func (c *checker) let(n *ast.VariableDeclaratorNode) *node {
	out := newNode(opLet, n, nil)
	if len(c.locals) >= 200 {
		c.report(CodeTooLarge, n.Location().From, n.Location().To, "there are more than 200 let", "")
		return c.faulty(n)
	}
	if n.Name == "steps" || c.env.Name != nil && c.env.Name(n.Name) != nil || c.shadowed(n.Name) {
		c.report(CodeSyntax, n.Location().From, n.Location().To, quoted(n.Name)+" has a meaning already", "choose another name")
	}
	out.a = c.check(n.Value)
	out.slot = uint8(len(c.locals))
	c.locals = append(c.locals, local{n.Name, out.a.typ})
	out.b = c.check(n.Expr)
	c.locals = c.locals[:len(c.locals)-1]
	out.typ = out.b.typ
	return out
}

func (c *checker) list(n *ast.ArrayNode) *node {
	out := newNode(opList, n, nil)
	elem := emptyElem
	for _, kid := range n.Nodes {
		k := c.check(kid)
		out.kids = append(out.kids, k)
		elem = union(elem, k.typ)
	}
	out.typ = schema.ListOf(elem)
	return out
}

func (c *checker) object(n *ast.MapNode) *node {
	out := newNode(opMap, n, nil)
	var fields []schema.Field
	fixed := true
	for _, pair := range n.Pairs {
		p, ok := pair.(*ast.PairNode)
		if !ok {
			return c.unsupported(n)
		}
		key, value := c.check(p.Key), c.check(p.Value)
		if typ := c.operand(key, "be a key"); typ.Kind != schema.String && typ.Kind != schema.Any {
			c.reportNode(CodeType, key, "a key is a text, this is "+article(typ), "write string(...)")
		}
		name, constant := key.value.(string)
		if fixed = fixed && constant; fixed {
			fields = slices.DeleteFunc(fields, func(f schema.Field) bool { return f.Name == name })
			fields = append(fields, schema.Field{Name: name, Type: value.typ})
		}
		out.kids = append(out.kids, key, value)
	}
	out.typ = schema.ObjectOf(fields...)
	if !fixed {
		out.typ = schema.MapOf(nil)
		if slices.ContainsFunc(out.kids, func(k *node) bool { return k.typ.HoldsSecret() }) {
			out.typ = schema.MapOf(schema.SecretType)
		}
	}
	return out
}

// mayBeNil reports a value that is used as if it were never nil, and says how to read it.
func (c *checker) mayBeNil(n *node, from, to int) {
	at, end := c.span(n)
	text, example := c.places.text(at, end), exampleOf(n.typ)
	hint := fmt.Sprintf("write must(%s, %q)", text, "why it must be there")
	fixed := strings.TrimPrefix(hint, "write ")
	switch {
	case example == "":
	case c.comparing && kindsOf(n.typ.Kind)&isOrdered != 0: // a 0 for what is missing makes a limit hold
		hint += fmt.Sprintf(", or (%s ?? %s)", text, example)
	default:
		fixed = fmt.Sprintf("(%s ?? %s)", text, example)
		hint = "write " + fixed + ", or" + strings.TrimPrefix(hint, "write")
	}
	c.report(CodeOptional, from, to, c.text(n)+" may be nil here", hint)
	c.problems[len(c.problems)-1].fix = c.places.text(0, at) + fixed + c.places.text(end, utf8.RuneCountInString(c.source))
}

// exampleOf is a value of the type, as it is written; "" for none.
func exampleOf(t *schema.Type) string {
	return map[schema.Kind]string{
		schema.Bool: "false", schema.Int: "0", schema.Number: "0", schema.String: `""`,
		schema.SizeKind: `bytes("0B")`, schema.Duration: `duration("0s")`,
		schema.List: "[]", schema.Map: "{}",
	}[t.Kind]
}
