package expression_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// veil returns v with some parts unknown, at random.
func (g *generator) veil(v any) any {
	if g.IntN(6) == 0 {
		return schema.Unknown{After: "change", Now: v}
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = g.veil(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key := range v {
			if key != "ok" || g.IntN(2) == 0 {
				out[key] = g.veil(v[key])
			} else {
				out[key] = v[key]
			}
		}
		return out
	}
	return v
}

// complete replaces what is unknown by random values: of any type, some nil.
func (g *generator) complete(v any) any {
	switch v := v.(type) {
	case schema.Unknown:
		switch g.IntN(8) {
		case 0:
			return nil
		case 1:
			return g.value(wildTypes[g.one("i", "f", "b", "s", "d", "u", "ni", "o")])
		case 2:
			return g.similar(v.Now)
		}
		return g.complete(g.similar(v.Now))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = g.complete(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key := range v {
			out[key] = g.complete(v[key])
		}
		return out
	}
	return v
}

// similar returns a random value of the type of v.
func (g *generator) similar(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, g.IntN(4))
		for i := range list {
			if len(v) > 0 {
				list[i] = g.similar(v[0])
			} else {
				list[i] = g.IntN(5)
			}
		}
		return list
	case map[string]any:
		if _, ok := v["ok"]; ok {
			return g.value(wildObject)
		}
		return g.value(wildTypes["m"])
	case int:
		return g.value(schema.IntType)
	case float64:
		return g.value(schema.NumberType)
	case bool:
		return g.value(schema.BoolType)
	case string:
		return g.value(schema.StringType)
	case nil:
		return g.value(wildTypes["z"])
	}
	return v
}

// covers reports whether full is what partial says, as far as it says it.
func covers(partial, full any) bool {
	switch p := partial.(type) {
	case schema.Unknown:
		return true
	case []any:
		f, ok := full.([]any)
		if !ok || len(p) != len(f) {
			return false
		}
		for i := range p {
			if !covers(p[i], f[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		f, ok := full.(map[string]any)
		if !ok || len(p) != len(f) {
			return false
		}
		for key := range p {
			if other, there := f[key]; !there || !covers(p[key], other) {
				return false
			}
		}
		return true
	case float64:
		return alike(partial, full)
	}
	return schema.Same(partial, full)
}

// TestUnknownsAreSound holds that a known result means: every completion gives
// this value or an error; and an error: every completion gives one.
func TestUnknownsAreSound(t *testing.T) {
	known := 0
	rapid.Check(t, func(t *rapid.T) {
		g := newGenerator(rapid.Uint64().Draw(t, "seed"))
		for range 20 {
			source := g.expr(g.one(wildKinds...), 3)
			e, _ := expression.Compile(source, wildEnv(), nil)
			if e == nil {
				continue
			}
			names := g.veil(g.names())
			partial, ok := names.(map[string]any)
			if !ok {
				continue
			}
			got, err := e.Eval(context.Background(), values{names: partial}, expression.Limits{})
			if _, unknown := got.(schema.Unknown); unknown {
				continue
			}
			known++
			for range 6 {
				full := g.complete(partial).(map[string]any)
				want, errFull := e.Eval(context.Background(), values{names: full}, expression.Limits{})
				switch {
				case errFull != nil:
				case err != nil:
					t.Fatalf("%s is the error %v with %v,\nbut %v with %v", source, err, partial, want, full)
				case !covers(got, want):
					t.Fatalf("%s = %v with %v,\nbut %v with %v", source, got, partial, want, full)
				}
			}
		}
	})
	if known < 200 {
		t.Errorf("only %d results were known", known)
	}
}

func TestUnknowns(t *testing.T) {
	v := testValues()
	gone := schema.Unknown{After: "restart"}
	other := schema.Unknown{After: "later"}
	v.names["item"] = map[string]any{"name": gone, "running": gone, "memory_limit_bytes": 10, "health": other}
	v.names["outputs"] = map[string]any{"status": gone, "json": map[string]any{"list": []any{1, gone, 3}, "flags": []any{gone, true}, "unflags": []any{gone, false}}, "containers": gone, "version": gone}
	for source, want := range map[string]any{
		`item.running`:                          gone,
		`item.running and inputs.force`:         false,
		`inputs.force and item.running`:         false,
		`item.running and not inputs.force`:     gone,
		`item.running or not inputs.force`:      true,
		`not inputs.force or item.running`:      true,
		`item.running or inputs.names[9] == ""`: gone,
		`not item.running`:                      gone,
		`item.running ? 1 : 1`:                  1,
		`item.running ? 1 : 1.0`:                gone,
		`item.running ? 1 : 2`:                  gone,
		`item.running ? inputs.names[9] : "a"`:  gone,
		`item.name + item.health`:               nil, // a compile error: health is optional
		`item.name + (item.health ?? "")`:       gone,
		`(item.health ?? "") + item.name`:       other,
		`item.name == item.name`:                gone,
		`outputs.status / 0`:                    gone,
		`outputs.status > inputs.names[9]`:      nil,
		`len(outputs.json.list)`:                3,
		`outputs.json.list[2]`:                  3,
		`outputs.json.list[1]`:                  gone,
		`outputs.json.list[outputs.status]`:     gone,
		`any(outputs.json.flags, #)`:            true,
		`all(outputs.json.flags, #)`:            gone,
		`all(outputs.json.unflags, #)`:          false,
		`none(outputs.json.flags, #)`:           false,
		`any(outputs.json.unflags, #)`:          gone,
		`filter(outputs.json.list, # > 1)`:      gone,
		`count(outputs.json.list, # > 1)`:       gone,
		`sum(outputs.json.list)`:                gone,
		`find(outputs.json.list, # == 1)`:       1,
		`find(outputs.json.list, # == 3)`:       gone,
		`findLast(outputs.json.list, # == 3)`:   3,
		`map(outputs.json.list, # * 2)`:         []any{2, gone, 6},
		`map(outputs.json.list, # * 2)[2]`:      6,
		`3 in outputs.json.list`:                true,
		`4 in outputs.json.list`:                gone,
		`[1, outputs.status] == [2, 1]`:         false,
		`[1, outputs.status] == [1, 1]`:         gone,
		`{a: outputs.status, b: 1}.b`:           1,
		`keys({a: outputs.status})`:             []any{"a"},
		`max(1, outputs.status)`:                gone,
		`toJSON({a: outputs.status})`:           gone,
		`first(outputs.containers)?.name`:       gone,
		`outputs.containers[0].name`:            gone,
		`must(outputs.version, "no")`:           gone,
		`outputs.version == nil`:                gone,
		`reverse(outputs.json.list)[0]`:         3,
		`sort(outputs.json.list)`:               gone,
		`"abc"[0:outputs.status]`:               gone,
	} {
		e, problems := expression.Compile(source, testEnv(), nil)
		if want == nil {
			if e != nil {
				t.Errorf("%s is accepted", source)
			}
			continue
		}
		if e == nil {
			t.Errorf("%s: %+v", source, problems)
			continue
		}
		got, err := e.Eval(context.Background(), v, expression.Limits{})
		if err != nil || !covers(want, got) || !covers(got, want) {
			t.Errorf("%s = %#v, %v; want %#v", source, got, err, want)
			continue
		}
		if u, ok := got.(schema.Unknown); ok && u != want {
			t.Errorf("%s = %#v, want %#v", source, got, want)
		}
	}
}
