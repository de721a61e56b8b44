package expression_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

func TestHasTemplate(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "a": false, "${{": true, "a ${{ b }}": true, "$${{ a }}": false, "$${{ a }} ${{ b }}": true, "${ {": false, "$$${{ a }}": false,
	} {
		if got := expression.HasTemplate(text); got != want {
			t.Errorf("HasTemplate(%q) = %t", text, got)
		}
	}
	if got := expression.Literal("a $${{ b }} c"); got != "a ${{ b }} c" {
		t.Errorf("Literal: %q", got)
	}
}

func TestTemplate(t *testing.T) {
	accepts := &schema.Type{Kind: schema.String, AcceptsSecret: true}
	for _, c := range []struct {
		text string
		want *schema.Type
		typ  string
		got  any
	}{
		{"${{ inputs.count }}", nil, "int", 3},
		{"${{ inputs.count }}\n", nil, "int", 3},
		{" ${{ inputs.count }}", nil, "string", " 3"},
		{"${{ inputs.limit }}", schema.SizeType, "size", schema.Size(2 << 30)},
		{"${{ inputs.names }}", schema.ListOf(schema.StringType), "list of string", []any{"b", "a", "b"}},
		{"${{ inputs.count }}", schema.StringType, "string", "3"},
		{"${{ inputs.window }}", schema.StringType, "string", "1m"},
		{"${{ outputs.json.active }}", schema.StringType, "any", "80"},
		{"${{ outputs.version }}", schema.StringType.AsOptional(), "optional string", nil},
		{"n=${{ inputs.count }}, ${{ inputs.window }} of ${{ inputs.limit }}", nil, "string", "n=3, 1m of 2GiB"},
		{"${{ inputs.container }}${{ inputs.container }}", schema.StringType, "string", "appapp"},
		{"${{ {a: {b: 1}} }}", nil, "object", map[string]any{"a": map[string]any{"b": 1}}},
		{"${{ {a: {b: 1}}}}", nil, "object", map[string]any{"a": map[string]any{"b": 1}}},
		{`x ${{ "}}" }} y`, nil, "string", "x }} y"},
		{`x ${{ 'it\'s' }}`, nil, "string", "x it's"},
		{"$${{ a }} ${{ inputs.count }} $${{", nil, "string", "${{ a }} 3 ${{"},
		{"$${{ a }}", nil, "string", "${{ a }}"},
		{"plain", nil, "string", "plain"},
		{"l: ${{ inputs.names }}", nil, "string", `l: ["b","a","b"]`},
		{"at ${{ run.started }}", nil, "string", "at 2026-11-24T04:00:00Z"},
		{"${{ inputs.token }}", schema.SecretType, "secret", schema.NewSecret("token", "hunter2")},
		{"Bearer ${{ inputs.token }}", accepts, "secret", schema.NewSecret("token", "Bearer hunter2")},
		{"${{ inputs.token }}", accepts, "secret", schema.NewSecret("token", "hunter2")},
		{"${{ inputs.force ? inputs.token : \"none\" }}", accepts, "secret", "none"},
		{"${{ inputs.window }}s", schema.DurationType, "string", "1ms"},
	} {
		tm, problems := expression.CompileTemplate(c.text, testEnv(), c.want)
		if tm == nil {
			t.Errorf("%q: %+v", c.text, problems)
			continue
		}
		got, err := tm.Eval(context.Background(), testValues(), expression.Limits{})
		if err != nil || !schema.Same(got, c.got) {
			t.Errorf("%q = %#v, %v; want %#v", c.text, got, err, c.got)
		}
		if tm.Type().String() != c.typ {
			t.Errorf("%q is %s, want %s", c.text, tm.Type(), c.typ)
		}
		if s, ok := got.(schema.Secret); ok && s.Reveal() != c.got.(schema.Secret).Reveal() {
			t.Errorf("%q reveals %q", c.text, s.Reveal())
		}
	}
}

// What an expression gives inside of a URL is a value at its place and nothing else;
// what the author wrote stays as written.
func TestValuesInAddresses(t *testing.T) {
	const url, path = schema.URLPlace, schema.PathPlace
	for _, c := range []struct {
		text  string
		place schema.Place
		value string
		want  string // "" is an error
	}{
		{"/users/${{ inputs.container }}/state?q=${{ inputs.container }}&n=5", path, "a b", "/users/a%20b/state?q=a%20b&n=5"},
		{"/users/${{ inputs.container }}?q=${{ inputs.container }}", path, "a&b=c+d", "/users/a&b=c+d?q=a%26b%3Dc%2Bd"},
		{"/users/${{ inputs.container }}?q=${{ inputs.container }}", path, "a#b?c", "/users/a%23b%3Fc?q=a%23b%3Fc"},
		{"/users/${{ inputs.container }}/x", path, "../admin", "/users/..%2Fadmin/x"},
		{"/users/${{ inputs.container }}/x", path, "a\r\nHost: b", "/users/a%0D%0AHost:%20b/x"},
		{"/users/${{ inputs.container }}", path, "%2e%2e/ü", "/users/%252e%252e%2F%C3%BC"},
		{"/users/${{ inputs.container }}/x", path, "..", ""},
		{"/users/.${{ inputs.container }}", path, ".", ""},
		{"/users/${{ inputs.container }}", path, "", ""},
		{"/users/a${{ inputs.container }}/../x", path, "", "/users/a/../x"},
		{"/a b/%2f/${{ inputs.container }}", path, "c", "/a b/%2f/c"},
		{"${{ inputs.container }}/x", path, "/v1/a?b", "/v1/a%3Fb/x"},
		{"${{ inputs.container }}/x", path, "../v1", ""},
		{"${{ inputs.container }}/x", path, "", "/x"},
		{"/users/${{ inputs.container }}", path, "..;x", "/users/..%3Bx"},
		{"/users/%2e${{ inputs.container }}", path, ".", ""},
		{"/users/${{ urlEncode(inputs.container) }}?q=${{ urlEncode(inputs.container) }}", path, "a b/c%", "/users/a%20b%2Fc%25?q=a%20b%2Fc%25"},
		{"/users/${{ urlEncode(inputs.container) }}", path, "..", ""},
		{"http://h/${{ urlEncode(inputs.container) }}", url, "a/b", "http://h/a%2Fb"},
		{"/x?q=${{ urlEncode(inputs.container) + '&' }}", path, "a b", "/x?q=a%2520b%26"},
		{"${{ urlEncode(inputs.container) }}", path, "a b", "a%20b"},
		{"${{ inputs.container }}", path, "/v1/a b?c=d e&f[]=%20+x", "/v1/a%20b?c=d%20e&f[]=%20+x"},
		{"${{ inputs.container }}\n", path, "a#b\r\nHost: c\x00", "a%23b%0D%0AHost:%20c%00"},
		{"${{ inputs.container }}", path, "100%/ü%/%2/%zz/%%41", "100%25/%C3%BC%25/%252/%25zz/%25%41"},
		{"${{ inputs.container }}", path, "/a?b=../c", "/a?b=../c"},
		{"${{ inputs.container }}", path, "/a/../b", ""},
		{"${{ inputs.container }}", path, "..", ""},
		{"${{ inputs.container }}", path, "/a/%2E./b", ""},
		{"${{ inputs.container }}", path, "/a/..;x/b", ""},
		{"${{ inputs.container }}", path, "/a/b%2f..%2fc", ""},
		{"${{ inputs.container }}", path, "/a/..\\b", ""},
		{"${{ inputs.container }}", url, "http://h/a?b=c#d", "http://h/a?b=c#d"},
		{"${{ inputs.container }}", schema.NoPlace, "/a/../b c", "/a/../b c"},
		{"${{ inputs.container }}/x?q=1", url, "http://h:80/v1 2", "http://h:80/v1%202/x?q=1"},
		{"http://${{ inputs.container }}/x", url, "h:80", "http://h:80/x"},
		{"http://${{ inputs.container }}/x", url, "h/admin?", "http://h%2Fadmin%3F/x"},
		{"http://${{ inputs.container }}@h/x", url, "a@b", "http://a%40b@h/x"},
		{"http://h/${{ inputs.container }}", url, "..", ""},
		{"http://h?q=${{ inputs.container }}#${{ inputs.container }}", url, "a/b", "http://h?q=a%2Fb#a%2Fb"},
		{"a ${{ inputs.container }} b", schema.NoPlace, "../ &", "a ../ & b"},
	} {
		tm, problems := expression.CompileTemplate(c.text, testEnv(), &schema.Type{Kind: schema.String, Place: c.place})
		if tm == nil {
			t.Fatalf("%s: %+v", c.text, problems)
		}
		v := testValues()
		v.names["inputs"] = map[string]any{"container": c.value}
		got, err := tm.Eval(context.Background(), v, expression.Limits{})
		if (err != nil) != (c.want == "") || err == nil && got != c.want {
			t.Errorf("%s with %q: %v, %v; want %q", c.text, c.value, got, err, c.want)
		}
	}
}

func TestTemplateProblems(t *testing.T) {
	for _, c := range []struct {
		marked string
		want   *schema.Type
		code   string
	}{
		{"a «${{» b", nil, "RB1201"},
		{"größe ${{ outputs.«statsu» }} ${{ «foo» }}", nil, "RB1205"},
		{"a ${{«  »}}", nil, "RB1210"},
		{"«a ${{ inputs.token }}»", schema.StringType, "RB1207"},
		{"${{ «inputs.token» }}", schema.StringType, "RB1207"},
		{"«a ${{ inputs.token }}»", schema.AnyType, "RB1207"},
		{"v ${{ «outputs.version» }}", nil, "RB1203"},
		{"${{ «outputs.version» }}", schema.StringType, "RB1203"},
		{"v ${{ «inputs» }}", nil, "RB1207"},
		{"${{ «inputs.names» }}", schema.StringType, "RB1204"},
		{"${{ «inputs.names» }}", schema.IntType, "RB1204"},
		{"«${{ inputs.count }} »${{ inputs.count }}", nil, ""},
		{"«a${{ inputs.count }}»", schema.IntType, "RB1204"},
		{"${{ it«'»s }}", nil, "RB1201"},
	} {
		text, places := unmark(c.marked)
		tm, problems := expression.CompileTemplate(text, testEnv(), c.want)
		if c.code == "" {
			if tm == nil {
				t.Errorf("%q: %+v", text, problems)
			}
			continue
		}
		if len(problems) != len(places) || tm != nil {
			t.Errorf("%q: %+v", text, problems)
			continue
		}
		for i, p := range problems {
			if (place{p.Offset, p.Length}) != places[i] && !(c.code == "RB1201" && p.Length == 1) || p.Code != c.code {
				t.Errorf("%q: %+v, want %s at %+v", text, p, c.code, places[i])
			}
		}
	}
}

func TestTemplateUnknown(t *testing.T) {
	v := testValues()
	v.names["item"] = map[string]any{"name": schema.Unknown{After: "restart", Now: "app-1"}, "health": nil}
	for text, want := range map[string]string{
		"${{ item.name }} of ${{ inputs.names[9] }}": "restart",
		"a ${{ item.name }}":                         "restart",
		"${{ item.name }} ${{ inputs.token }}":       "restart",
		"x ${{ map([1], item.name) }}":               "restart",
	} {
		tm, problems := expression.CompileTemplate(text, testEnv(), nil)
		if tm == nil {
			t.Fatal(problems)
		}
		got, err := tm.Eval(context.Background(), v, expression.Limits{})
		if u, ok := got.(schema.Unknown); !ok || u.After != want || u.Now != nil {
			t.Errorf("%s = %#v, %v", text, got, err)
		}
	}
	tm, _ := expression.CompileTemplate("${{ item.name }}", testEnv(), nil)
	if got, err := tm.Eval(context.Background(), v, expression.Limits{}); got != (schema.Unknown{After: "restart", Now: "app-1"}) {
		t.Errorf("passed whole: %#v, %v", got, err)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`outputs.status == 503 && (outputs.json.active < 80 || inputs.force)`, `
outputs.status == 503 && (outputs.json.active < 80 || inputs.force) = false
  outputs.status == 503 = false
    outputs.status = 200
  outputs.json.active < 80 || inputs.force not evaluated
    outputs.json.active < 80 not evaluated
      outputs.json.active not evaluated
    inputs.force not evaluated`},
		{`outputs.status == 200 and inputs.count > 1 and (1 + inputs.max) * 2 < 10`, `
outputs.status == 200 and inputs.count > 1 and (1 + inputs.max) * 2 < 10 = false
  outputs.status == 200 = true
    outputs.status = 200
  inputs.count > 1 = true
    inputs.count = 3
  (1 + inputs.max) * 2 < 10 = false
    (1 + inputs.max) * 2 = 142
      1 + inputs.max = 71
        inputs.max = 70`},
		{`all(outputs.containers, .running)`, `
all(outputs.containers, .running) = false
  .running = false`},
		{`not (len(outputs.containers) > 0)`, `
not (len(outputs.containers) > 0) = false
  len(outputs.containers) > 0 = true
    len(outputs.containers) = 2`},
		{`outputs.json.x > 1 or inputs.force`, "\noutputs.json.x > 1 or inputs.force error `outputs.json` has no `x`\n" +
			"  outputs.json.x > 1 error `outputs.json` has no `x`\n    outputs.json.x error `outputs.json` has no `x`\n  inputs.force not evaluated"},
		{`outputs.containers[0].name in ["a"] ?: steps.maybe.outputs?.status == 1`, `
outputs.containers[0].name in ["a"] ?: steps.maybe.outputs?.status == 1 = false
  outputs.containers[0].name in ["a"] = false
    outputs.containers[0].name = app-1
  outputs.containers[0].name in ["a"] = false
    outputs.containers[0].name = app-1
  steps.maybe.outputs?.status == 1 = false
    steps.maybe.outputs?.status = (none)`},
		{`(inputs.names | len()) > 5`, `
(inputs.names | len()) > 5 = false
  inputs.names | len() = 3`},
		{`"größe" == inputs.container`, `
"größe" == inputs.container = false
  inputs.container = app`},
	} {
		e := mustCompile(t, c.source, testEnv(), schema.BoolType)
		x := e.Explain(context.Background(), testValues(), expression.Limits{})
		if got := "\n" + strings.TrimRight(printed(x.Root, ""), "\n"); got != c.want {
			t.Errorf("got%s\nwant%s", got, c.want)
		}
		if got, err := e.Eval(context.Background(), testValues(), expression.Limits{}); !schema.Same(got, x.Value) || (err == nil) != (x.Err == nil) {
			t.Errorf("%s: %v, %v differs from %v, %v", c.source, got, err, x.Value, x.Err)
		}
	}
	e := mustCompile(t, `all(filter(inputs.names, false), true) and none([], true)`, testEnv(), nil)
	x := e.Explain(context.Background(), testValues(), expression.Limits{Deadline: time.Now().Add(time.Minute)})
	if got := strings.Join(x.Warnings, "; "); got != "`filter(inputs.names, false)` has no element to look at; `[]` has no element to look at" {
		t.Errorf("warnings %q", got)
	}
}

// What a number is of follows from the names that it is computed from, and from nothing
// where they do not say it.
func TestUnitsOfParts(t *testing.T) {
	object := schema.ObjectOf(schema.Field{Name: "used_percent", Type: schema.NumberType})
	types := map[string]*schema.Type{
		"used_bytes": schema.IntType, "free_bytes": schema.IntType, "rate_bytes_per_second": schema.IntType, "age_seconds": schema.IntType, "taken_ms": schema.NumberType,
		"used_percent": schema.NumberType, "hours": schema.IntType, "n": schema.IntType, "list": schema.ListOf(object), "times_ms": schema.ListOf(schema.NumberType),
		"any": schema.AnyType,
	}
	env := &expression.Env{Name: func(name string) *schema.Type { return types[name] }}
	for source, want := range map[string]schema.Unit{
		"used_bytes": "bytes", "n": "", "used_bytes / 2": "bytes", "used_bytes / n": "bytes", "used_bytes * 2 + n": "bytes",
		"used_bytes / 1024": "", "used_bytes / 1024 / 2": "", "used_bytes / (1024 * 1024)": "", "used_bytes / 1024 ** 3": "", "used_percent / 100": "", "taken_ms / 1000": "", "age_seconds / 3600": "",
		"used_bytes / free_bytes": "", "used_bytes / free_bytes * 100": "", "used_bytes - free_bytes": "bytes", "used_bytes + age_seconds": "",
		"rate_bytes_per_second * 3600": "bytes", "3600 * rate_bytes_per_second * hours": "bytes", "rate_bytes_per_second * age_seconds": "bytes",
		"rate_bytes_per_second * 2": "bytes_per_second", "rate_bytes_per_second * hours": "", "free_bytes / rate_bytes_per_second": "seconds", "used_bytes / age_seconds": "bytes_per_second",
		"max(map(list, .used_percent))": "percent", "mean(map(filter(list, .used_percent > 1), .used_percent * 2))": "percent", "sum(list, .used_percent)": "percent", "len(list)": "",
		"max(used_percent, 7)": "percent", "round(-used_percent)": "percent", "max(times_ms)": "ms", "sort(times_ms)[0]": "ms", "max(map(times_ms, # * 2))": "ms", "count(times_ms, # > 2)": "",
		"any?.x_percent ?? 0": "percent", `any["x_percent"]`: "percent", `get(any, "x_percent")`: "percent", "n > 1 ? used_bytes : 0": "bytes",
	} {
		x := mustCompile(t, source, env, nil).Explain(context.Background(), values{}, expression.Limits{})
		if x.Root.Unit != want {
			t.Errorf("%s: %q, want %q", source, x.Root.Unit, want)
		}
	}
}

func printed(p *expression.Part, indent string) string {
	var b strings.Builder
	b.WriteString(indent + p.Source)
	switch {
	case p.Err != "":
		b.WriteString(" error " + p.Err)
	case p.Evaluated:
		b.WriteString(" = " + schema.TextOf(p.Value))
	default:
		b.WriteString(" not evaluated")
	}
	b.WriteString("\n")
	for _, part := range p.Parts {
		b.WriteString(printed(part, indent+"  "))
	}
	return b.String()
}
