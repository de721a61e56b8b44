package plan_test

import (
	"strings"
	"testing"

	"runbook/engine/schema"
)

// The fields of rows are typed: where they are read, in defaults, and in what is given.
func TestRowsOfInputs(t *testing.T) {
	head := "inputs:\n"
	uses := "steps: [{for_each: \"${{ inputs.rows }}\", action: http.request, with: {path: \"${{ item.target }}\"}}]\n"
	for _, c := range []struct{ inputs, steps, says string }{
		{"{type: list, of: {target: string, port: int}}", uses, ""},
		{"{type: list, of: {target: string, port: int}, default: [{target: a, port: 22}]}", uses, ""},
		{"{type: list, of: {target: string, port: int}, default: [{target: a, port: x}]}", uses, "x"},
		{"{type: list, of: {target: string, port: int}, default: [{target: a}]}", uses, "port"},
		{"{type: list, of: {target: string, port: int}, default: [{target: a, port: 1, prot: 2}]}", uses, "prot"},
		{"{type: list, of: {taget: string, port: int}}", uses, "target"},
		{"{type: list, of: {target: strin, port: int}}", uses, `the field "target" has no type`},
		{"{type: list, of: {Target: string, target: string}}", uses, `"Target" is no name for a field`},
		{"{type: list, of: {}}", uses, "say nothing"},
		{"{type: list, of: [string]}", uses, "is a list"},
		{"{type: string, of: {target: string}}", uses, `"of" does not go with the type string`},
	} {
		p, list := compile(t, head+"  rows: "+c.inputs+"\n"+c.steps, nil)
		if told := lines(list); (p == nil) != (c.says != "") || !strings.Contains(told, c.says) {
			t.Errorf("%s: %s", c.inputs, told)
		}
	}
	p, _ := compile(t, head+"  rows: {type: list, of: {target: string, port: int}, default: []}\n"+uses, nil)
	f, _ := p.Inputs.Field("rows")
	v, err := schema.ParseText(f.Type, `[{"target": "web1", "port": 22}]`, false)
	if err == nil {
		v, err = schema.ConvertField(f, v)
	}
	if rows, ok := v.([]any); err != nil || !ok || rows[0].(map[string]any)["port"] != 22 {
		t.Errorf("%v %v", v, err)
	}
	for text, says := range map[string]string{`[{"target": "a", "port": "x"}]`: "[0].port", `[{"target": "a"}]`: "port", `[{"target": "a", "port": 1, "prot": 2}]`: "prot", "[1]": "[0]"} {
		v, err := schema.ParseText(f.Type, text, false)
		if err == nil {
			_, err = schema.ConvertField(f, v)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if want := "list of {target: string, port: int}"; !strings.HasPrefix(f.Takes(), want) {
		t.Errorf("takes %s", f.Takes())
	}
}
