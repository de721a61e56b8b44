package expression_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// lazy is a step as a run gives it.
type lazy map[string]any

func (l lazy) Member(name string) (any, bool) { v, ok := l[name]; return v, ok }

func testValues() values {
	outputs := map[string]any{
		"status": 200, "latency_ms": 84.5, "body": "héllo wörld", "version": nil,
		"json": map[string]any{"active": 80.0, "name": "pool", "none": nil, "list": []any{1.0, 2.0}, "nan": math.NaN(), "big": math.MaxInt},
		"containers": []any{
			map[string]any{"name": "app-1", "running": true, "memory_limit_bytes": 10, "health": "healthy"},
			map[string]any{"name": "app-2", "running": false, "memory_limit_bytes": 30, "health": nil},
		},
	}
	return values{
		names: map[string]any{
			"outputs": outputs,
			"inputs": map[string]any{
				"container": "app", "window": time.Minute, "max": 70.0, "count": 3, "limit": schema.Size(2 << 30),
				"lost_at": time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), "force": false, "token": schema.NewSecret("token", "hunter2"),
				"mode": "fast", "names": []any{"b", "a", "b"}, "numbers": []any{1.0, 2.0, 4.0}, "labels": map[string]any{"y": "2", "x": "1"},
			},
			"item": outputs["containers"].([]any)[0],
			"run":  map[string]any{"id": "r1", "started": time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)},
		},
		steps: map[string]any{
			"sure":  lazy{"outputs": outputs, "state": "passed", "attempts": 1},
			"maybe": lazy{"outputs": nil, "state": "skipped"},
			"a":     lazy{"outputs": outputs, "state": "passed"},
		},
	}
}

func TestEval(t *testing.T) {
	for source, want := range map[string]any{
		`outputs.status == 200 && outputs.latency_ms < 500`:                                  true,
		`outputs.status in [200, 204]`:                                                       true,
		`outputs.json.active == 80`:                                                          true,
		`outputs.json?.missing`:                                                              nil,
		`outputs.json?.missing ?? 7`:                                                         7,
		`outputs.json.list[1]`:                                                               2.0,
		`outputs.json.list[-1]`:                                                              2.0,
		`outputs.version ?? "none"`:                                                          "none",
		`steps.maybe.outputs?.status`:                                                        nil,
		`steps.maybe.outputs?.json.deep.er`:                                                  nil,
		`steps.maybe.outputs?.status == 200`:                                                 false,
		`steps.maybe.state == "passed" and steps.maybe.outputs.status == 200`:                false,
		`all(outputs.containers, .memory_limit_bytes > 5)`:                                   true,
		`map(outputs.containers, .name)`:                                                     []any{"app-1", "app-2"},
		`map(outputs.containers, #index)`:                                                    []any{0, 1},
		`filter(outputs.containers, not .running)[0].name`:                                   "app-2",
		`sum(outputs.containers, .memory_limit_bytes)`:                                       40,
		`any(outputs.containers, any(inputs.names, # == "a"))`:                               true,
		`one(outputs.containers, .running)`:                                                  true,
		`none(outputs.containers, .memory_limit_bytes > 100)`:                                true,
		`count(outputs.containers, .running)`:                                                1,
		`find(outputs.containers, .memory_limit_bytes == 7)`:                                 nil,
		`find(outputs.containers, .memory_limit_bytes == 7)?.name`:                           nil,
		`findLast(outputs.containers, true)?.name`:                                           "app-2",
		`findIndex(inputs.names, # == "a")`:                                                  1,
		`groupBy(inputs.names, #)`:                                                           map[string]any{"a": []any{"a"}, "b": []any{"b", "b"}},
		`sortBy(outputs.containers, .memory_limit_bytes, "desc")[0].name`:                    "app-2",
		`sort(inputs.names)`:                                                                 []any{"a", "b", "b"},
		`sort(inputs.names, "desc")`:                                                         []any{"b", "b", "a"},
		`date("Jun  1 12:00:00 2026 GMT", "%b %e %T %Y %Z") == date("2026-06-01T12:00:00Z")`: true,
		`date("2026-06-01T12:00:00.5+02:00", "%FT%T%z") == date("2026-06-01T10:00:00.5Z")`:   true,
		`date("01/06/26 1:5", "02/01/06 15:4") == date("2026-06-01T01:05:00Z")`:              true,
		`date("at 100% 2026", "at 100%% %Y") == date("2026-01-01")`:                          true,
		`date("-1", "%s") == date("1969-12-31T23:59:59Z")`:                                   true,
		`date("07:30 PM 153 2026", "%I:%M %p %j %Y") == date("2026-06-02T19:30:00Z")`:        true,
		`lines("a\r\n\nb")`:                                                                  []any{"a", "", "b"},
		`lines("")`:                                                                          []any{},
		`fields("# x\n a : 1:2 \nb\na: 3", ": ")`:                                            map[string]any{"a": "3"},
		`capture("a=1 b=2", "(x)?b=(.)")`:                                                    []any{"", "2"},
		`fromBase64(toBase64("grün"))`:                                                       "grün",
		`format(7, 0) + format(0.125, 2) + format(-1, 1)`:                                    "70.12-1.0",
		`uniq(inputs.names)`:                                                                 []any{"b", "a"},
		`uniq([1, 1.0, 2])`:                                                                  []any{1, 2},
		`reverse(inputs.names)[0]`:                                                           "b",
		`join(inputs.names, ", ")`:                                                           "b, a, b",
		`split("a,b,c", ",", 2)`:                                                             []any{"a", "b,c"},
		`len(outputs.body)`:                                                                  11,
		`outputs.body[1:5]`:                                                                  "éllo",
		`indexOf(outputs.body, "w")`:                                                         6,
		`outputs.body matches "^h.*d$"`:                                                      true,
		`outputs.body not contains "x"`:                                                      true,
		`upper(trim("  ab "))`:                                                               "AB",
		`replace("aaa", "a", "b", 2)`:                                                        "bba",
		`keys(inputs.labels)`:                                                                []any{"x", "y"},
		`values(inputs.labels)`:                                                              []any{"1", "2"},
		`"x" in inputs.labels`:                                                               true,
		`get(inputs.labels, "z")`:                                                            nil,
		`get(inputs.names, 9)`:                                                               nil,
		`get(inputs.names, -1)`:                                                              "b",
		`first([])`:                                                                          nil,
		`flatten([[1, [2]], 3])`:                                                             []any{1, 2, 3},
		`concat([1], ["a"])`:                                                                 []any{1, "a"},
		`take(inputs.names, 2)`:                                                              []any{"b", "a"},
		`inputs.window * 2 == duration("2m")`:                                                true,
		`inputs.window / 2`:                                                                  30 * time.Second,
		`inputs.window / duration("30s")`:                                                    2.0,
		`-inputs.window`:                                                                     -time.Minute,
		`run.started - inputs.lost_at`:                                                       time.Hour,
		`run.started - inputs.window > inputs.lost_at`:                                       true,
		`date("2026-11-24") < inputs.lost_at`:                                                true,
		`inputs.limit`:                                                                       schema.Size(2 << 30),
		`inputs.limit / 2 == 1073741824`:                                                     true,
		`inputs.limit > bytes("1GiB")`:                                                       true,
		`bytes("2GiB") + 1`:                                                                  2<<30 + 1,
		`7 % 4`:                                                                              3,
		`2 ** 10`:                                                                            1024.0,
		`7 / 2`:                                                                              3.5,
		`1 < 2 < 3`:                                                                          true,
		`max(1, 5, [3, 9])`:                                                                  9,
		`min(inputs.numbers)`:                                                                1.0,
		`max(inputs.window, duration("5m"))`:                                                 5 * time.Minute,
		`mean(inputs.numbers)`:                                                               7.0 / 3,
		`median([4, 1, 3])`:                                                                  3.0,
		`percentile(1..100, 95)`:                                                             95.05,
		`percentile([5], 50)`:                                                                5.0,
		`slope([1, 3, 5])`:                                                                   2.0,
		`stddev([2, 4, 4, 4, 5, 5, 7, 9])`:                                                   2.0,
		`abs(-3)`:                                                                            3,
		`outputs.json.big == 9223372036854775808.0`:                                          false,
		`outputs.json.big < 9223372036854775808.0`:                                           true,
		`9007199254740993 > 9007199254740992.0`:                                              true,
		`9007199254740992.0 in [9007199254740993]`:                                           false,
		`max(9007199254740992.0, 9007199254740993)`:                                          9007199254740993,
		`2.5 > 2 and 2 < 2.5 and 2.0 == 2`:                                                   true,
		`abs(-inputs.window)`:                                                                time.Minute,
		`floor(9007199254740993)`:                                                            9007199254740993,
		`median(9007199254740993)`:                                                           9007199254740993,
		`median([1, 9007199254740993, 9007199254740995])`:                                    9007199254740993,
		`median([1, 2])`:                                                                     1.5,
		`round(2.5)`:                                                                         3.0,
		`int("42") + int(2.9)`:                                                               44,
		`float("1.5")`:                                                                       1.5,
		`string(inputs.window) + string(1e6)`:                                                "1m1000000",
		`toJSON({b: 1, a: [true, nil]})`:                                                     `{"a":[true,null],"b":1}`,
		`toJSON({b: 1, a: [inputs.token, "\""]})`:                                            schema.NewSecret("token", `{"a":["hunter2","\""],"b":1}`),
		`toBase64(inputs.token)`:                                                             schema.NewSecret("token", "aHVudGVyMg=="),
		`urlEncode("a b&c/ü~+%")`:                                                            "a%20b%26c%2F%C3%BC~%2B%25",
		`{a: inputs.token}.a`:                                                                schema.NewSecret("token", "hunter2"),
		`fromJSON("{\"a\": [1, 2.5]}").a`:                                                    []any{1, 2.5},
		`type(inputs.window)`:                                                                "duration",
		`semver("v1.10.0+x") > semver("1.9")`:                                                true,
		`semver("1.0.0-rc.2") < semver("1.0.0-rc.10")`:                                       true,
		`semver("1.0.0-rc.1") < semver("1")`:                                                 true,
		`semver("20.10.5").minor`:                                                            10,
		`must(outputs.json, "no")?.name`:                                                     "pool",
		`let a = 2; let b = a * 3; a + b`:                                                    8,
		`inputs.force ?: "x" == "x"`:                                                         true,
		`[1, 2] == [1, 2.0]`:                                                                 true,
		`{a: [1]} == {a: [1]}`:                                                               true,
		`[1, "a"] == [1, 2]`:                                                                 false,
		`1 in ["a", 1]`:                                                                      true,
		`5..3`:                                                                               []any{},
		`outputs.containers | filter(.running) | map(.name)`:                                 []any{"app-1"},
		`(outputs.containers | count(.running)) == 1`:                                        true,
		`inputs.names[5:]`:                                                                   []any{},
		`steps["sure"].outputs["status"]`:                                                    200,
	} {
		e := mustCompile(t, source, testEnv(), nil)
		got, err := e.Eval(context.Background(), testValues(), expression.Limits{})
		if err != nil || !same(got, want) {
			t.Errorf("%s = %#v, %v; want %#v", source, got, err, want)
		}
	}
}

// same also takes numbers that differ only by rounding.
func same(got, want any) bool {
	if x, ok := got.(float64); ok {
		y, ok := want.(float64)
		return ok && math.Abs(x-y) < 1e-9
	}
	return schema.Same(got, want)
}

// TestEvalErrors holds what elsewhere passes in silence.
func TestEvalErrors(t *testing.T) {
	for source, want := range map[string]string{
		`outputs.json.missing != 5`:                             "`outputs.json` has no `missing`",
		`not (outputs.json.missing contains "x")`:               "has no `missing`",
		`outputs.json.none.x`:                                   "`outputs.json.none` is nil and has no `x`",
		`outputs.json.active.x`:                                 "is 80 and has no `x`",
		`outputs.json?.missing.x`:                               "is nil and has no `x`",
		`inputs.labels.z == "1"`:                                "has no `z`",
		`inputs.labels["z"]`:                                    "has no `z`",
		`outputs.json.name == 5`:                                `the text "pool" does not go with 5`,
		`outputs.json.none < 5`:                                 "nil cannot be used here",
		`outputs.json.none + 1`:                                 "nil cannot be used here",
		`outputs.json.nan > 1`:                                  "NaN",
		`not (outputs.json.nan > 1)`:                            "NaN",
		`outputs.json.nan == 1`:                                 "NaN",
		`[outputs.json.nan] == [1]`:                             "NaN",
		`1e308 * 10 > 1`:                                        "infinity",
		`outputs.status / (inputs.count - 3) > 1`:               "division by zero",
		`1 % (inputs.count - 3)`:                                "division by zero",
		`inputs.window / 0`:                                     "division by zero",
		`outputs.json.big + 1`:                                  "too large for an integer",
		`outputs.json.big * 2`:                                  "too large for an integer",
		`-outputs.json.big - 2`:                                 "too large for an integer",
		`abs(-outputs.json.big - 1)`:                            "too large for an integer",
		`-(-outputs.json.big - 1)`:                              "too large for an integer",
		`inputs.window * 9223372036854775807`:                   "too large for an integer",
		`inputs.window * 1e300`:                                 "too large for an integer",
		`int(1e300)`:                                            "no integer of 64 bits",
		`int("x")`:                                              `"x" is no integer`,
		`inputs.names[3]`:                                       "`inputs.names` has 3 elements, none at [3]",
		`inputs.names[-4]`:                                      "none at [-4]",
		`outputs.json.list["a"]`:                                "is a list and has no `a`",
		`mean(filter(inputs.numbers, # > 100))`:                 "the list is empty",
		`max(filter(inputs.numbers, # > 100))`:                  "the list is empty",
		`percentile([], 50)`:                                    "the list is empty",
		`percentile([1], 101)`:                                  "from 0 to 100",
		`slope([1])`:                                            "at least 2 numbers",
		`stddev([])`:                                            "the list is empty",
		`median([])`:                                            "the list is empty",
		`mean([outputs.json.nan])`:                              "NaN",
		`sort([1, "a"])`:                                        "does not go with",
		`outputs.json.active and true`:                          "a condition is true or false",
		`outputs.json.name ? 1 : 2`:                             "a condition is true or false",
		`all(outputs.json.list, #)`:                             "a condition is true or false",
		`all(outputs.json.active, true)`:                        "takes a list",
		`len(outputs.json.active)`:                              "len takes a text, a list or a map",
		`must(outputs.version, "no version given")`:             "no version given",
		`bytes("2 apples")`:                                     "no size",
		`duration("x")`:                                         "no duration",
		`semver("one")`:                                         "no version",
		`semver("1") < outputs.json`:                            "maps have no order",
		`fromJSON("{")`:                                         "JSON",
		`fromBase64("a*b")`:                                     "this is no base64",
		`fromBase64("/w==")`:                                    "no text in UTF-8",
		`format(1.5, 16)`:                                       "decimals are from 0 to 15, not 16",
		`fields("a: 1", outputs.json?.no ?? "")`:                "the separator is empty",
		`fields("a: 1").b`:                                      "`b`",
		`capture(outputs.body, outputs.json.name + "(")`:        "this is no regular expression",
		`capture("idle", "took (\\d+)")[0]`:                     "has 0 elements",
		`lines(repeat("\n", 200000))`:                           "more than 100000 elements",
		`date("yesterday")`:                                     "no time",
		`date("24/11/2026", "%Y-%m-%d")`:                        "no time of the form",
		`date("2026-02-30", "%Y-%m-%d")`:                        "no time of the form",
		`date("x 2026-11-24", "%Y-%m-%d")`:                      "no time of the form",
		`date("03:00 CET 2026", "%H:%M %Z %Y")`:                 "the zone CET of",
		`date("03:00 EST 2026", "15:04 MST 2006")`:              "the zone EST of",
		`date("9999999999999999999", "%s")`:                     "no time of the form",
		`date("1", outputs.json.name + "%")`:                    "is no directive",
		`outputs.body matches outputs.json.name + "("`:          "regular expression",
		`repeat("x", 10000000)`:                                 "longer than",
		`repeat(repeat("x", 1000000), 1000000)`:                 "longer than",
		`repeat("x", 1000000) + repeat("y", 1000000)`:           "longer than",
		`replace(repeat("x", 100000), "", repeat("y", 100000))`: "longer than",
		`join(map(1..1000, repeat("x", 10000)))`:                "longer than",
		`1..1000000`:                                            "more than 100000 elements",
		`0..9223372036854775807`:                                "more than 100000 elements",
		`-9223372036854775807..9223372036854775807`:             "more than 100000 elements",
		`concat(1..60000, 1..60000)`:                            "more than 100000 elements",
		`flatten([1..60000, 1..60000])`:                         "more than 100000 elements",
		`split(repeat("x", 200000), "")`:                        "more than 100000 elements",
		`all(1..2000, all(1..2000, true))`:                      "too many steps",
		`steps.sure`:                                            "no value by itself",
		`steps.sure == nil`:                                     "no value",
		`toJSON(steps.sure)`:                                    "no value by itself",
	} {
		e := mustCompile(t, source, testEnv(), nil)
		got, err := e.Eval(context.Background(), testValues(), expression.Limits{})
		if source == `steps.sure == nil` {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %#v, %v; want error %q", source, got, err, want)
		}
	}
	e := mustCompile(t, `outputs.json.name`, testEnv(), schema.BoolType)
	if _, err := e.Eval(context.Background(), testValues(), expression.Limits{}); err == nil || !strings.Contains(err.Error(), "true or false") {
		t.Errorf("a condition that is text: %v", err)
	}
}

func TestLimits(t *testing.T) {
	slow := mustCompile(t, `all(1..900, all(1..900, true))`, testEnv(), nil)
	if _, err := slow.Eval(context.Background(), testValues(), expression.Limits{Steps: 1000}); err == nil || !strings.Contains(err.Error(), "too many steps") {
		t.Errorf("with 1000 steps: %v", err)
	}
	if _, err := slow.Eval(context.Background(), testValues(), expression.Limits{Deadline: time.Now().Add(-time.Second)}); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("past the deadline: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mustCompile(t, "1 == 1", testEnv(), nil).Eval(ctx, testValues(), expression.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	late := ending{Context: context.Background(), after: 3}
	if _, err := slow.Eval(&late, testValues(), expression.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled within: %v", err)
	}
}

// TestLimitsBesideUnknown holds that an unknown does not hide that an
// evaluation was stopped.
func TestLimitsBesideUnknown(t *testing.T) {
	v := testValues()
	v.names["item"] = schema.Unknown{After: "change"}
	for _, source := range []string{
		`item.running and all(1..5000, true)`,
		`item.running ? all(1..5000, true) : true`,
		`any(concat([item.running], 1..2000), # == 0)`,
		`map(concat([item.running], 1..2000), # == 0)`,
		`[item.running, all(1..5000, true)]`,
		`item.memory_limit_bytes == len(map(1..5000, true))`,
	} {
		e := mustCompile(t, source, testEnv(), nil)
		if got, err := e.Eval(context.Background(), v, expression.Limits{Steps: 1000}); err == nil || !strings.Contains(err.Error(), "too many steps") {
			t.Errorf("%s = %v, %v", source, got, err)
		}
	}
	e := mustCompile(t, `any(concat([item.running], map(1..300, false)), # and 1 % 0 == 1)`, testEnv(), nil)
	if got, err := e.Eval(context.Background(), v, expression.Limits{Steps: 3000}); got != (schema.Unknown{After: "change"}) || err != nil {
		t.Errorf("an error behind an unknown: %v, %v", got, err)
	}
}

// ending is a context that ends after it was asked some times.
type ending struct {
	context.Context
	after int
}

func (e *ending) Err() error {
	if e.after--; e.after < 0 {
		return context.Canceled
	}
	return nil
}

// TestBombs holds that nothing large is worked on for long.
func TestBombs(t *testing.T) {
	deep := func(open, middle, end string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(end, n)
	}
	for name, source := range map[string]string{
		"1 MB of (":            strings.Repeat("(", 1<<20),
		"1 MB template":        "${{ " + strings.Repeat("(", 1<<20) + " }}",
		"8 KiB of (":           strings.Repeat("(", 8<<10),
		"8 KiB of [":           strings.Repeat("[", 8<<10),
		"8 KiB of !":           strings.Repeat("!", 8000) + "true",
		"8 KiB of -":           strings.Repeat("-", 8000) + "1",
		"nested brackets":      deep("(", "1", ")", 65),
		"long sum":             "1" + strings.Repeat("+1", 2000),
		"long conditional":     strings.Repeat("true?1:", 1000) + "1",
		"long power":           "1" + strings.Repeat("**1", 2000),
		"long member":          "outputs.json" + strings.Repeat(".a", 2000),
		"doubling comparisons": deep("0<(", "1", "<1)<1", 60),
		"many let":             strings.Repeat("let a=1;", 900) + "1",
		"unclosed text":        `"` + strings.Repeat("x", 7000),
		"unclosed comment":     "/*" + strings.Repeat("x", 7000),
		"many ${{":             strings.Repeat("${{", 2000),
		"invalid UTF-8":        "\"\xff\xfe\" == \"a\"",
		"huge number":          strings.Repeat("9", 5000),
		"huge exponent":        "1e" + strings.Repeat("9", 5000),
	} {
		quick(t, name, func() {
			if _, problems := expression.Compile(source, testEnv(), nil); len(problems) == 0 {
				t.Errorf("%s is accepted", name)
			}
		})
	}
	for _, source := range []string{
		`sum(map(1..99999, sum(map(1..99999, #))))`,
		`len(filter(1..99999, len(filter(1..99999, true)) > 0))`,
		`sort(map(1..99999, -#))[0] + sum(map(1..99999, len(sort(1..99999))))`,
		`len(map(1..99999, uniq(1..99999)))`,
		`len(map(1..99999, repeat("x", 1000000)))`,
		`any(1..99999, repeat("x", 1000000) matches "(x+x+)+y")`,
	} {
		quick(t, source, func() {
			if _, err := mustCompile(t, source, testEnv(), nil).Eval(context.Background(), testValues(), expression.Limits{}); err == nil {
				t.Errorf("%s has a value", source)
			}
		})
	}
}

// quick runs f, for which the processors must work less than 250 ms in one of some
// tries: half of that on a machine where nothing else runs, and without end if no
// bound held.
func quick(t *testing.T, name string, f func()) {
	t.Helper()
	best, limit := time.Hour, 250*time.Millisecond
	if raceDetector {
		limit *= 20
	}
	for range 5 {
		before := spent()
		f()
		if best = min(best, spent()-before); best < limit {
			return
		}
	}
	t.Errorf("%s takes %s", name, best)
}
