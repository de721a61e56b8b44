package expression

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"runbook/engine/schema"
)

func (c *checker) chain(n *ast.ChainNode) *node {
	out := newNode(opChain, n, nil).placeless()
	out.a = c.check(n.Node)
	out.typ = out.a.typ
	for k := out.a; k.op == opMember || k.op == opIndex; k = k.a {
		if k.optional && mayMiss(k.a.typ) {
			out.typ = out.typ.AsOptional()
		}
	}
	return c.narrow(out)
}

// mayMiss reports whether ?. on a value of type t may give nil.
func mayMiss(t *schema.Type) bool {
	return t.Optional || t.Kind == schema.Any || t.Kind == schema.Map || t.Kind == schema.Null
}

func (c *checker) member(n *ast.MemberNode) *node {
	property, named := n.Property.(*ast.StringNode)
	if base, ok := n.Node.(*ast.IdentifierNode); ok && base.Value == "steps" && !c.shadowed("steps") {
		if !named {
			c.report(CodeUnchecked, base.Location().From, base.Location().To, "steps[...] cannot be checked", "write steps.<id>")
			c.check(n.Property)
			return c.faulty(n)
		}
		return c.step(base, property)
	}
	base := c.check(n.Node)
	bracketed := named && n.Location() != property.Location()
	if !named || bracketed && kindsOf(base.typ.Kind)&isMap == 0 && base.typ.Kind != schema.Any {
		return c.index(n, base)
	}
	out := newNode(opMember, n, schema.AnyType)
	out.a, out.optional, out.name = base, n.Optional, property.Value
	if !c.opens(out) {
		return out
	}
	switch typ := base.typ; typ.Kind {
	case schema.Any:
	case schema.Map:
		out.typ = typ.Element()
	case schema.Object:
		c.field(out, typ, property)
	case schema.Null:
		c.report(CodeType, int(out.at), int(out.to), "nil has no fields", "")
	default:
		c.report(CodeType, int(out.at), int(out.to), fmt.Sprintf("%s is %s and has no fields", c.text(base), article(typ)), c.listHint(base, out.name))
	}
	return c.narrow(out)
}

// opens reports what a part is read from, if nothing can be read from it or it
// may be nil, and whether something can.
func (c *checker) opens(part *node) bool {
	base := part.a
	if base.typ.Kind == schema.SecretKind {
		c.reportNode(CodeSecret, base, "a secret can only be used whole", "")
		return false
	}
	if base.typ.Optional && !part.optional {
		hint, fix := c.safeHint(part, base)
		c.report(CodeOptional, c.dot(part), int(part.to), c.text(base)+" may be nil here", hint)
		c.problems[len(c.problems)-1].fix = fix
	}
	return true
}

func (c *checker) listHint(base *node, name string) string {
	if slices.Contains([]string{"length", "size", "count"}, name) && kindsOf(base.typ.Kind)&(isText|isList) != 0 {
		return fmt.Sprintf("write len(%s)", c.sourceOf(base))
	}
	if base.typ.Kind == schema.List {
		return fmt.Sprintf("take one element, as [0].%s, or all: map(..., .%s)", name, name)
	}
	return ""
}

func (c *checker) shadowed(name string) bool {
	return slices.ContainsFunc(c.locals, func(l local) bool { return l.name == name })
}

// field types the member of an object.
func (c *checker) field(out *node, typ *schema.Type, property ast.Node) {
	f, ok := typ.Field(out.name)
	if ok {
		out.typ, out.lenient = f.Type, f.Type.Optional
		return
	}
	names := typ.Names()
	hint := "it has: " + strings.Join(names, ", ")
	if len(names) > 20 {
		hint = "it has: " + strings.Join(names[:20], ", ") + ", and more"
	}
	if near := c.near(out.name, names); near != "" {
		hint = "did you mean " + quoted(near) + "?"
	} else if len(names) == 0 {
		hint = "it has no fields"
	}
	if out.a.op == opStep && c.env.Lacks != nil {
		hint = cmp.Or(c.env.Lacks(out.a.name, out.name), hint)
	}
	at := property.Location()
	c.report(CodeUnknownName, at.From, at.To, fmt.Sprintf("%s has no field %s", c.text(out.a), quoted(out.name)), hint)
}

// step types steps.<id>.
func (c *checker) step(steps *ast.IdentifierNode, id *ast.StringNode) *node {
	out := newNode(opStep, steps, schema.AnyType)
	at := id.Location()
	out.name, out.to = id.Value, int32(at.To)
	if c.env.Step == nil {
		c.report(CodeUnknownName, at.From, at.To, "no steps can be read here", "")
		return out
	}
	c.steps = append(c.steps, id.Value)
	typ, problem := c.env.Step(id.Value)
	if problem != nil {
		p := *problem
		p.Offset, p.Length = c.base+at.From, at.To-at.From
		c.problems = append(c.problems, p)
	}
	if typ == nil {
		return out
	}
	out.typ = typ
	if c.env.PassedStep != nil && c.hasPassed(id.Value) {
		if passed := c.env.PassedStep(id.Value); passed != nil {
			out.typ = passed
		}
	}
	return out
}

// dot returns the place of the dot or bracket before the member out.
func (c *checker) dot(out *node) int {
	c.span(out)
	at := int(out.at)
	if c.bracketed(out) {
		return at
	}
	for i := len(c.places.tokens) - 1; i >= 0; i-- {
		if token := c.places.tokens[i]; token.From < int(out.at) {
			return token.From
		}
	}
	return at
}

// bracketed reports whether out is read by [ ].
func (c *checker) bracketed(out *node) bool {
	i := c.places.after(int(out.at))
	return i >= 0 && c.places.tokens[i].Value == "[" && c.places.tokens[i].From == int(out.at)
}

// safeHint shows the source with ?. for the member out of base, and how else
// a step may be read; fix is the whole source with it.
func (c *checker) safeHint(out, base *node) (hint, fix string) {
	at := c.dot(out)
	insert := "?"
	switch {
	case c.bracketed(out):
		insert = "?."
	case base.op == opItem && at == int(base.at):
		insert = "#?"
	}
	runes := []rune(c.source)
	fix = string(runes[:at]) + insert + string(runes[at:])
	from, to := c.span(out)
	if len(runes) <= maxShown {
		from, to = 0, len(runes)
	}
	hint = "write " + quoted(string(runes[from:at])+insert+string(runes[at:to]))
	if base.op == opMember && base.a.op == opStep { // not of what may be nil besides
		hint += fmt.Sprintf(", or ask `steps.%s.state == \"passed\"` first", base.a.name)
	}
	return hint, fix
}

// maxShown is how many characters of a source a hint repeats whole.
const maxShown = 110

// try puts to the test what is proposed for values that may be nil: a ?. gives nil,
// which may have to be answered, too, where it is used. What solves nothing is said in
// words.
func (c *checker) try(want *schema.Type, use purpose) {
	env := *c.env
	env.trying = true
	for i := range c.problems {
		p := &c.problems[i]
		for source := p.fix; source != "" && len(source) <= maxSource; {
			_, left := compileAt(source, c.base, &env, want, use)
			if len(left) < len(c.problems) {
				if source != p.fix && len(source) <= maxShown {
					p.Hint = "write " + quoted(source)
				} else if source != p.fix {
					p.Hint += ", and answer the nil that it may give, by ?? or must"
				}
				break
			}
			source = ""
			if i < len(left) && left[i].Code == CodeOptional {
				source = left[i].fix
			}
		}
	}
}

func (c *checker) index(n *ast.MemberNode, base *node) *node {
	out := newNode(opIndex, n, schema.AnyType)
	out.a, out.b, out.optional = base, c.check(n.Property), n.Optional
	key := c.operand(out.b, "be an index")
	if !c.opens(out) {
		return out
	}
	switch typ := base.typ; typ.Kind {
	case schema.Any:
	case schema.List:
		out.typ = typ.Element()
		c.wantKind(out.b, key, isInt, "an index")
	case schema.Map, schema.Object:
		out.typ = typ.Element()
		if typ.Kind == schema.Object && typ.HoldsSecret() {
			c.reportNode(CodeSecret, base, "this may read a secret by a computed name", "name the field: a.b")
		}
		c.wantKind(out.b, key, isText, "a key")
	case schema.String:
		c.report(CodeType, int(out.at), int(out.to), "single characters cannot be read from a text",
			fmt.Sprintf("write `%s[%s:%s + 1]`", c.sourceOf(base), c.sourceOf(out.b), c.sourceOf(out.b)))
	default:
		c.report(CodeType, int(out.at), int(out.to), fmt.Sprintf("%s is %s and has no elements", c.text(base), article(typ)), "")
	}
	return out
}

func (c *checker) slice(n *ast.SliceNode) *node {
	out := newNode(opSlice, n, schema.AnyType)
	out.a = c.check(n.Node)
	out.kids = []*node{nil, nil}
	for i, end := range []ast.Node{n.From, n.To} {
		if end != nil {
			out.kids[i] = c.check(end)
			c.wantKind(out.kids[i], c.operand(out.kids[i], "be an index"), isInt, "an index")
		}
	}
	typ := c.operand(out.a, "be sliced")
	switch typ.Kind {
	case schema.Any:
	case schema.List:
		out.typ = typ
	case schema.String:
		out.typ = schema.StringType
	default:
		c.report(CodeType, int(out.at), int(out.to), fmt.Sprintf("%s is %s and cannot be sliced", c.text(out.a), article(typ)), "")
	}
	return out
}

// wantKind reports n if its type is not of the kinds.
func (c *checker) wantKind(n *node, typ *schema.Type, kinds kinds, what string) {
	if !kinds.take(typ) {
		c.reportNode(CodeType, n, fmt.Sprintf("%s is %s, this is %s", what, kinds, article(typ)), "")
	}
}
