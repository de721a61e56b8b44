package plan

import (
	"strings"

	"runbook/engine/schema"
)

// String returns the value as the author wrote it.
func (v *Value) String() string {
	switch {
	case v == nil:
		return ""
	case v.Template != nil:
		return v.Template.Source()
	case v.Expr != nil:
		return v.Expr.Source()
	case v.IsList:
		items := make([]string, len(v.List))
		for i, item := range v.List {
			items[i] = item.String()
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.IsObject:
		items := make([]string, len(v.Fields))
		for i, f := range v.Fields {
			items[i] = f.Name + ": " + f.Value.String()
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return schema.TextOf(v.Const)
}

// Fill returns the value with what leaf gives for each expression in it.
func (v *Value) Fill(leaf func(*Value) (any, error)) (any, error) {
	switch {
	case v.Template != nil || v.Expr != nil:
		return leaf(v)
	case v.IsList:
		list := make([]any, len(v.List))
		for i, item := range v.List {
			var err error
			if list[i], err = item.Fill(leaf); err != nil {
				return nil, err
			}
		}
		return list, nil
	case v.IsObject:
		object := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			var err error
			if object[f.Name], err = f.Value.Fill(leaf); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return v.Const, nil
}
