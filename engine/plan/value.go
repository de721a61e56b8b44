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
