package expression

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"runbook/engine/schema"
)

// Template is a compiled scalar with ${{ }} parts. It is immutable and safe for
// concurrent use.
type Template struct {
	source string
	typ    *schema.Type
	parts  []part
	single bool // one expression, whose value keeps its type
	asText bool // single, but text is wanted of its value
	place  schema.Place
	references
}

// part is a literal text or an expression.
type part struct {
	text string
	expr *Expr
}

// Source returns the text of the scalar.
func (t *Template) Source() string { return t.source }

// Type returns the static type of its value.
func (t *Template) Type() *schema.Type { return t.typ }

// Guards returns the ids of steps that have passed if its value is true.
func (t *Template) Guards() []string {
	if t.single {
		return t.parts[0].expr.Guards()
	}
	return nil
}

// CompileTemplate compiles a scalar with ${{ }} parts. One that is a single
// ${{ }} (a line break may follow it) keeps the type of its value (as text, if want is a String and the value
// has a text form); else it is text. `$${{` is a literal ${{. The Template is
// nil if a problem is no warning. Offsets are in text.
func CompileTemplate(text string, env *Env, want *schema.Type) (*Template, []Problem) {
	t := &Template{source: text, typ: schema.StringType}
	if want != nil {
		t.place = want.Place
	}
	var problems []Problem
	rest, offset := text, 0
	for {
		at := nextOpening(rest)
		if at < 0 {
			t.literal(rest)
			break
		}
		t.literal(rest[:at])
		offset += utf8.RuneCountInString(rest[:at])
		body := rest[at+len(opening):]
		end := closingOf(body)
		if end < 0 {
			return nil, append(problems, Problem{Code: CodeSyntax, Offset: offset, Length: 3,
				Message: "this ${{ is not closed", Hint: "close it with }}, or write $${{ for a literal ${{"})
		}
		whole := strings.TrimSuffix(body[end+len(closing):], "\n") == "" && len(t.parts) == 0
		problems = append(problems, t.expression(body[:end], offset+len(opening), env, want, whole)...)
		offset += len(opening) + utf8.RuneCountInString(body[:end]) + len(closing)
		rest = body[end+len(closing):]
		if whole {
			break
		}
	}
	if faulty(problems) {
		return nil, problems
	}
	if !t.single {
		if p := misfit(t.typ, want, 0, utf8.RuneCountInString(text)); p != nil && (want.Kind != schema.String || p.Code == CodeSecret) {
			return nil, append(problems, *p)
		}
	}
	return t, problems
}

func (t *Template) literal(text string) {
	if text != "" {
		t.parts = append(t.parts, part{text: Literal(text)})
	}
}

// expression adds a part; whole says that it is the only one.
func (t *Template) expression(body string, base int, env *Env, want *schema.Type, whole bool) []Problem {
	inner := strings.TrimSpace(body)
	if inner == "" {
		inner = body
	}
	base += utf8.RuneCountInString(body[:strings.Index(body, inner)])
	purpose := passed
	switch {
	case !whole:
		want, purpose = nil, interpolated
	case want != nil && want.Kind == schema.String && len(want.Enum) == 0:
		purpose = printed
	}
	e, problems := compileAt(inner, base, env, want, purpose)
	if e == nil {
		return problems
	}
	t.parts = append(t.parts, part{expr: e})
	t.merge(e.references)
	t.single, t.asText = whole, purpose == printed
	switch typ := e.Type(); {
	case !whole && typ.Kind == schema.SecretKind:
		t.typ = schema.SecretType
	case whole && purpose == printed && printable(typ):
		t.typ = &schema.Type{Kind: schema.String, Optional: typ.Optional, Enum: typ.Enum}
	case whole:
		t.typ = typ
	}
	return problems
}

// Eval returns the value of the template: of a single expression its value,
// else a text, a schema.Secret if a part is one, or a schema.Unknown.
func (t *Template) Eval(ctx context.Context, v Values, lim Limits) (any, error) {
	if t.single {
		got, err := t.parts[0].expr.Eval(ctx, v, lim)
		if err != nil || !t.asText {
			return got, err
		}
		return t.alone(asText(got))
	}
	b := address{place: t.place}
	var secrets []string
	for _, p := range t.parts {
		if p.expr == nil {
			b.text.WriteString(p.text)
			continue
		}
		got, err := p.expr.Eval(ctx, v, lim)
		if err != nil {
			return nil, err
		}
		if u, unknown := schema.UnknownIn(got); unknown {
			return derived(u), nil
		}
		encoded := p.expr.calls("urlEncode")
		switch got := got.(type) {
		case nil, Object:
			return nil, fmt.Errorf("%s has no value to print", quoted(p.expr.source))
		case schema.Secret:
			secrets = append(secrets, got.Name())
			b.value(got.Reveal(), encoded)
		default:
			b.value(schema.TextOf(got), encoded)
		}
		if b.text.Len() > maxText {
			return nil, errText
		}
	}
	text, err := b.whole()
	switch {
	case err != nil:
		return nil, err
	case secrets != nil:
		return schema.NewSecret(strings.Join(sortedUnique(secrets), "+"), text), nil
	}
	return text, nil
}

// alone is the value of a single expression for its place.
func (t *Template) alone(got any) (any, error) {
	switch got := got.(type) {
	case string:
		return alone(t.place, got)
	case schema.Secret:
		text, err := alone(t.place, got.Reveal())
		return schema.NewSecret(got.Name(), text), err
	}
	return got, nil
}

// asText makes text of a scalar where text is wanted.
func asText(v any) any {
	switch v.(type) {
	case bool, int, float64, schema.Size, time.Duration, time.Time:
		return schema.TextOf(v)
	}
	return v
}
