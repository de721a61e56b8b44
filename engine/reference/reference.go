// Package reference turns a registry of actions into what people and editors
// read: Markdown pages, the text of `runbook actions`, and the JSON Schemas of
// playbooks and of runbook.yaml. The same registry gives the same bytes.
package reference

import (
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// row is one parameter or output of an action as tables show it; what objects
// hold follows them under its path.
type row struct {
	path     string // "containers[].name"
	kind     string // "list of string"
	given    string // "required", the default, or ""
	doc      string // with bounds
	optional bool
}

// rowsOf returns the rows of an object, each followed by those within it.
func rowsOf(t *schema.Type, prefix string) []row {
	var rows []row
	for i := range t.Fields {
		f := &t.Fields[i]
		path := prefix + f.Name
		rows = append(rows, row{
			path: path, kind: kindOf(f.Type), given: givenOf(f),
			doc: strings.TrimSpace(f.Doc + " " + limitsOf(f)), optional: f.Type.Optional,
		})
		inner, suffix := innermost(f.Type)
		rows = append(rows, rowsOf(inner, path+suffix+".")...)
	}
	return rows
}

// innermost is the type inside lists and maps, and how a path goes there.
func innermost(t *schema.Type) (*schema.Type, string) {
	suffix := ""
	for t.Kind == schema.List || t.Kind == schema.Map {
		if t.Kind == schema.List {
			suffix += "[]"
		} else {
			suffix += ".*"
		}
		t = t.Element()
	}
	return t, suffix
}

// kindOf is the type in a few words, without its values.
func kindOf(t *schema.Type) string {
	switch t.Kind {
	case schema.List:
		return "list of " + kindOf(t.Element())
	case schema.Map:
		return "map of " + kindOf(t.Element())
	case schema.String:
		if t.AcceptsSecret {
			return "text or secret"
		}
	}
	return t.Kind.String()
}

func givenOf(f *schema.Field) string {
	switch {
	case f.Required:
		return "required"
	case f.Default == "":
		return `""`
	case f.Default != nil:
		return schema.TextOf(f.Default)
	}
	return ""
}

// limitsOf says the bounds and the values of a field as a sentence.
func limitsOf(f *schema.Field) string {
	var limits []string
	inner, _ := innermost(f.Type)
	if len(inner.Enum) > 0 {
		limits = append(limits, "one of "+strings.Join(inner.Enum, ", "))
	}
	unit := ""
	switch f.Type.Kind {
	case schema.String:
		unit = " characters"
	case schema.List, schema.Map:
		unit = " elements"
	}
	switch {
	case f.Min != nil && f.Max != nil:
		limits = append(limits, "from "+schema.TextOf(f.Min)+" to "+schema.TextOf(f.Max)+unit)
	case f.Min != nil:
		limits = append(limits, "at least "+schema.TextOf(f.Min)+unit)
	case f.Max != nil:
		limits = append(limits, "at most "+schema.TextOf(f.Max)+unit)
	}
	if f.Pattern != "" {
		limits = append(limits, "matching "+f.Pattern)
	}
	if len(limits) == 0 {
		return ""
	}
	text := strings.Join(limits, ", ") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}

// effectOf is the effect in a few words: "write or milder, by its parameters".
func effectOf(a *action.Action) string {
	if a.Lowers() {
		by := "its parameters"
		if k := a.Target; k != nil && k.Programs != "" && a.Child {
			by = "`" + k.Programs + "` of its target"
		}
		return a.Effect.String() + " or milder, by " + by
	}
	return a.Effect.String()
}

// remarksOf says what else a reader must know before using the action.
func remarksOf(a *action.Action) []string {
	var remarks []string
	if a.Effect == action.Destructive {
		remarks = append(remarks, "It cannot be put back, so its step needs `approve`.")
	}
	if a.Child {
		remark := "It starts a process, so it never runs in a dry run."
		if k := a.Target; k != nil && k.Programs != "" {
			remark = "It starts a process: in a dry run only what the target lists under `" + k.Programs + "`."
		}
		remarks = append(remarks, remark)
	}
	if a.Effect == action.Read {
		return remarks
	}
	switch {
	case a.Idempotent:
		remarks = append(remarks, "It is idempotent: after a lost reply it may be sent again.")
	case a.HasSettle:
		remarks = append(remarks, "After a lost reply it finds out by itself whether it was applied.")
	default:
		remarks = append(remarks, "After a lost reply only `observe` and `verify` of its step can tell whether it was applied.")
	}
	return remarks
}

// actionsOf returns the actions of a family, by name.
func actionsOf(reg *action.Registry, family string) []*action.Action {
	return slices.DeleteFunc(slices.Clone(reg.All()), func(a *action.Action) bool { return a.Family != family })
}
