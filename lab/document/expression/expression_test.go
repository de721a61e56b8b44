package expression

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"runbook/lab/document/value"
)

// read makes a value of extended JSON.
func read(t testing.TB, text string) any {
	t.Helper()
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(`{"v": `+text+`}`), false, &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d[0].Value
}

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// of evaluates an expression over a document.
func of(x, doc any) (any, error) {
	parsed, err := Parse(x)
	if err != nil {
		return nil, err
	}
	return parsed(&Scope{Root: doc, Now: now})
}

// TestExpressions holds what the manual says of each operator.
func TestExpressions(t *testing.T) {
	doc := read(t, `{"_id": 1, "n": 7, "f": 2.5, "s": "Ab c", "l": [3, 1, 2], "d": {"$date": "2026-03-04T05:06:07.008Z"}, "e": {"$date": "2026-03-05T04:00:00Z"}, "o": {"k": 1}, "t": [{"x": 1}, {"x": 2}], "z": null}`)
	for x, want := range map[string]string{
		`{"$add": ["$n", "$f"]}`:                          `9.5`,
		`{"$add": ["$d", 1000]}`:                          `new Date(1772600768008)`,
		`{"$subtract": ["$e", "$d"]}`:                     `82432992`,
		`{"$divide": ["$n", 2]}`:                          `3.5`,
		`{"$multiply": ["$n", null]}`:                     `null`,
		`{"$round": ["$f", 0]}`:                           `2.0`,
		`{"$cond": [{"$gt": ["$n", 5]}, "big", "small"]}`: `"big"`,
		`{"$ifNull": ["$z", "$nope", "x"]}`:               `"x"`,
		`{"$concat": ["$s", "!"]}`:                        `"Ab c!"`,
		`{"$toUpper": "$s"}`:                              `"AB C"`,
		`{"$toString": "$n"}`:                             `"7"`,
		`{"$dateToString": {"date": "$d", "format": "%Y-%m-%d %H:%M:%S.%L"}}`: `"2026-03-04 05:06:07.008"`,
		`{"$dateTrunc": {"date": "$d", "unit": "hour"}}`:                      `new Date(1772600400000)`,
		`{"$dateToString": {"date": "$d"}}`:                                   `"2026-03-04T05:06:07.008Z"`,
		`{"$dateToString": {"date": "$d", "format": "day %j, 100%%"}}`:        `"day 063, 100%"`,
		`{"$dateToString": {"date": "$z"}}`:                                   `null`,
		`{"$dateTrunc": {"date": "$d", "unit": "year"}}`:                      `new Date(1767225600000)`,
		`{"$dateTrunc": {"date": "$nope", "unit": "day"}}`:                    `null`,
		`{"$size": "$l"}`:                             `3`,
		`{"$arrayElemAt": ["$l", -1]}`:                `2`,
		`{"$in": [2, "$l"]}`:                          `true`,
		`{"$sum": "$l"}`:                              `6`,
		`{"$max": ["$n", "$f"]}`:                      `7`,
		`{"$type": "$nope"}`:                          `"missing"`,
		`{"$type": "$d"}`:                             `"date"`,
		`{"$literal": "$n"}`:                          `"$n"`,
		`{"$not": ["$z"]}`:                            `true`,
		`{"$and": ["$n", {"$lt": ["$f", 3]}]}`:        `true`,
		`"$t.x"`:                                      `[ 1, 2 ]`,
		`"$$NOW"`:                                     `new Date(1772600767000)`,
		`{"$bsonSize": "$o"}`:                         `12`,
		`{"$cmp": ["$n", 9]}`:                         `-1`,
		`{"$add": [{"$numberInt": "2147483647"}, 1]}`: `2147483648`,
		`{"$subtract": ["$n", 2.5]}`:                  `4.5`,
		`{"$abs": -3}`:                                `3`,
		`{"$floor": "$f"}`:                            `2.0`,
		`{"$ceil": "$f"}`:                             `3.0`,
		`{"$round": [1234, -2]}`:                      `1200`,
		`{"$round": [2.5]}`:                           `2.0`,
		`{"$avg": "$l"}`:                              `2.0`,
		`{"$min": ["$z", "$f", "$n"]}`:                `2.5`,
		`{"$first": "$l"}`:                            `3`,
		`{"$last": "$l"}`:                             `2`,
		`{"$isArray": "$l"}`:                          `true`,
		`{"$arrayElemAt": ["$l", 9]}`:                 `undefined`,
		`{"$toLower": "$s"}`:                          `"ab c"`,
		`{"$toLower": "$z"}`:                          `""`,
		`{"$concat": ["$s", "$z"]}`:                   `null`,
		`{"$toString": "$d"}`:                         `"2026-03-04T05:06:07.008Z"`,
		`{"$toDate": {"$oid": "000000000000000000000001"}}`: `new Date(0)`,
		`{"$dateTrunc": {"date": "$d", "unit": "week"}}`:    `new Date(1772323200000)`,
		`{"$or": ["$z", 0]}`:                                `false`,
		`{"a": "$n", "b": ["$f", "$nope"]}`:                 `{ a: 7, b: [ 2.5, null ] }`,
		`"$$ROOT.o.k"`:                                      `1`,
		`"$nope"`:                                           `undefined`,
	} {
		got, err := of(read(t, x), doc)
		if err != nil || value.Format(got) != want {
			t.Errorf("%s: %s, %v, want %s", x, value.Format(got), err, want)
		}
	}
}

func TestExpressionErrors(t *testing.T) {
	for x, want := range map[string]string{
		`{"$foo": 1}`:                     "(InvalidPipelineOperator) Unrecognized expression '$foo'",
		`{"$add": ["a"]}`:                 "(TypeMismatch) $add only supports numeric or date types, not string",
		`{"$divide": [1, 0]}`:             "(BadValue) can't $divide by zero",
		`{"$subtract": [1]}`:              "(Location16020) Expression $subtract takes exactly 2 arguments. 1 were passed in.",
		`{"$size": "x"}`:                  "(Location17124) The argument to $size must be an array, but was of type: string",
		`{"$cond": [1, 2]}`:               "(Location16020) Expression $cond takes exactly 3 arguments. 2 were passed in.",
		`{"$cond": {"if": 1, "then": 2}}`: "(FailedToParse) Missing 'else' parameter to $cond",
		`{"$switch": {"branches": []}}`:   "(InvalidPipelineOperator) Unrecognized expression '$switch'",
		`{"$toDate": "2026-03-04"}`:       "(ConversionFailure) Unsupported conversion from string to date in $convert with no onError value",
		`{"$dateToString": {"date": "$$NOW", "timezone": "+01:00"}}`: "(FailedToParse) Unrecognized parameter to $dateToString: timezone",
		`{"$dateToString": {"date": 5}}`:                             "(Location16006) can't convert from BSON type int to Date",
		`{"$dateToString": {"date": "$$NOW", "format": "%"}}`:        "(Location18535) Unmatched '%' at end of format string",
		`{"$toUpper": 5}`: "(Location16007) can't convert from BSON type int to String",
		`{"a": "$a..b"}`:  "(Location15998) FieldPath field names may not be empty strings.",
		`"$$nope"`:        "(Location17276) Use of undefined variable: nope",
		`"$"`:             "(Location16872) '$' by itself is not a valid FieldPath",
		`{"$dateTrunc": {"date": {"$date": "2026-03-04T05:06:07Z"}, "unit": "fortnight"}}`: "(FailedToParse) unknown time unit value: fortnight",
		`{"$dateToString": {"date": "$$NOW", "format": "%Q"}}`:                             "(Location18536) Invalid format character '%Q' in format string",
	} {
		if _, err := of(read(t, x), bson.D{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", x, err, want)
		}
	}
}

var units = []string{"year", "month", "week", "day", "hour", "minute", "second"}

func drawDate(t *rapid.T) bson.DateTime {
	return bson.DateTime(rapid.Int64Range(-1<<41, 1<<42).Draw(t, "milliseconds"))
}

func args(pairs ...any) bson.D {
	var d bson.D
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, bson.E{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return d
}

// TestUnitsBeginOnce holds that the beginning of a unit is not behind its date,
// is its own beginning, and that a longer unit does not begin later.
func TestUnitsBeginOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		date := drawDate(t)
		begins := func(d any, unit string) bson.DateTime {
			got, err := of(args("$dateTrunc", args("date", d, "unit", unit)), bson.D{})
			if err != nil {
				t.Fatalf("%s of %v: %v", unit, d, err)
			}
			return got.(bson.DateTime)
		}
		var last bson.DateTime
		for i, unit := range units {
			begun := begins(date, unit)
			if begun > date || begins(begun, unit) != begun {
				t.Errorf("%v of %v begins at %v", unit, date, begun)
			}
			if i > 0 && unit != "week" && begun < last {
				t.Errorf("%v of %v begins before what holds it", unit, date)
			}
			if unit != "week" {
				last = begun
			}
		}
	})
}

// TestComparisonsAgree holds that the six of them tell the same order.
func TestComparisonsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) any {
			return rapid.SampledFrom([]any{nil, int32(1), int64(1), 1.0, 2.5, "a", "b", true, bson.A{int32(1)}, bson.D{{Key: "a", Value: int32(1)}}, bson.DateTime(5)}).Draw(t, label)
		}
		a, b := draw("a"), draw("b")
		literal := func(v any) any { return args("$literal", v) }
		is := func(op string) bool {
			got, err := of(args(op, bson.A{literal(a), literal(b)}), bson.D{})
			if err != nil {
				t.Fatal(err)
			}
			return got.(bool)
		}
		c, err := of(args("$cmp", bson.A{literal(a), literal(b)}), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		n := c.(int32)
		if is("$eq") != (n == 0) || is("$ne") != (n != 0) || is("$gt") != (n > 0) || is("$gte") != (n >= 0) || is("$lt") != (n < 0) || is("$lte") != (n <= 0) {
			t.Errorf("%v and %v compare as %d, and otherwise", a, b, n)
		}
	})
}
