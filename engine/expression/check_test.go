package expression_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// problems are the rules of the checker: what is refused, where, and what the reader is
// told. marked has « » around the place of each problem.
var problems = []struct {
	marked string // source with « » around what is reported
	want   *schema.Type
	code   string // of each problem, the same
	says   string // a part of the first message or hint
}{
	{"outputs.status «=» 200", nil, "RB1201", "write =="},
	{"outputs.status ==«=» 200", nil, "RB1201", "unexpected"},
	{"filter(outputs.containers, c «=»> c.running)", nil, "RB1201", "write `filter(outputs.containers, #.running)`"},
	{"any(inputs.names, (x) «=»> x == \"a => x\")", nil, "RB1201", "write `any(inputs.names, # =="},
	{"outputs.status <«>» 200", nil, "RB1201", "write `outputs.status != 200`"},
	{"inputs.container «=»~ \"=~ is\"", nil, "RB1201", "write `inputs.container matches \"=~ is\"`"},
	{"outputs.version «is» not nil", nil, "RB1201", "write `outputs.version != nil`"},
	{"inputs.force ? 1«»", nil, "RB1201", "write both values: condition ? value : other"},
	{"1 «if» inputs.force else 2", nil, "RB1201", "write both values: condition ? value : other"},
	{"all([outputs.json], .[«\"lag\"»] == 1)", nil, "RB1201", "write `all([outputs.json], #[\"lag\"] == 1)`"},
	{"outputs.json?[0«]»", nil, "RB1201", "write `outputs.json?.[0]`"},
	{"map(inputs.names, {\"v\"«:» #})", nil, "RB1201", "write `map(inputs.names, {{\"v\": #}})`"},
	{"map(inputs.names, {\"v\"«:» {\"w\": #}})", nil, "RB1201", "write `map(inputs.names, {{\"v\": {\"w\": #}}})`"},
	{"outputs.status == «18446744073709551615»", nil, "RB1201", "beyond 64 bits"},
	{"outputs.status ==«»", nil, "RB1201", "ends too early"},
	{"«»", nil, "RB1210", "empty"},
	{"« »  ", nil, "RB1210", "empty"},
	{"outputs.status == $«{»{ 200 }}", nil, "RB1201", "without a further ${{"},
	{"«${{» outputs.status }} == 200", nil, "RB1201", "leave out ${{ and }}"},
	{"«${{» outputs.status", nil, "RB1201", "not closed"},
	{"steps.«later».outputs.status", nil, "RB1202", "add it to needs"},
	{"steps.«nope».state", nil, "RB1205", "no step nope"},

	// Optional values.
	{"steps.maybe.outputs«.status» == 200", nil, "RB1203", "write `steps.maybe.outputs?.status == 200`, or ask `steps.maybe.state == \"passed\"` first"},
	{"«steps.maybe.outputs?.status» > 1", nil, "RB1203", "write must(steps.maybe.outputs?.status, \"why it must be there\"), or (steps.maybe.outputs?.status ?? 0)"},
	{"len(«outputs.version»)", nil, "RB1203", `?? ""`},
	{"map(outputs.containers, len(«.health»))", nil, "RB1203", ""},
	{"find(outputs.containers, .running)«.name»", nil, "RB1203", "find(outputs.containers, .running)?.name"},
	{"filter([find(outputs.containers, true)], «.running»)", nil, "RB1203", "write `filter([find(outputs.containers, true)], (#?.running ?? false))`"},
	{"trimPrefix(find(outputs.containers, .running)«.name», \"a\")", nil, "RB1203", "write `trimPrefix((find(outputs.containers, .running)?.name ?? \"\"), \"a\")`"},
	{"find(steps.sure.outputs.containers, .running)«.name»", schema.AnyType, "RB1203", "write `find(steps.sure.outputs.containers, .running)?.name`"},
	{"len(steps.maybe.outputs«.body») > len(string(steps.maybe.outputs?.status ?? 1)) and inputs.force", nil, "RB1203", `?.body ?? "")`},
	{"first([inputs.numbers])«[»0]", nil, "RB1203", "first([inputs.numbers])?.[0]"},
	{"steps.maybe.outputs«[»\"status\"]", nil, "RB1203", "steps.maybe.outputs?.[\"status\"]"},
	{"outputs[«\"statsu\"»]", nil, "RB1205", "did you mean `status`?"},
	{"mean(«map(outputs.containers, first(inputs.numbers))»)", nil, "RB1203", "filter(..., # != nil)"},
	{"«outputs.json?.ok»", schema.BoolType, "RB1203", ""},
	{"«outputs.version»", schema.StringType, "RB1203", ""},
	{"steps.maybe.state == \"failed\" and steps.maybe.outputs«.status» == 1", nil, "RB1203", ""},
	{"steps.maybe.state == \"passed\" or steps.maybe.outputs«.status» == 1", nil, "RB1203", ""},
	{"steps.maybe.outputs«.status» == 1 and steps.maybe.state == \"passed\"", nil, "RB1203", ""},
	{"(steps.maybe.state == \"passed\" ? 1 : steps.maybe.outputs«.status») > 0", nil, "RB1203", ""},

	// Types.
	{"outputs.status «==» \"200\"", nil, "RB1204", "int(...)"},
	{"inputs.window «>» \"5m\"", nil, "RB1204", `write duration("5m")`},
	{"\"2GiB\" «<» inputs.limit", nil, "RB1204", `write bytes("2GiB")`},
	{"inputs.lost_at «>» \"2026-01-01\"", nil, "RB1204", `write date("2026-01-01")`},
	{"inputs.container ++ «\"b\"»", nil, "RB1204", "write `inputs.container + \"b\"`"},
	{"-«\"b\"»", nil, "RB1204", "`-` takes"},
	{"\"n=\" «+» inputs.count", nil, "RB1204", "string(...)"},
	{"inputs.names «+» inputs.names", nil, "RB1204", "concat(inputs.names, inputs.names)"},
	{"inputs.names «contains» \"a\"", nil, "RB1204", "write \"a\" in inputs.names"},
	{"inputs.window «*» inputs.window", nil, "RB1204", ""},
	{"not «inputs.count»", nil, "RB1204", "> 0"},
	{"«inputs.names» and true", nil, "RB1204", "len(...) > 0"},
	{"«inputs.count» ? 1 : 2", nil, "RB1204", "true or false"},
	{"-«inputs.names»", nil, "RB1204", ""},
	{"inputs.count «in» inputs.names", nil, "RB1204", "never in a list of string"},
	{"\"a\" «in» inputs.container", nil, "RB1204", "a contains b"},
	{"inputs.container matches «\"a(\"»", nil, "RB1204", "regular expression"},
	{"capture(inputs.container, «\"a(\"»)", nil, "RB1204", "regular expression"},
	{"date(inputs.container, «\"%b %d %H:%M\"»)", nil, "RB1204", "has no year"},
	{"date(inputs.container, «\"15:04\"»)", nil, "RB1204", "has no year"},
	{"date(inputs.container, «\"%Y %Q\"»)", nil, "RB1204", "\"%Q\" is no directive"},
	{"date(inputs.container, «\"%s %Y\"»)", nil, "RB1204", "stands alone"},
	{"inputs.mode == «\"fats\"»", nil, "RB1204", `did you mean "fast"?`},
	{"steps.sure.state == «\"pased\"»", nil, "RB1204", `did you mean "passed"?`},
	{"steps.sure.state in [\"passed\", «\"done\"»]", nil, "RB1204", "it is one of"},
	{"inputs.names[«\"a\"»]", nil, "RB1204", "an index is"},
	{"inputs.container«[»0]", nil, "RB1204", "[0:0 + 1]"},
	{"inputs.count«[»0:1]", nil, "RB1204", "sliced"},
	{"inputs.names.«length» > 1", nil, "RB1204", "write len(inputs.names)"},
	{"inputs.container.«size»", nil, "RB1204", "write len(inputs.container)"},
	{"outputs.containers.«running»", nil, "RB1204", "[0].running"},
	{"len(«inputs.count»)", nil, "RB1204", "len takes"},
	{"all(«inputs.count», true)", nil, "RB1204", "takes a list"},
	{"all(inputs.names, «#»)", nil, "RB1204", "len(...) > 0"},
	{"mean(«inputs.names»)", nil, "RB1204", "takes a list"},
	{"{(«1»): 2}", nil, "RB1204", "a key is a text"},
	{"«outputs.status»", schema.BoolType, "RB1204", "compare it"},
	{"«outputs.status»", schema.StringType, "RB1204", "string(...)"},
	{"«\"x\"»", schema.EnumOf("fast", "slow"), "RB1204", "never \"x\""},
	{"«inputs.names»", schema.ListOf(schema.IntType), "RB1204", "list of string"},

	// Names.
	{"«output».status", nil, "RB1205", "did you mean `outputs`?"},
	{"outputs.«statsu»", nil, "RB1205", "did you mean `status`?"},
	{"outputs.«zzzzzzzz»", nil, "RB1205", "it has: status, latency_ms"},
	{"all(outputs.containers, .«runing»)", nil, "RB1205", "did you mean `running`?"},
	{"all(outputs.containers, «running»)", nil, "RB1205", ".running"},
	{"«step».sure.state == \"passed\"", nil, "RB1205", "`steps`"},
	{"«secrets».token", nil, "RB1205", "vars: {NAME: {secret: NAME}} in runbook.yaml"},
	{"«None» == outputs.json", nil, "RB1205", "write nil"},
	{"inputs.force == «True»", nil, "RB1205", "write `true`"},
	{"«null» == outputs.json", nil, "RB1205", "write nil"},
	{"«$env».inputs", nil, "RB1205", "without $"},

	// Functions.
	{"«lenn»(inputs.names)", nil, "RB1206", "did you mean `len`?"},
	{"«now»() - inputs.lost_at", nil, "RB1206", "run.started"},
	{"«reduce»(inputs.numbers, #acc + #)", nil, "RB1206", "use sum"},
	{"inputs.container.«upper»()", nil, "RB1206", "no methods | write `upper(inputs.container)`"},
	{"inputs.container.«hasPrefix»(\"a\")", nil, "RB1206", "write `hasPrefix(inputs.container, \"a\")`"},
	{"inputs.container.«title»()", nil, "RB1206", "call a function"},
	{"«defined»(outputs.version)", nil, "RB1206", "write `outputs.version != nil`"},
	{"«len»()", nil, "RB1206", "one value"},
	{"«split»(\"a\")", nil, "RB1206", "2 to 3 values"},

	// Secrets.
	{"«inputs.token» == \"x\"", nil, "RB1207", "be compared"},
	{"«inputs.token» != nil", nil, "RB1207", "be compared"},
	{"len(«inputs.token»)", nil, "RB1207", "given to len"},
	{"«inputs.token» + \"x\"", nil, "RB1207", ""},
	{"\"x\" in «[inputs.token]»", nil, "RB1207", "be compared"},
	{"len(«{a: [inputs.token]}»)", nil, "RB1207", "toBase64, fromBase64, sha256 and urlEncode"},
	{"map(«[inputs.token]», #)", nil, "RB1207", "given to map"},
	{"«{a: inputs.token}»", schema.AnyType, "RB1207", "cannot go here"},
	{"«toJSON({a: inputs.token})» == \"x\"", nil, "RB1207", "be compared"},
	{"«{(inputs.container): inputs.token}[\"x\"]» == \"x\"", nil, "RB1207", "be compared"},
	{"«inputs.token».x", nil, "RB1207", "whole"},
	{"«inputs.token»[0]", nil, "RB1207", "whole"},
	{"«inputs.token»", schema.StringType, "RB1207", "headers"},
	{"«inputs»[inputs.container]", nil, "RB1207", "name the field"},
	{"inputs.force ? («inputs.token ?? \"x\"») == \"x\" : false", nil, "RB1207", ""},

	// Steps.
	{"«steps»[inputs.container].state", nil, "RB1209", "steps.<id>"},
	{"keys(«steps»)", nil, "RB1209", "by name"},
	{"«outputs.status» == nil", nil, "RB1211", "never nil"},

	// Several at once.
	{"outputs.«statsu» == 1 and outputs.«boddy» == \"\" or «foo»", nil, "RB1205", "did you mean `status`?"},
	{"\"größe\" == outputs.«bdoy»", nil, "RB1205", "did you mean `body`?"},
}

// TestProblems holds each rule of the checker.
func TestProblems(t *testing.T) {
	for _, c := range problems {
		source, places := unmark(c.marked)
		_, problems := expression.Compile(source, testEnv(), c.want)
		if c.code == "RB1211" {
			places[0].length = problems[0].Length
			places[0].offset = problems[0].Offset
		}
		if len(problems) != len(places) {
			t.Errorf("%s: %d problems, want %d: %+v", source, len(problems), len(places), problems)
			continue
		}
		for i, p := range problems {
			at := place{p.Offset, p.Length}
			if want := places[i]; want.length == 0 { // about the end
				at.length = 0
				want.offset = max(0, want.offset-1)
				if at.offset != want.offset && at.offset != want.offset+1 {
					t.Errorf("%s: at %d, want %d", source, at.offset, want.offset)
				}
			} else if at != want {
				t.Errorf("%s: problem %d at %+v, want %+v: %s", source, i, at, want, p.Message)
			}
			if p.Code != c.code {
				t.Errorf("%s: code %s, want %s: %s", source, p.Code, c.code, p.Message)
			}
		}
		if said := problems[0].Message + " | " + problems[0].Hint; !strings.Contains(said, c.says) {
			t.Errorf("%s: says %q, want %q", source, said, c.says)
		}
	}
}

// TestHintsAreTried applies what hints propose: with one of the texts in place of what
// is reported, or of the whole, there is a problem less.
func TestHintsAreTried(t *testing.T) {
	applied := 0
	for _, c := range problems {
		source, places := unmark(c.marked)
		_, before := expression.Compile(source, testEnv(), c.want)
		for i, p := range before {
			texts := proposed(p.Hint)
			if len(texts) == 0 {
				continue
			}
			applied++
			at := places[i]
			runes := []rune(source)
			left, marked, right := string(runes[:at.offset]), string(runes[at.offset:min(len(runes), at.offset+at.length)]), string(runes[min(len(runes), at.offset+at.length):])
			for _, text := range texts {
				helps := func(source string) bool {
					_, after := expression.Compile(source, testEnv(), c.want)
					return len(after) < len(before)
				}
				if strings.HasPrefix(marked, `"`) && !strings.ContainsAny(text, `" `) {
					text = `"` + text + `"` // a name in brackets
				}
				literal := text[strings.IndexByte(text, '(')+1 : len(text)-1]
				sides := strings.SplitN(source, " "+marked+" ", 2)
				filled := func(with string) string { return strings.ReplaceAll(text, "...", with) }
				if !helps(left+filled(marked)+right) && !helps(text) && !helps(strings.ReplaceAll(source, literal, text)) && !helps(filled(marked)+right) &&
					!(len(sides) == 2 && (helps(filled(sides[0])+" "+marked+" "+sides[1]) || helps(sides[0]+" "+marked+" "+filled(sides[1])))) {
					t.Errorf("%s: %q does not help: %s", source, text, p.Hint)
				}
			}
		}
	}
	if applied < 50 {
		t.Errorf("only %d hints propose a text", applied)
	}
}

// proposed are the texts that a hint proposes; none if it says what to do in words.
func proposed(hint string) []string {
	if _, word, ok := strings.Cut(hint, "did you mean "); ok {
		word, _, _ = strings.Cut(word, "?")
		return []string{strings.Trim(word, "`")}
	}
	_, text, ok := strings.Cut(hint, "write ")
	if !ok {
		_, text, ok = strings.Cut(hint, "compare it, as ")
	}
	if text, _, _ = strings.Cut(text, " around "); !ok || strings.ContainsAny(text, "<$") || !strings.ContainsAny(text, "(=`.>") {
		return nil
	}
	text, _, _ = strings.Cut(text, ", or ask")
	text, _, _ = strings.Cut(text, "; ")
	text, _, _ = strings.Cut(text, ", and ")
	if inside, found := strings.CutPrefix(text, "`"); found {
		return []string{strings.TrimSuffix(inside, "`")}
	}
	if first, second, two := strings.Cut(text, ", or "); two {
		return []string{first, second}
	}
	return strings.Split(text, " or ")
}

type place struct{ offset, length int }

// unmark takes « » out of a source and returns what they enclose.
func unmark(marked string) (source string, places []place) {
	for {
		before, rest, ok := strings.Cut(marked, "«")
		if source += before; !ok {
			return source, places
		}
		inside, after, _ := strings.Cut(rest, "»")
		places = append(places, place{utf8.RuneCountInString(source), utf8.RuneCountInString(inside)})
		source, marked = source+inside, after
	}
}

func TestTypes(t *testing.T) {
	for source, want := range map[string]string{
		"outputs.status":                                                   "int",
		"outputs.status + 1.5":                                             "number",
		"outputs.status / 2":                                               "number",
		"inputs.limit":                                                     "size",
		"inputs.limit * 2":                                                 "int",
		"inputs.limit * 0.5":                                               "number",
		"-inputs.limit":                                                    "int",
		"inputs.window * 2":                                                "duration",
		"inputs.window / inputs.window":                                    "number",
		"run.started - inputs.lost_at":                                     "duration",
		"run.started - inputs.window":                                      "time",
		"outputs.json.a.b":                                                 "any",
		"outputs.json?.a":                                                  "optional any",
		"outputs.version":                                                  "optional string",
		"outputs.version ?? \"none\"":                                      "string",
		"must(outputs.version, \"no version\")":                            "string",
		"steps.maybe.outputs?.containers":                                  "optional list of object",
		"steps.maybe.outputs?.containers ?? []":                            "list of object",
		"steps.maybe.outputs?.latency_ms ?? 0":                             "number",
		"find(outputs.containers, .running)":                               "optional object",
		"find(outputs.containers, .running)?.name":                         "optional string",
		"first(outputs.containers)?.name":                                  "optional string",
		"outputs.containers[0].name":                                       "string",
		"map(outputs.containers, .name)":                                   "list of string",
		"filter(outputs.containers, .running)[0].name":                     "string",
		"outputs.containers | map(.memory_limit_bytes)":                    "list of int",
		"sum(outputs.containers, .memory_limit_bytes)":                     "int",
		"max(map(outputs.containers, .memory_limit_bytes))":                "int",
		"max(inputs.window, duration(\"1m\"))":                             "duration",
		"sort(inputs.names)":                                               "list of string",
		"concat(inputs.numbers, [1])":                                      "list of number",
		"groupBy(outputs.containers, .name)":                               "map of list of object",
		"inputs.labels[\"a\"]":                                             "string",
		"inputs.labels?.a":                                                 "optional string",
		"get(inputs.labels, \"a\")":                                        "optional string",
		"inputs.force ? 1 : 2.5":                                           "number",
		"inputs.force ? 1 : nil":                                           "optional int",
		"inputs.force ? 1 : \"a\"":                                         "any",
		"inputs.token ?? \"\"":                                             "secret",
		"inputs.force ? inputs.token : inputs.token":                       "secret",
		"toJSON({a: [inputs.token]})":                                      "secret",
		"toBase64(urlEncode(inputs.token))":                                "secret",
		"urlEncode(inputs.container)":                                      "string",
		"steps.sure.state":                                                 "one of passed, warned, failed, refused, cancelled, skipped, not_run, undone, undo_failed",
		"let n = len(inputs.names); n + 1":                                 "int",
		"semver(\"1.2\").major":                                            "int",
		"semver(outputs.body) >= semver(\"1.10\")":                         "bool",
		"inputs.container[0:3]":                                            "string",
		"1..3":                                                             "list of int",
		"outputs.json.x + 1":                                               "any",
		"steps[\"sure\"].outputs.status":                                   "int",
		"findIndex(inputs.names, # == \"a\")":                              "optional int",
		"any(outputs.containers, .health == \"healthy\")":                  "bool",
		"{a: 1, b: \"x\"}.a":                                               "int",
		"[1, 2.5, inputs.count]":                                           "list of number",
		"keys(inputs.labels)":                                              "list of string",
		"values(inputs.labels)":                                            "list of string",
		"if inputs.force { 1 } else { 2 }":                                 "int",
		"steps.maybe.state == \"passed\" ? steps.maybe.outputs.status : 0": "int",
	} {
		e := mustCompile(t, source, testEnv(), nil)
		if got := e.Type().String(); got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
}

// TestNarrowing holds where an optional value is known not to be nil.
func TestNarrowing(t *testing.T) {
	for _, source := range []string{
		`steps.maybe.state == "passed" and steps.maybe.outputs.status == 200`,
		`"passed" == steps.maybe.state && steps.maybe.outputs.status == 200`,
		`steps.maybe.state in ["passed"] and steps.maybe.outputs.status == 200`,
		`steps.maybe.state != "passed" or steps.maybe.outputs.status == 200`,
		`not (steps.maybe.state == "passed") or steps.maybe.outputs.status == 200`,
		`not (steps.maybe.state == "passed" and inputs.force) or steps.maybe.outputs.status == 200`,
		`steps.maybe.state == "passed" and inputs.force and steps.maybe.outputs.status == 200`,
		`steps.maybe.state == "passed" and any(inputs.numbers, # > steps.maybe.outputs.status)`,
		`(steps.maybe.state != "passed" ? 0 : steps.maybe.outputs.status) == 0`,
		`outputs.version != nil and len(outputs.version) > 0`,
		`outputs.version == nil or len(outputs.version) > 0`,
		`outputs.version == "1" and len(outputs.version) > 0`,
		`steps.maybe.outputs?.version != nil and len(steps.maybe.outputs.version) > 0`,
		`all(outputs.containers, .health != nil and len(.health) > 0)`,
		`let h = outputs.version; h != nil and len(h) > 0`,
		`(outputs.version == "1" or outputs.version == "2") and len(outputs.version) > 0`,
	} {
		if _, problems := expression.Compile(source, testEnv(), schema.BoolType); problems != nil {
			t.Errorf("%s: %+v", source, problems)
		}
	}
	for _, source := range []string{
		`(outputs.version == "1" or inputs.force) and len(outputs.version) > 0`,
		`outputs.version == nil and len(outputs.version) > 0`,
		`outputs.version != nil or len(outputs.version) > 0`,
		`outputs.version != "1" and len(outputs.version) > 0`,
		`all(outputs.containers, .health != nil) and all(outputs.containers, len(.health) > 0)`,
		`all(outputs.containers, .health != nil and any(outputs.containers, len(.health) > 0))`,
		`(steps.maybe.state == "passed" or inputs.force) and steps.maybe.outputs.status == 200`,
	} {
		if _, problems := expression.Compile(source, testEnv(), schema.BoolType); len(problems) != 1 || problems[0].Code != expression.CodeOptional {
			t.Errorf("%s: %+v, want one RB1203", source, problems)
		}
	}
}

func TestReferences(t *testing.T) {
	e := mustCompile(t, `steps.maybe.state == "passed" and steps.sure.outputs.status == 200 and len(inputs.names) > 0 and steps.a.state == "passed"`, testEnv(), schema.BoolType)
	if got := fmt.Sprint(e.Steps(), e.Guards(), e.Reads("inputs"), e.Reads("outputs")); got != "[a maybe sure] [a maybe] true false" {
		t.Errorf("got %s", got)
	}
	for source, want := range map[string]string{
		`not (steps.a.state != "passed")`:                        "[a]",
		`steps.a.state == "passed" or inputs.force`:              "[]",
		`steps.a.state == "passed" or steps.a.state == "passed"`: "[a]",
		`steps.a.state == "failed"`:                              "[]",
		`steps.a.state != "passed"`:                              "[]",
	} {
		if got := fmt.Sprint(mustCompile(t, source, testEnv(), schema.BoolType).Guards()); got != want {
			t.Errorf("guards of %s are %s, want %s", source, got, want)
		}
	}
}
