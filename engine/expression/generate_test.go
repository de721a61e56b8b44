package expression_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// generator writes random, well-typed expressions over the names of wild.
type generator struct {
	*rand.Rand
	items []string // kinds of # in the predicates around, innermost last
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
}

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

// expr returns an expression of a kind: int, number, bool, text, duration,
// time, ints, numbers, texts, objects, object.
func (g *generator) expr(kind string, depth int) string {
	if depth <= 0 || kind == "object" || g.IntN(8) == 0 {
		return g.leaf(kind)
	}
	d := depth - 1
	if g.IntN(12) == 0 {
		return fmt.Sprintf("(%s ? %s : %s)", g.expr("bool", d), g.expr(kind, d), g.expr(kind, d))
	}
	if g.IntN(20) == 0 {
		return fmt.Sprintf("(let v%d = %s; %s)", depth, g.expr("int", d), g.expr(kind, d))
	}
	switch kind {
	case "int":
		return g.integer(d)
	case "number":
		return g.number(d)
	case "bool":
		return g.boolean(d)
	case "text":
		return g.text(d)
	case "duration":
		return g.duration(d)
	case "time":
		return fmt.Sprintf("(%s %s %s)", g.expr("time", d), g.one("+", "-"), g.expr("duration", d))
	}
	return g.list(kind, d)
}

func (g *generator) leaf(kind string) string {
	if len(g.items) > 0 && g.IntN(2) == 0 {
		switch item := g.items[len(g.items)-1]; {
		case item == kind:
			return "#"
		case item == "object" && kind == "int":
			return g.one(".n", "#.n", "#index")
		case item == "object" && kind == "text":
			return ".s"
		case item == "object" && kind == "bool":
			return ".ok"
		}
	}
	switch kind {
	case "int":
		return g.one("i", "j", "o.n", "m.a", fmt.Sprint(g.IntN(7)-2))
	case "number":
		return g.one("f", "h", "o.f", "0.5", "2.25")
	case "bool":
		return g.one("b", "c", "o.ok", "true", "false")
	case "text":
		return g.one("s", "t", "o.s", `""`, `"ab"`, `"c"`)
	case "duration":
		return g.one("d", "e", `duration("90s")`)
	case "time":
		return g.one("u", "w")
	case "ints":
		return g.one("ni", "[]", "[1, 2]", "(1..4)", "ni")
	case "numbers":
		return g.one("nf", "[0.5]", "nf")
	case "texts":
		return g.one("ns", `["a"]`, "ns")
	case "object":
		return "o"
	}
	return g.one("no", "[o]", "no")
}

func (g *generator) integer(d int) string {
	switch g.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.expr("int", d), g.one("+", "-", "*"), g.expr("int", d))
	case 2:
		return fmt.Sprintf("(%s %% %s)", g.expr("int", d), g.expr("int", d))
	case 3:
		return fmt.Sprintf("len(%s)", g.expr(g.one("ints", "texts", "text", "objects"), d))
	case 4:
		return fmt.Sprintf("%s(%s)", g.one("max", "min"), g.one(g.expr("ints", d), g.expr("int", d)+", "+g.expr("int", d)))
	case 5:
		return fmt.Sprintf("sum(%s)", g.expr("ints", d))
	case 6:
		return fmt.Sprintf("count(%s, %s)", g.expr("objects", d), g.predicate("object", "bool", d))
	case 7:
		return fmt.Sprintf("%s[%s]", g.expr("ints", d), g.expr("int", 0))
	}
	return fmt.Sprintf("%s(%s)", g.one("abs", "-", "int"), g.expr("int", d))
}

func (g *generator) number(d int) string {
	switch g.IntN(5) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.expr(g.one("int", "number"), d), g.one("+", "-", "*", "/"), g.expr("number", d))
	case 2:
		return fmt.Sprintf("%s(%s)", g.one("ceil", "floor", "round", "float", "-"), g.expr("number", d))
	case 3:
		return fmt.Sprintf("%s(%s)", g.one("mean", "median", "max", "min"), g.expr("numbers", d))
	}
	return fmt.Sprintf("(%s / %s)", g.expr("int", d), g.expr("int", d))
}

func (g *generator) boolean(d int) string {
	switch g.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.expr("bool", d), g.one("and", "or", "&&", "||"), g.expr("bool", d))
	case 2:
		return fmt.Sprintf("%s(%s)", g.one("not ", "!"), g.expr("bool", d))
	case 3:
		kind := g.one("int", "number", "text", "duration", "time")
		return fmt.Sprintf("(%s %s %s)", g.expr(kind, d), g.one("<", "<=", ">", ">="), g.expr(kind, d))
	case 4:
		kind := g.one("int", "number", "text", "bool", "duration", "time", "ints", "texts", "object")
		return fmt.Sprintf("(%s %s %s)", g.expr(kind, d), g.one("==", "!="), g.expr(kind, d))
	case 5:
		return fmt.Sprintf("(%s %s %s)", g.expr("text", d), g.one("contains", "startsWith", "endsWith", "not contains", "matches"), g.expr("text", 0))
	case 6:
		kind := g.one("int", "text")
		return fmt.Sprintf("(%s %s %s)", g.expr(kind, d), g.one("in", "not in"), g.expr(kind+"s", d))
	case 7:
		return fmt.Sprintf(`(%s in m)`, g.expr("text", d))
	}
	kind := g.one("int", "text", "object")
	return fmt.Sprintf("%s(%s, %s)", g.one("all", "any", "none", "one"), g.expr(kind+"s", d), g.predicate(kind, "bool", d))
}

func (g *generator) text(d int) string {
	switch g.IntN(8) {
	case 0, 1:
		return fmt.Sprintf("(%s + %s)", g.expr("text", d), g.expr("text", d))
	case 2:
		return fmt.Sprintf("%s(%s)", g.one("upper", "lower", "trim", "string"), g.expr("text", d))
	case 3:
		return fmt.Sprintf("join(%s, %s)", g.expr("texts", d), g.expr("text", 0))
	case 4:
		return fmt.Sprintf(`replace(%s, %s, "x")`, g.expr("text", d), g.expr("text", 0))
	case 5:
		return fmt.Sprintf("%s[%d:%d]", g.expr("text", d), g.IntN(5)-2, g.IntN(5)-1)
	case 6:
		return fmt.Sprintf("(find(%s, %s)?.s ?? %s)", g.expr("objects", d), g.predicate("object", "bool", d), g.expr("text", d))
	}
	return fmt.Sprintf(`((%s)?.s ?? "q")`, g.one("z", "o"))
}

func (g *generator) duration(d int) string {
	switch g.IntN(3) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", g.expr("duration", d), g.one("+", "-"), g.expr("duration", d))
	case 1:
		return fmt.Sprintf("(%s * %s)", g.expr("int", 0), g.expr("duration", d))
	}
	return fmt.Sprintf("(%s - %s)", g.expr("time", d), g.expr("time", d))
}

func (g *generator) list(kind string, d int) string {
	elem := strings.TrimSuffix(kind, "s")
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf("[%s, %s]", g.expr(elem, d), g.expr(elem, d))
	case 1:
		return fmt.Sprintf("filter(%s, %s)", g.expr(kind, d), g.predicate(elem, "bool", d))
	case 2:
		from := g.one("int", "text", "object")
		return fmt.Sprintf("map(%s, %s)", g.expr(from+"s", d), g.predicate(from, elem, d))
	case 3:
		return fmt.Sprintf("reverse(%s)", g.expr(kind, d))
	case 4:
		return fmt.Sprintf("concat(%s, %s)", g.expr(kind, d), g.expr(kind, d))
	case 5:
		return fmt.Sprintf("%s[%d:]", g.expr(kind, d), g.IntN(4)-2)
	}
	if elem == "object" {
		return fmt.Sprintf("sortBy(%s, .n)", g.expr(kind, d))
	}
	return fmt.Sprintf("%s(%s)", g.one("sort", "uniq"), g.expr(kind, d))
}

func (g *generator) predicate(item, kind string, d int) string {
	g.items = append(g.items, item)
	defer func() { g.items = g.items[:len(g.items)-1] }()
	return g.expr(kind, d)
}

var wildKinds = []string{"int", "number", "bool", "bool", "bool", "text", "duration", "time", "ints", "numbers", "texts", "objects"}

var wildObject = schema.ObjectOf(
	schema.Field{Name: "n", Type: schema.IntType}, schema.Field{Name: "f", Type: schema.NumberType},
	schema.Field{Name: "s", Type: schema.StringType}, schema.Field{Name: "ok", Type: schema.BoolType},
)

var wildTypes = map[string]*schema.Type{
	"i": schema.IntType, "j": schema.IntType, "f": schema.NumberType, "h": schema.NumberType,
	"b": schema.BoolType, "c": schema.BoolType, "s": schema.StringType, "t": schema.StringType,
	"d": schema.DurationType, "e": schema.DurationType, "u": schema.TimeType, "w": schema.TimeType,
	"ni": schema.ListOf(schema.IntType), "nf": schema.ListOf(schema.NumberType), "ns": schema.ListOf(schema.StringType),
	"no": schema.ListOf(wildObject), "o": wildObject, "z": wildObject.AsOptional(), "m": schema.MapOf(schema.IntType),
}

func wildEnv() *expression.Env {
	return &expression.Env{Name: func(name string) *schema.Type { return wildTypes[name] }}
}

// value returns a random value of a type; wrong ones too, if wild.
func (g *generator) value(t *schema.Type) any {
	if t.Optional && g.IntN(2) == 0 {
		return nil
	}
	switch t.Kind {
	case schema.Int:
		return g.IntN(9) - 3
	case schema.Number:
		return float64(g.IntN(17)-6) / 4
	case schema.Bool:
		return g.IntN(2) == 0
	case schema.String:
		return g.one("", "a", "b", "ab", "abc", "c")
	case schema.Duration:
		return time.Duration(g.IntN(5)-1) * 30 * time.Second
	case schema.Time:
		return time.Date(2026, 11, 24, g.IntN(3), 0, 0, 0, time.UTC)
	case schema.List:
		list := make([]any, g.IntN(4))
		for i := range list {
			list[i] = g.value(t.Element())
		}
		return list
	case schema.Map:
		return map[string]any{"a": g.value(t.Element()), "ab": g.value(t.Element())}
	}
	object := map[string]any{}
	for _, f := range t.Fields {
		object[f.Name] = g.value(f.Type)
	}
	return object
}

// names returns random values for all names, the same for the same generator.
func (g *generator) names() map[string]any {
	out := map[string]any{}
	for _, name := range []string{"i", "j", "f", "h", "b", "c", "s", "t", "d", "e", "u", "w", "ni", "nf", "ns", "no", "o", "z", "m"} {
		out[name] = g.value(wildTypes[name])
	}
	return out
}
