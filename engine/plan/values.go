package plan

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// expr compiles an expression field: `when`, `that`, `if`.
func (c *compiler) expr(s yaml.String, v *view, want *schema.Type) *expression.Expr {
	e := c.glance(s, v, want)
	if e != nil {
		c.relies(v, e.Bare())
	}
	return e
}

// glance is expr for what only shows its value: nothing relies on it.
func (c *compiler) glance(s yaml.String, v *view, want *schema.Type) *expression.Expr {
	if !s.Set() {
		return nil
	}
	c.uses(s.Value)
	e, problems := expression.Compile(s.Value, v.env(), want)
	for i, p := range problems {
		if want == nil && p.Code == expression.CodeSyntax && p.Hint == "" {
			problems[i].Hint = "this is an expression; in a text stands ${{ }} around each: 'The disk has ${{ outputs.free_bytes }}'"
		}
	}
	c.problems(s.Node, problems)
	if failedIn(problems) {
		return nil
	}
	c.reads(v, e.Paths())
	return e
}

// reads notes which members of which steps are read. A name that a step gives to its
// own expressions may be meant to be that of each step around it.
func (c *compiler) reads(v *view, paths [][]string) {
	for _, path := range paths {
		switch path[0] {
		case "steps":
			if t := c.steps[path[1]]; t != nil {
				t.step.Later.add(path[2:])
				t.read(path[2:], t.tree != nil && t.tree.ForEach != nil)
			}
			continue
		case "goal":
			path = path[1:]
		}
		for n := v.reader; n != nil; n = n.parent {
			n.read(path, false)
		}
	}
}

// relies notes of which steps a member of the outputs is read that must be there.
func (c *compiler) relies(v *view, ids []string) {
	for _, id := range ids {
		n := c.steps[id]
		if id == "" {
			n = v.reader
		}
		if n != nil {
			n.step.Relied = true
		}
		if id != "" || n == nil {
			continue
		}
		if of := undone(n); of != nil { // it may mean the outputs of what it undoes
			of.step.Relied = true
		}
	}
}

// read notes that an expression reads the value at path of a step; in a loop it is the
// list of its items' values.
func (n *node) read(path []string, loop bool) {
	if len(path) == 0 { // more than can be told
		path, loop = []string{expression.Each}, false
	}
	value, inside := path[0], path[1:]
	if value == "before" {
		value = "observed"
	}
	if loop && len(inside) > 0 {
		if inside[0] == expression.Shape {
			return
		}
		inside = inside[1:]
	}
	n.step.Read.add(append([]string{value}, inside...))
}

func failedIn(problems []expression.Problem) bool {
	return slices.ContainsFunc(problems, func(p expression.Problem) bool { return !p.Warning })
}

func (c *compiler) problems(n *yaml.Node, problems []expression.Problem) {
	for _, p := range problems {
		s := diag.Error
		if p.Warning {
			s = diag.Warning
		}
		c.report(s, p.Code, n.At(p.Offset, max(1, p.Length)), p.Message, p.Hint)
	}
}

// uses notes the inputs, the variables and the groups that a text reads.
func (c *compiler) uses(text string) {
	for name := range membersOf("inputs", text) {
		c.used[name] = true
	}
	for name := range membersOf("vars", text) {
		if name == "" { // by an index, or as a whole
			name = anyVar
		}
		c.plan.vars[name] = true
	}
	for name := range membersOf("environment.groups", text) {
		if name == "" {
			name = anyVar
		}
		c.plan.groups[name] = true
	}
}

// membersOf yields the names behind the dot of each mention of base, "" where none
// follows.
func membersOf(base, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			_, after, ok := strings.Cut(text, base)
			if !ok {
				return
			}
			name, dot := strings.CutPrefix(after, ".")
			end := strings.IndexFunc(name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if end >= 0 {
				name = name[:end]
			}
			if !dot {
				name = ""
			}
			if !yield(name) {
				return
			}
			text = after
		}
	}
}

// usesIn is uses of all texts of a tree that is not compiled, because what
// holds it is wrong.
func (c *compiler) usesIn(n *yaml.Node) {
	if n == nil {
		return
	}
	c.uses(n.Text)
	for _, item := range n.Items {
		c.usesIn(item)
	}
	for _, p := range n.Pairs {
		c.usesIn(p.Value)
	}
}

// template compiles a text in which ${{ }} may stand.
func (c *compiler) template(s yaml.String, v *view, want *schema.Type) *Value {
	if !s.Set() {
		return nil
	}
	return c.value(s.Node, want, v)
}

// value compiles a node to a value of type t.
func (c *compiler) value(n *yaml.Node, t *schema.Type, v *view) *Value {
	out := &Value{Type: t, Place: c.place(n)}
	if n.Broken {
		return out
	}
	switch n.Kind {
	case yaml.Null:
		if !t.Optional && t.Kind != schema.Any {
			c.fail(diag.CodeBadValue, n, "a "+t.String()+" is missing here", "write a value, or remove the key")
		}
	case yaml.Scalar:
		c.scalar(out, n, t, v)
	case yaml.List:
		c.listValue(out, n, t, v)
	case yaml.Map:
		c.mapValue(out, n, t, v)
	}
	return out
}

func (c *compiler) scalar(out *Value, n *yaml.Node, t *schema.Type, v *view) {
	switch {
	case t.Kind == schema.ConditionKind:
		out.Expr = c.expr(yaml.String{Value: n.Text, Node: n}, v, schema.BoolType)
	case expression.HasTemplate(n.Text):
		tm, problems := expression.CompileTemplate(n.Text, v.env(), t)
		c.problems(n, problems)
		c.uses(n.Text)
		if !failedIn(problems) {
			out.Template, out.Type = tm, tm.Type()
			c.reads(v, tm.Paths())
			c.relies(v, tm.Bare())
		}
	default:
		got, err := schema.ParseText(t, expression.Literal(n.Text), n.Quoted)
		if err != nil {
			c.mismatch(n, err)
			return
		}
		out.Const = got
		switch {
		case got == nil && t.Kind == schema.Any:
			out.Type = schema.NullType
		case t.Kind == schema.Any:
			out.Type = schema.TypeOf(got)
			if number := out.Type.Kind == schema.Number || out.Type.Kind == schema.Int; number && schema.TextOf(got) != n.Text {
				c.warn(CodeSpelling, n, fmt.Sprintf("%s is read as the number %s", n.Text, schema.TextOf(got)), fmt.Sprintf("quote it to keep its spelling: %q; or write %s", n.Text, schema.TextOf(got)))
			}
		}
	}
}

// mismatch reports an error of the schema at its node.
func (c *compiler) mismatch(n *yaml.Node, err error) {
	hint := ""
	var f *schema.Fault
	if errors.As(err, &f) && f.Takes != "" {
		hint = "it takes " + f.Takes
	}
	c.fail(diag.CodeBadValue, n, err.Error(), hint)
}

func (c *compiler) listValue(out *Value, n *yaml.Node, t *schema.Type, v *view) {
	if t.Kind != schema.List && t.Kind != schema.Any {
		c.fail(diag.CodeBadValue, n, "a list stands where "+t.String()+" is taken", "")
		return
	}
	out.IsList = true
	elem := t.Element()
	for _, item := range n.Items {
		out.List = append(out.List, c.value(item, elem, v))
	}
	if t.Kind == schema.Any {
		out.Type = schema.ListOf(unionOf(out.List))
	}
}

func (c *compiler) mapValue(out *Value, n *yaml.Node, t *schema.Type, v *view) {
	if t.Kind != schema.Object && t.Kind != schema.Map && t.Kind != schema.Any {
		hint := ""
		if t.AcceptsSecret || t.Kind == schema.SecretKind {
			hint = "of a secret write \"${{ vars.NAME }}\", with vars: {NAME: {secret: NAME}} in runbook.yaml"
		}
		c.fail(diag.CodeBadValue, n, "a mapping stands where "+t.String()+" is taken", hint)
		return
	}
	out.IsObject = true
	object := c.members(out, n, t, v, "")
	if t.Kind == schema.Any {
		out.Type = object
	}
}

// members compiles the pairs of a mapping into the fields of out, and returns
// their types. owner is what has the fields as its parameters, "" for a value.
func (c *compiler) members(out *Value, n *yaml.Node, t *schema.Type, v *view, owner string) *schema.Type {
	object := &schema.Type{Kind: schema.Object}
	for _, p := range n.Pairs {
		name := p.Key.Text
		ft := elementFor(t, name)
		if ft == nil {
			strange := fmt.Sprintf("there is no %q here", name)
			if owner != "" {
				strange = fmt.Sprintf("%s has no %q", owner, name)
			}
			c.fail(CodeUnknownParam, p.Key, strange, c.known(CodeUnknownParam, name, t.Names))
			continue
		}
		value := c.value(p.Value, ft, v)
		if owner != "" {
			c.checkField(t, name, p.Value, value)
		}
		out.Fields = append(out.Fields, NamedValue{Name: name, Value: value})
		object.Fields = append(object.Fields, schema.Field{Name: name, Type: value.Type})
	}
	return object
}

// elementFor is the type of a member, nil if there is none of that name.
func elementFor(t *schema.Type, name string) *schema.Type {
	if t.Kind != schema.Object {
		return t.Element()
	}
	f, ok := t.Field(name)
	if !ok {
		return nil
	}
	return f.Type
}

// unionOf is the type of all elements where they agree, else any.
func unionOf(list []*Value) *schema.Type {
	var t *schema.Type
	for _, v := range list {
		if t == nil {
			t = v.Type
		} else if t.Kind != v.Type.Kind || t.Kind == schema.Object || t.Kind == schema.List {
			return schema.AnyType
		}
	}
	if t == nil {
		return schema.AnyType
	}
	return t
}

func onFailure(s yaml.String) OnFailure {
	switch s.Value {
	case "continue":
		return Continue
	case "warn":
		return Warn
	case "undo":
		return Undo
	}
	return Stop
}
