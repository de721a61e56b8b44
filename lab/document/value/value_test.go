package value

import (
	"math"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

func TestOrderOfTypes(t *testing.T) {
	list := []any{bson.MinKey{}, nil, -1.5, int32(0), int64(7), "", "a", bson.D{}, bson.A{}, bson.Binary{},
		bson.ObjectID{}, false, true, bson.DateTime(0), bson.Timestamp{}, bson.Regex{}, bson.MaxKey{}}
	for i := range list {
		for j := range list {
			if got := Compare(list[i], list[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("compare %v with %v: %d", list[i], list[j], got)
			}
		}
	}
}

func draw(t *rapid.T, depth int) any {
	kinds := []func() any{
		func() any { return nil },
		func() any { return rapid.Int32Range(-3, 3).Draw(t, "int") },
		func() any {
			return rapid.SampledFrom([]int64{-3, 0, 1, 3, 1 << 53, 1<<53 + 1, math.MaxInt64}).Draw(t, "long")
		},
		func() any {
			return rapid.SampledFrom([]float64{math.NaN(), math.Inf(-1), -2.5, 0, 1, 1.5, 3, 1 << 53, 1 << 63, math.Inf(1)}).Draw(t, "double")
		},
		func() any { return rapid.SampledFrom([]string{"", "a", "ab", "b"}).Draw(t, "text") },
		func() any { return rapid.Bool().Draw(t, "bool") },
		func() any { return bson.DateTime(rapid.Int64Range(-2, 2).Draw(t, "date")) },
		func() any { return bson.Binary{Data: rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "bytes")} },
		func() any {
			d, _ := bson.ParseDecimal128(rapid.SampledFrom([]string{"1", "1.0", "-2.5", "1E+3"}).Draw(t, "decimal"))
			return d
		},
	}
	if depth > 0 {
		kinds = append(kinds,
			func() any {
				return bson.A(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return draw(t, depth-1) }), 0, 3).Draw(t, "elements"))
			},
			func() any {
				d := bson.D{}
				for _, name := range rapid.Permutation([]string{"a", "b"}).Draw(t, "fields") {
					d = append(d, bson.E{Key: name, Value: draw(t, depth-1)})
				}
				return d
			})
	}
	return kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]()
}

// TestOrderIsTotal holds that any three values have one order, that equal ones
// share an identity, and that nobody else does.
func TestOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw(t, 2), draw(t, 2), draw(t, 2)
		if Compare(a, a) != 0 || Compare(a, b) != -Compare(b, a) {
			t.Errorf("%s and %s: %d, %d", Format(a), Format(b), Compare(a, b), Compare(b, a))
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Errorf("%s, %s, %s go round", Format(a), Format(b), Format(c))
		}
		if Equal(a, b) != (Identity(a) == Identity(b)) {
			t.Errorf("%s and %s: equal %v, identities %s and %s", Format(a), Format(b), Equal(a, b), Identity(a), Identity(b))
		}
	})
}

// TestSizeIsThatOfBSON holds that a size is what the driver would send.
func TestSizeIsThatOfBSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := bson.D{{Key: "v", Value: draw(t, 3)}, {Key: "w", Value: draw(t, 1)}}
		data, err := bson.Marshal(d)
		if err != nil || Size(d) != len(data) {
			t.Errorf("%s: %d bytes, encoded %d, %v", Format(d), Size(d), len(data), err)
		}
	})
}

func TestNormalSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t, 3)
		before := Format(v)
		copied, err := Normal(v)
		if err != nil || Format(copied) != before {
			t.Fatalf("%s of %s, %v", Format(copied), before, err)
		}
		spoil(copied)
		if Format(v) != before {
			t.Errorf("a change of the copy shows: %s, before %s", Format(v), before)
		}
	})
}

func spoil(v any) {
	switch v := v.(type) {
	case bson.D:
		for i := range v {
			spoil(v[i].Value)
			v[i].Value = "spoilt"
		}
	case bson.A:
		for i := range v {
			spoil(v[i])
			v[i] = "spoilt"
		}
	}
}

func TestArithmetic(t *testing.T) {
	decimal, _ := bson.ParseDecimal128("0.1")
	for _, c := range []struct {
		sign rune
		a, b any
		want any
		loss bool // it leaves 64 bits
	}{
		{'+', int32(1), int32(2), int32(3), false},
		{'+', int32(2147483647), int32(1), int64(2147483648), false},
		{'+', int64(1), int32(1), int64(2), false},
		{'+', int32(1), 0.5, 1.5, false},
		{'+', int64(9223372036854775807), int32(1), 9223372036854775808.0, true},
		{'+', int64(-9223372036854775808), int32(-1), -9223372036854775808.0, true},
		{'-', int32(1), int64(3), int64(-2), false},
		{'-', int32(1), 2.5, -1.5, false},
		{'-', int64(-9223372036854775808), int32(1), -9223372036854775808.0, true},
		{'*', int32(65536), int32(65536), int64(4294967296), false},
		{'*', int64(4294967296), int64(4294967296), 18446744073709551616.0, true},
		{'*', int64(-9223372036854775808), int32(-1), 9223372036854775808.0, true},
		{'+', decimal, int32(1), 1.1, true},
	} {
		if got, exact := Calculate(c.sign, c.a, c.b); got != c.want || exact == c.loss {
			t.Errorf("%v %c %v: %v, exact %v, want %v", c.a, c.sign, c.b, got, exact, c.want)
		}
	}
}

// TestNormal holds that Go's values become those of BSON as a driver sends them.
func TestNormal(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{5, "5"}, {1 << 40, "1099511627776"}, {time.Unix(1, 0), "new Date(1000)"}, {[]string{"a"}, `[ "a" ]`}, {[]bson.D{{{Key: "a", Value: 1}}}, "[ { a: 1 } ]"},
		{map[string]any{"b": true}, "{ b: true }"}, {bson.Null{}, "null"}, {bson.D{{Key: "a", Value: bson.A{uint8(3)}}}, "{ a: [ 3 ] }"},
		{make(chan int), "error"}, {bson.A{bson.Symbol("s")}, "error"},
	} {
		got, err := Normal(c.v)
		if err == nil != (c.want != "error") || err == nil && Format(got) != c.want {
			t.Errorf("%#v: %s, %v, want %s", c.v, Format(got), err, c.want)
		}
	}
	if n, _ := Normal(1 << 40); n != any(int64(1<<40)) {
		t.Errorf("%T", n)
	}
}

func TestFormat(t *testing.T) {
	for want, v := range map[string]any{
		"null": nil, "1": int32(1), "1.0": 1.0, "1.5": 1.5, "inf.0": math.Inf(1), `"a\"b"`: `a"b`, "{}": bson.D{}, "[]": bson.A{}, "MinKey": bson.MinKey{},
		`{ a: [ 1, "x" ], b: {} }`:             bson.D{{Key: "a", Value: bson.A{int32(1), "x"}}, {Key: "b", Value: bson.D{}}},
		"new Date(5)":                          bson.DateTime(5),
		"ObjectId('000000000000000000000000')": bson.ObjectID{},
		"/a/i":                                 bson.Regex{Pattern: "a", Options: "i"},
		"BinData(0, AQ==)":                     bson.Binary{Data: []byte{1}},
		"Timestamp(1, 2)":                      bson.Timestamp{T: 1, I: 2},
		"undefined":                            Missing{},
	} {
		if got := Format(v); got != want {
			t.Errorf("%#v is %s, want %s", v, got, want)
		}
	}
}

// TestPaths holds what a condition on a path is tested against, and under which
// keys an index holds it.
func TestPaths(t *testing.T) {
	doc := bson.D{
		{Key: "a", Value: bson.A{bson.D{{Key: "b", Value: int32(1)}}, bson.D{{Key: "b", Value: bson.A{int32(2), int32(3)}}}, int32(9)}},
		{Key: "e", Value: bson.A{}}, {Key: "n", Value: int32(4)},
	}
	for path, want := range map[string][2]string{
		"n":     {"[ 4 ]", "[ 4 ]"},
		"n.x":   {"[ undefined ]", "[ null ]"},
		"x":     {"[ undefined ]", "[ null ]"},
		"e":     {"[ [] ]", "[ undefined ]"},
		"a.b":   {"[ 1, 2, 3, [ 2, 3 ] ]", "[ 1, 2, 3 ]"},
		"a.0.b": {"[ undefined, undefined, 1 ]", "[ null, null, 1 ]"},
		"a.2":   {"[ undefined, undefined, 9 ]", "[ null, null, 9 ]"},
	} {
		leaves := bson.A{}
		Leaves(doc, Split(path), func(v any, _ bool) bool { leaves = append(leaves, v); return false })
		keys, _ := Keys(doc, Split(path))
		if got := [2]string{Format(leaves), Format(bson.A(keys))}; got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
