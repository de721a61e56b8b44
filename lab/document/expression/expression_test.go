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
		`{"$dateToString": {"date": "$d"}}`:                                   `"2026-03-04T05:06:07.008Z"`,
		`{"$dateToString": {"date": "$d", "format": "day %j, 100%%"}}`:        `"day 063, 100%"`,
		`{"$dateToString": {"date": "$z"}}`:                                   `null`,
		`{"$size": "$l"}`:                                                     `3`,
		`{"$eq": ["$nope", null]}`:                                            `false`,
		`{"$dateToString": {"format": "%H", "date": "$d"}}`:                   `"05"`,
		`{"$multiply": [{"$numberLong": "4611686018427387904"}, 4]}`:          `1.8446744073709552e+19`,
		`{"$in": [2, "$l"]}`:                                                  `true`,
		`{"$literal": "$n"}`:                                                  `"$n"`,
		`{"$not": ["$z"]}`:                                                    `true`,
		`{"$and": ["$n", {"$lt": ["$f", 3]}]}`:                                `true`,
		`"$t.x"`:                                                              `[ 1, 2 ]`,
		`"$$NOW"`:                                                             `new Date(1772600767000)`,
		`{"$add": [{"$numberInt": "2147483647"}, 1]}`:                         `2147483648`,
		`{"$subtract": ["$n", 2.5]}`:                                          `4.5`,
		`{"$abs": -3}`:                                                        `3`,
		`{"$round": [1234, -2]}`:                                              `1200`,
		`{"$round": [2.5]}`:                                                   `2.0`,
		`{"$toLower": "$s"}`:                                                  `"ab c"`,
		`{"$toLower": "$z"}`:                                                  `""`,
		`{"$concat": ["$s", "$z"]}`:                                           `null`,
		`{"$toString": "$d"}`:                                                 `"2026-03-04T05:06:07.008Z"`,
		`{"$or": ["$z", 0]}`:                                                  `false`,
		`{"a": "$n", "b": ["$f", "$nope"]}`:                                   `{ a: 7, b: [ 2.5, null ] }`,
		`"$$ROOT.o.k"`:                                                        `1`,
		`"$nope"`:                                                             `undefined`,
	} {
		got, err := of(read(t, x), doc)
		if err != nil || value.Format(got) != want {
			t.Errorf("%s: %s, %v, want %s", x, value.Format(got), err, want)
		}
	}
}

func TestExpressionErrors(t *testing.T) {
	for x, want := range map[string]string{
		`{"$foo": 1}`:                     "(InvalidPipelineOperator) Unrecognized expression '$foo' for this server of a lab",
		`{"$switch": {"branches": []}}`:   "(InvalidPipelineOperator) Unrecognized expression '$switch' for this server of a lab",
		`{"$add": ["a"]}`:                 "(TypeMismatch) $add does not take the type string",
		`{"$add": ["$$NOW", "$$NOW"]}`:    "(TypeMismatch) $add does not take these dates: [ new Date(1772600767000), new Date(1772600767000) ]",
		`{"$subtract": [1, "$$NOW"]}`:     "(TypeMismatch) $subtract does not take these dates: [ 1, new Date(1772600767000) ]",
		`{"$multiply": ["$$NOW"]}`:        "(TypeMismatch) $multiply does not take these dates: [ new Date(1772600767000) ]",
		`{"$divide": [1, 0]}`:             "(BadValue) can't $divide by zero",
		`{"$divide": [1, "x"]}`:           "(TypeMismatch) $divide does not take the type string",
		`{"$subtract": [1]}`:              "(Location16020) Expression $subtract takes exactly 2 arguments. 1 were passed in.",
		`{"$ifNull": [1]}`:                "(Location16020) Expression $ifNull takes at least 2 arguments. 1 were passed in.",
		`{"$round": [1, 2, 3]}`:           "(Location16020) Expression $round takes at least 1 arguments, and at most 2. 3 were passed in.",
		`{"$size": "x"}`:                  "(TypeMismatch) $size does not take the type string",
		`{"$in": [1, 2]}`:                 "(TypeMismatch) $in does not take the type int",
		`{"$cond": [1, 2]}`:               "(Location16020) Expression $cond takes exactly 3 arguments. 2 were passed in.",
		`{"$cond": {"if": 1, "then": 2}}`: "(Location16020) Expression $cond takes exactly 3 arguments. 2 were passed in.",
		`{"$dateToString": {"date": "$$NOW", "timezone": "+01:00"}}`: `(FailedToParse) $dateToString takes date, format, and was given { date: "$$NOW", timezone: "+01:00" }`,
		`{"$dateToString": {"date": 5}}`:                             "(TypeMismatch) $dateToString does not take the type int",
		`{"$dateToString": {"date": "$$NOW", "format": "%Q"}}`:       "(Location18536) Invalid format character in format string: %Q",
		`{"$dateToString": {"date": "$$NOW", "format": 5}}`:          "(TypeMismatch) $dateToString does not take the type int",
		`{"$toUpper": 5}`:    "(TypeMismatch) $toUpper does not take the type int",
		`{"$toString": []}`:  "(Location16020) Expression $toString takes exactly 1 arguments. 0 were passed in.",
		`{"$toString": {}}`:  "(TypeMismatch) $toString does not take the type object",
		`{"a": "$a..b"}`:     "(Location15998) FieldPath field names may not be empty strings.",
		`{"a": 1, "$b": 2}`:  "(Location15983) An object representing an expression must have exactly one field: { a: 1, $b: 2 }",
		`{"$a": 1, "$b": 2}`: "(Location15983) An object representing an expression must have exactly one field: { $a: 1, $b: 2 }",
		`"$$nope"`:           "(Location17276) Use of undefined variable: nope",
		`"$"`:                "(Location16872) '$' by itself is not a valid FieldPath",
	} {
		if _, err := of(read(t, x), bson.D{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", x, err, want)
		}
	}
}

func args(pairs ...any) bson.D {
	var d bson.D
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, bson.E{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return d
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
		n := value.Compare(a, b)
		if is("$eq") != (n == 0) || is("$ne") != (n != 0) || is("$gt") != (n > 0) || is("$gte") != (n >= 0) || is("$lt") != (n < 0) || is("$lte") != (n <= 0) {
			t.Errorf("%v and %v compare as %d, and otherwise", a, b, n)
		}
	})
}
