package expression_test

import (
	"context"
	"testing"
	"time"
	"unicode/utf8"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// FuzzCompile holds that no source makes the compiler or the evaluator panic,
// and that problems lie within the source.
func FuzzCompile(f *testing.F) {
	for _, source := range []string{
		"", "${{", "${{ }}", "$${{ a }}", "outputs.status == 200", "steps.maybe.outputs?.json[0].x ?? 1",
		"all(outputs.containers, .running and #index > 0)", "let a = 1; a + 1", "if true {1} else {2}",
		"a ${{ inputs.token }} ${{ 'it\\'s }}' }}", "steps[x]", "inputs.names[1:2]", "{(1): 2}", "b'x'", "# + .x", "steps.maybe.outputs[",
		"\xff", "größe.ü", "1..3 | map(# ** 2) | sum()", "a ?: b ? c : d", "not not -+1", "x.y.z()", "::len(1)", "1 < 2 < 3", "a;b", "/* */", "1//",
		"filter([find(outputs.containers, true)], .running)", "semver(\"1\") < semver(\"2\")", "get(inputs, 'token')", "`a`+\"\\u{41}\"",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		length := utf8.RuneCountInString(source)
		check := func(problems []expression.Problem, compiled bool) {
			for _, p := range problems {
				if p.Offset < 0 || p.Length < 0 || p.Offset > length || p.Offset+p.Length > length+1 || p.Code == "" || p.Message == "" {
					t.Errorf("%q: %+v is not in its %d characters", source, p, length)
				}
				compiled = compiled || !p.Warning
			}
			if !compiled {
				t.Errorf("%q: no problem and no expression", source)
			}
		}
		lim := expression.Limits{Steps: 10_000, Deadline: time.Now().Add(time.Second)}
		e, problems := expression.Compile(source, testEnv(), nil)
		check(problems, e != nil)
		if e != nil {
			_ = e.Guards()
			x := e.Explain(context.Background(), testValues(), lim)
			got, err := e.Eval(context.Background(), testValues(), lim)
			if x.Root == nil || (err == nil) != (x.Err == nil) || err == nil && schema.TextOf(got) != schema.TextOf(x.Value) {
				t.Errorf("%q: %v, %v when explained; %v, %v else", source, x.Value, x.Err, got, err)
			}
		}
		tm, problems := expression.CompileTemplate(source, testEnv(), schema.StringType)
		check(problems, tm != nil)
		if tm != nil {
			_, _ = tm.Eval(context.Background(), testValues(), lim)
		}
	})
}
