package expression

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"runbook/engine/schema"
)

// function is what can be called, but for what takes a predicate.
type function struct {
	name   string
	takes  []kinds // of its arguments
	least  int     // how many must be given
	rest   bool    // the last of takes may be repeated
	elem   kinds   // what the elements of a list given must be; 0: anything
	result func(args []*node) *schema.Type
	call   func(m *machine, args []any) (any, error)
	// partial: it takes lists and maps that hold unknowns. Else its result is
	// unknown for them.
	partial bool
	// prepare, if given, makes of the last text of takes what call gets in its place:
	// before the run where it is constant, so that a wrong one is found then.
	prepare func(string) (any, error)
	// hides: it takes secrets, and gives a secret for them.
	hides bool
	reads func(of []*rest) []*rest // what of its first argument; nil: the whole
}

// looping is a function that evaluates a predicate for each element of a list.
type looping struct {
	name    string
	decides bool  // one element may be the reason of the result
	bare    bool  // the predicate may be left out: the elements themselves
	yields  kinds // what the predicate gives
	result  func(elem, predicate *schema.Type) *schema.Type
	passes  func(of []*rest) []*rest // of the list, beside what the predicate reads; nil: nothing
	run     func(m *machine, n *node, list []any) (any, error)
}

func (c *checker) callee(n *ast.CallNode) *node {
	if name, ok := n.Callee.(*ast.IdentifierNode); ok {
		return c.call(n, name.Value, n.Arguments)
	}
	c.report(CodeUnknownFunction, n.Location().From, n.Location().To, "values have no methods", c.methodHint(n))
	for _, arg := range n.Arguments {
		c.check(arg)
	}
	return c.faulty(n)
}

// methodHint writes the call of a method as that of a function, if there is one of
// that name.
func (c *checker) methodHint(n *ast.CallNode) string {
	m, ok := n.Callee.(*ast.MemberNode)
	name, named := (*ast.StringNode)(nil), false
	if ok {
		name, named = m.Property.(*ast.StringNode)
	}
	if !named || functionNamed(name.Value) == nil && loopNamed(name.Value) == nil {
		return "call a function, as len(x)"
	}
	given := []string{c.sourceOf(c.check(m.Node))}
	if more := c.inBrackets(name.Location().To); more != "" {
		given = append(given, more)
	}
	return "write " + quoted(name.Value+"("+strings.Join(given, ", ")+")")
}

// inBrackets is what stands in the brackets behind a name that ends at a character.
func (c *checker) inBrackets(end int) string {
	if c.places == nil {
		c.places = newPlaces(c.source)
	}
	i := c.places.after(end)
	if i < 0 || c.places.match[i] <= i {
		return ""
	}
	return c.places.text(c.places.tokens[i].To, c.places.tokens[c.places.match[i]].From)
}

func (c *checker) call(n ast.Node, name string, args []ast.Node) *node {
	if l := loopNamed(name); l != nil {
		return c.loop(n, l, args)
	}
	f := functionNamed(name)
	if f == nil {
		c.unknownFunction(n, name)
	}
	out := newNode(opCall, n, schema.AnyType)
	out.name = name
	for i, arg := range args {
		if _, ok := arg.(*ast.PredicateNode); ok {
			continue // of a function of the library that is none here
		}
		k := c.check(arg)
		out.kids = append(out.kids, k)
		if f != nil && (i < len(f.takes) || f.rest) {
			c.argument(f, k, f.takes[min(i, len(f.takes)-1)])
		}
	}
	if f == nil {
		return out
	}
	if len(args) < f.least || len(args) > len(f.takes) && !f.rest {
		c.report(CodeUnknownFunction, int(out.at), int(out.to), fmt.Sprintf("%s takes %s, not %d", name, f.arity(), len(args)), "")
		return out
	}
	out.value = f
	out.typ = f.result(out.kids)
	if f.prepare != nil && len(out.kids) == len(f.takes) {
		c.prepare(f, out, out.kids[len(out.kids)-1])
	}
	if f.hides && slices.ContainsFunc(out.kids, func(k *node) bool { return k.typ.HoldsSecret() }) {
		out.typ = schema.SecretType
	}
	return out
}

// prepare makes the last argument of f ready, if it is constant.
func (c *checker) prepare(f *function, out, last *node) {
	text, ok := last.value.(string)
	if !ok || last.op != opConst {
		return
	}
	ready, err := f.prepare(text)
	if err != nil {
		c.reportNode(CodeType, last, err.Error(), "")
		return
	}
	out.a = &node{op: opConst, at: -1, to: -1, typ: last.typ, value: ready}
}

func (f *function) arity() string {
	most := len(f.takes)
	switch {
	case f.rest:
		return fmt.Sprintf("%d or more values", f.least)
	case most == f.least && most == 1:
		return "one value"
	case most == f.least:
		return fmt.Sprintf("%d values", most)
	}
	return fmt.Sprintf("%d to %d values", f.least, most)
}

// argument checks one argument of f.
func (c *checker) argument(f *function, n *node, takes kinds) {
	if f.hides && n.typ.HoldsSecret() && (takes&isNil != 0 || n.typ.Kind == schema.SecretKind && !n.typ.Optional) {
		return
	}
	typ := c.taken(n, takes, "be given to "+f.name)
	if !takes.take(typ) {
		c.reportNode(CodeType, n, fmt.Sprintf("%s takes %s, this is %s", f.name, takes, article(typ)), "")
		return
	}
	if f.elem == 0 || typ.Kind != schema.List {
		return
	}
	switch elem := typ.Element(); {
	case !f.elem.take(elem):
		c.reportNode(CodeType, n, fmt.Sprintf("%s takes a list of which each is %s, this is %s", f.name, f.elem, article(typ)), "")
	case elem.Optional:
		c.reportNode(CodeOptional, n, "an element may be nil here", "leave those out: filter(..., # != nil)")
	}
}

func (c *checker) unknownFunction(n ast.Node, name string) {
	at := n.Location()
	hint := ""
	switch name {
	case "now", "timezone":
		hint = "expressions have no clock: use run.started"
	case "defined", "exists", "isset":
		hint = "write " + quoted(c.inBrackets(at.From+len(name))+" != nil")
	case "reduce":
		hint = "use sum, min, max, count, any or all"
	default:
		if near := c.near(name, Functions()); near != "" {
			hint = "did you mean " + quoted(near) + "?"
		}
	}
	c.report(CodeUnknownFunction, at.From, at.To, fmt.Sprintf("there is no function %s", quoted(name)), hint)
}

// loop types a call with a predicate.
func (c *checker) loop(n ast.Node, l *looping, args []ast.Node) *node {
	out := newNode(opLoop, n, schema.AnyType)
	out.name, out.value = l.name, l
	if len(args) == 0 {
		c.report(CodeUnknownFunction, int(out.at), int(out.to), l.name+" takes a list", "")
		return c.faulty(n)
	}
	out.a = c.check(args[0])
	typ := c.operand(out.a, "be given to "+l.name)
	if !isList.take(typ) {
		c.reportNode(CodeType, out.a, fmt.Sprintf("%s takes a list, this is %s", l.name, article(typ)), "")
		typ = schema.AnyType
	}
	elem := typ.Element()
	result := elem
	if len(args) > 1 {
		out.b = c.predicate(args[1], elem)
		result = c.yield(l, out.b)
	} else if !l.bare {
		c.report(CodeUnknownFunction, int(out.at), int(out.to), l.name+" takes a list and a condition", "")
	} else if !l.yields.take(elem) {
		c.reportNode(CodeType, out.a, fmt.Sprintf("%s takes a list of which each is %s", l.name, l.yields), "")
	}
	for _, arg := range args[min(2, len(args)):] {
		k := c.check(arg)
		c.wantKind(k, c.operand(k, "be given to "+l.name), isText, "the order")
		out.kids = append(out.kids, k)
	}
	out.typ = l.result(elem, result)
	return out
}

// yield checks what a predicate gives.
func (c *checker) yield(l *looping, n *node) *schema.Type {
	typ := c.taken(n, l.yields, "be used in "+l.name)
	if l.yields.take(typ) {
		return typ
	}
	if l.yields == isBool {
		c.reportNode(CodeType, n, "a condition is true or false, this is "+article(typ), conditionHint(typ))
	} else {
		c.reportNode(CodeType, n, fmt.Sprintf("%s takes %s, this is %s", l.name, l.yields, article(typ)), "")
	}
	return schema.AnyType
}

func (c *checker) predicate(n ast.Node, elem *schema.Type) *node {
	p, ok := n.(*ast.PredicateNode)
	if !ok {
		return c.check(n)
	}
	c.items = append(c.items, elem)
	defer func() { c.items = c.items[:len(c.items)-1] }()
	return c.check(p.Node)
}
