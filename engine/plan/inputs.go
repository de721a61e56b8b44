package plan

import (
	"fmt"
	"regexp"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// typeNames are the names of types, and fieldName how fields of rows are called.
var (
	typeNames = []string{"string", "int", "number", "bool", "duration", "size", "time", "secret", "list", "map"}
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// inputType is the type that a declaration names.
func inputType(name string) *schema.Type {
	for _, t := range []*schema.Type{
		schema.StringType, schema.IntType, schema.NumberType, schema.BoolType, schema.DurationType,
		schema.SizeType, schema.TimeType, schema.SecretType,
	} {
		if t.String() == name {
			return t
		}
	}
	switch name {
	case "list":
		return schema.ListOf(schema.AnyType)
	case "map":
		return schema.MapOf(schema.AnyType)
	}
	return nil
}

// inputTypes is the Object of the playbook's declared inputs.
func (c *compiler) inputTypes() *schema.Type {
	out := &schema.Type{Kind: schema.Object}
	for _, in := range c.tree.Inputs {
		out.Fields = append(out.Fields, c.field(in))
	}
	return out
}

// field compiles a declaration: of an input, or of a field of a manual step.
func (c *compiler) field(in *playbook.Input) schema.Field {
	f := schema.Field{Name: in.Name.Value, Doc: in.Doc.Value, Pattern: in.Pattern.Value, Required: in.Default == nil}
	if f.Type = inputType(in.Type.Value); f.Type == nil {
		f.Type = schema.AnyType // reported with the tree
		return f
	}
	if elem := c.elements(in.Of); elem != nil {
		f.Type = &schema.Type{Kind: f.Type.Kind, Elem: elem}
	}
	if len(in.Enum) > 0 {
		f.Type = schema.EnumOf(values(in.Enum)...)
	}
	f.Min, f.Max = c.bound(in.Min.Node, f.Type), c.bound(in.Max.Node, f.Type)
	c.defaultOf(in, &f)
	return f
}

// elements is the type that a declaration gives to elements, nil for none.
func (c *compiler) elements(of *playbook.Elements) *schema.Type {
	switch {
	case of == nil:
		return nil
	case of.Type.Set():
		return inputType(of.Type.Value)
	case len(of.Fields) == 0:
		c.fail(diag.CodeBadValue, of.Node, "rows without a field say nothing", "name their fields and types: {target: string, port: int}")
		return nil
	}
	row := &schema.Type{Kind: schema.Object}
	for _, p := range of.Fields {
		t := inputType(p.Value.Text)
		if !fieldName.MatchString(p.Key.Text) {
			c.fail(diag.CodeBadName, p.Key, fmt.Sprintf("%q is no name for a field", p.Key.Text), "write lower case letters, digits and _, beginning with a letter")
		}
		if t == nil {
			c.fail(diag.CodeBadValue, p.Value, fmt.Sprintf("the field %q has no type", p.Key.Text), "give the type, one of "+strings.Join(typeNames, ", "))
			t = schema.AnyType
		}
		row.Fields = append(row.Fields, schema.Field{Name: p.Key.Text, Type: t, Required: true})
	}
	return row
}

// bound decodes min or max: a length for texts and lists.
func (c *compiler) bound(n *yaml.Node, t *schema.Type) any {
	if n == nil {
		return nil
	}
	want := t
	switch t.Kind {
	case schema.String, schema.List, schema.Map:
		want = schema.IntType
	}
	v, err := constant(n, want)
	if err != nil {
		c.mismatch(n, err)
		return nil
	}
	return v
}

func (c *compiler) defaultOf(in *playbook.Input, f *schema.Field) {
	if in.Default == nil {
		return
	}
	v, err := constant(in.Default, f.Type)
	if err == nil {
		v, err = schema.ConvertField(*f, v)
	}
	if err != nil {
		c.mismatch(in.Default, err)
		return
	}
	f.Default = v
}

// constant is a node without expressions as a value of type t.
func constant(n *yaml.Node, t *schema.Type) (any, error) {
	switch n.Kind {
	case yaml.Null:
		return nil, nil
	case yaml.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			v, err := constant(item, t.Element())
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.Map:
		m := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			of := t.Element()
			if f, ok := t.Field(p.Key.Text); ok {
				of = f.Type
			}
			v, err := constant(p.Value, of)
			if err != nil {
				return nil, err
			}
			m[p.Key.Text] = v
		}
		return m, nil
	}
	if expression.HasTemplate(n.Text) {
		return nil, &schema.Fault{Message: "a declaration is fixed, it takes no ${{ }}", Takes: t.String() + "; where it is read write what may change"}
	}
	return schema.ParseText(t, expression.Literal(n.Text), n.Quoted)
}

// unusedInputs warns of what nothing reads.
func (c *compiler) unusedInputs() {
	for _, in := range c.tree.Inputs {
		if !c.used[in.Name.Value] {
			c.warn(CodeUnusedInput, in.Name.Node, fmt.Sprintf("input %q is never used", in.Name.Value), "remove it, or use inputs."+in.Name.Value+" in a step")
		}
	}
}

// outputs compiles the playbook's outputs, which read as a last step.
func (c *compiler) outputs() {
	c.plan.Outputs, c.plan.Result = c.results(c.tree.Outputs, &view{c: c})
}

// results compiles outputs and their type.
func (c *compiler) results(pairs []yaml.Pair, v *view) ([]Output, *schema.Type) {
	var outputs []Output
	object := &schema.Type{Kind: schema.Object}
	for _, p := range pairs {
		value := c.value(p.Value, schema.AnyType, v)
		outputs = append(outputs, Output{Name: p.Key.Text, Value: value})
		object.Fields = append(object.Fields, schema.Field{Name: p.Key.Text, Type: value.Type})
	}
	return outputs, object
}
