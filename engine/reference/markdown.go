package reference

import (
	"bytes"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const generated = "<!-- Generated from the declarations of the actions by `make gen`; do not edit. -->\n\n"

// Markdown returns the pages of the reference by their paths below
// docs/reference: actions/README.md, actions/FAMILY.md for each family, and
// targets.md.
func Markdown(reg *action.Registry) map[string][]byte {
	pages := map[string][]byte{
		"actions/README.md": index(reg),
		"targets.md":        targets(reg),
	}
	for _, family := range reg.Families() {
		pages["actions/"+family+".md"] = familyPage(reg, family)
	}
	return pages
}

func index(reg *action.Registry) []byte {
	var b bytes.Buffer
	b.WriteString(generated + "# Actions\n\n")
	fmt.Fprintf(&b, "%d actions in %d families. The effect is the worst case; parameters may lower it.\n", len(reg.All()), len(reg.Families()))
	for _, family := range reg.Families() {
		fmt.Fprintf(&b, "\n## [%s](%s.md)\n\n| Action | Effect | |\n|---|---|---|\n", family, family)
		for _, a := range actionsOf(reg, family) {
			fmt.Fprintf(&b, "| [`%s`](%s.md#%s) | %s | %s |\n", a.Name, family, anchor(a.Name), a.Effect, cell(a.Summary))
		}
	}
	return b.Bytes()
}

// anchor is how Markdown renderers name the heading of an action.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "") }

func familyPage(reg *action.Registry, family string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# %s\n", generated, family)
	for _, a := range actionsOf(reg, family) {
		actionSection(&b, a)
	}
	return b.Bytes()
}

func actionSection(b *bytes.Buffer, a *action.Action) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", a.Name, a.Summary)
	fmt.Fprintf(b, "Effect: **%s**.", effectOf(a))
	if a.Target != nil {
		fmt.Fprintf(b, " Target: [`%s`](../targets.md#%s).", a.Target.Name, a.Target.Name)
	}
	for _, remark := range remarksOf(a) {
		b.WriteString(" " + remark)
	}
	fmt.Fprintf(b, "\n\n```yaml\n%s\n```\n", strings.TrimSpace(a.Example))
	if a.Params.Kind == schema.Map {
		b.WriteString("\nIt takes any parameters.\n")
	} else if rows := rowsOf(a.Params, ""); len(rows) > 0 {
		b.WriteString("\n")
		table(b, "Parameter", true, rows)
	} else {
		b.WriteString("\nIt takes no parameters.\n")
	}
	if a.Outputs.Kind == schema.Map {
		b.WriteString("\nIts outputs are its parameters, with their types.\n")
	} else if rows := rowsOf(a.Outputs, ""); len(rows) > 0 {
		b.WriteString("\n")
		table(b, "Output", false, rows)
	} else {
		b.WriteString("\nIt has no outputs.\n")
	}
}

func table(b *bytes.Buffer, noun string, defaults bool, rows []row) {
	if defaults {
		fmt.Fprintf(b, "| %s | Type | Default | |\n|---|---|---|---|\n", noun)
	} else {
		fmt.Fprintf(b, "| %s | Type | |\n|---|---|---|\n", noun)
	}
	for _, r := range rows {
		kind := r.kind
		if r.optional && !defaults {
			kind = "optional " + kind
		}
		fmt.Fprintf(b, "| `%s` | %s |", r.path, kind)
		switch {
		case !defaults:
		case r.given == "" || r.given == "required":
			fmt.Fprintf(b, " %s |", r.given)
		default:
			fmt.Fprintf(b, " `%s` |", cell(r.given))
		}
		fmt.Fprintf(b, " %s |\n", cell(r.doc))
	}
}

// cell is text that does not end its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// listsOf are the rows of what a target lists beside its configuration.
func listsOf(kind *action.TargetKind) []row {
	var rows []row
	if kind.Requests {
		rows = append(rows,
			row{path: "reads", kind: "list of requests", doc: "Requests that change nothing although their protocol calls them changes."},
			row{path: "writes", kind: "list of requests", doc: "Requests that destroy nothing although their method says so."})
	}
	if kind.Programs != "" {
		rows = append(rows, row{path: kind.Programs, kind: "list of programs", doc: "Programs that only read, by the beginning of their argv: their calls are reads, in a dry run too."})
	}
	return rows
}

func targets(reg *action.Registry) []byte {
	var b bytes.Buffer
	b.WriteString(generated + "# Targets\n\nThe keys of a target under `targets:` in runbook.yaml, by its kind.\n")
	for _, kind := range reg.Targets() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", kind.Name, kind.Summary)
		var rows []row
		if kind.Config != nil {
			rows = rowsOf(kind.Config, "")
		}
		if rows = append(rows, listsOf(kind)...); len(rows) > 0 {
			table(&b, "Key", true, rows)
		}
		if kind.Local != nil && kind.Address != nil {
			address, _ := kind.Address(kind.Local)
			fmt.Fprintf(&b, "\nWithout a runbook.yaml it is `%s`.\n", address)
		}
	}
	return b.Bytes()
}
