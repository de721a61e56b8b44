package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/expression"
)

// What a step shows is checked before it runs: names and types, and of a table the
// members of its rows.
func TestShow(t *testing.T) {
	const rows = `'map(outputs.items, {{"name": string(#), "size_bytes": #, "all": outputs.items}})'`
	for show, want := range map[string]string{
		"outputs.items":           "[]",
		"${{ outputs.items[0] }}": "[]",
		"'${{ len(outputs.items) }} of ${{ inputs.name }}'":     "[]",
		"[outputs.items, 'inputs.name', {table: " + rows + "}]": "[] [] [name size_bytes]",
		"{table: " + rows + ", columns: [all, name]}":           "[all name]",
		"{table: vars.rows, columns: [a]}":                      "[a]",
		"inputs.name\n    keep: true":                           diag.CodeMisplaced + " 9:11 gives no text that is kept",
		"none":                                                  "silent",
		"outputs.itens":                                         expression.CodeUnknownName + " 8:19 no field",
		"'${{ outputs.itens }} in all'":                         expression.CodeUnknownName + " 8:24 no field",
		"Hello world":                                           expression.CodeSyntax + " 8:17 in a text stands ${{ }} around each",
		"steps.b.outputs":                                       expression.CodeNotAncestor + " 8:17 not waited for",
		"inputs.key":                                            expression.CodeSecret + " 8:11 a secret is shown to nobody",
		"'the key: ${{ inputs.key }}'":                          expression.CodeSecret + " 8:12",
		"outputs":                                               expression.CodeType + " 8:11 show some of them, as a list; it has: items",
		rows:                                                    expression.CodeType + " 8:11 {table: …, columns: [name, …]}; the rows have: name, size_bytes, all",
		"{table: outputs.items}":                                expression.CodeType + " 8:19 list of int",
		"{table: len(outputs.items)}":                           expression.CodeType + " 8:19",
		"{table: vars.rows}":                                    "[] seen",
		"{table: " + rows + ", columns: [name, sizes_bytes]}": expression.CodeUnknownName + ` 8:119 did you mean "size_bytes"?`,
		"{table: " + rows + ", columns: []}":                  diag.CodeEmptyList,
		"{columns: [a]}":                                      diag.CodeMissingKey,
		"[none, outputs.items]":                               expression.CodeUnknownName + " 8:12",
	} {
		t.Run(show, func(t *testing.T) {
			text := "inputs: {name: {type: string, default: a}, key: {type: secret}}\nsteps:\n  - action: world.list\n    show: " + show
			p, list := compile(t, text+"\n  - {id: b, action: world.get, with: {name: '${{ inputs.name }}'}}\n", nil)
			var got []string
			for _, d := range list {
				if d.Severity == diag.Error {
					got = append(got, fmt.Sprintf("%s %s %s; %s", d.Code, d.Span.Start, d.Message, d.Hint))
				}
			}
			if p != nil {
				s := p.Steps.Parts[0]
				for _, part := range s.Show {
					got = append(got, fmt.Sprint(part.Columns))
					if part.Seen {
						got = append(got, "seen")
					}
				}
				if s.Silent {
					got = append(got, "silent")
				}
			}
			all := strings.Join(got, " ")
			for _, word := range strings.SplitN(want, " ", 3) {
				if !strings.Contains(all, word) {
					t.Errorf("%s says nothing of %q", all, word)
				}
			}
		})
	}
}
