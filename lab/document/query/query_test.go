package query

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// read makes a document of extended JSON.
func read(t testing.TB, text string) bson.D {
	t.Helper()
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func matches(doc, filter bson.D) (bool, error) {
	f, err := Parse(filter)
	if err != nil {
		return false, err
	}
	return f.Matches(doc), nil
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		doc, filter string
		want        bool
	}{
		{`{"a": 1}`, `{}`, true},
		{`{"a": 1}`, `{"a": 1.0}`, true},
		{`{"a": 1}`, `{"a": {"$numberLong": "1"}}`, true},
		{`{"a": {"$numberDecimal": "1.5"}}`, `{"a": 1.5}`, true},
		{`{"a": [1, 2]}`, `{"a": 2}`, true},
		{`{"a": [1, 2]}`, `{"a": [1, 2]}`, true},
		{`{"a": [1, 2]}`, `{"a": [2, 1]}`, false},
		{`{"a": [[1, 2]]}`, `{"a": [1, 2]}`, true},
		{`{"a": {"b": 1, "c": 2}}`, `{"a": {"c": 2, "b": 1}}`, false},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.b": 2}`, true},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.1.b": 2}`, true},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.0.b": 2}`, false},
		{`{}`, `{"a": null}`, true},
		{`{"a": 1}`, `{"a.b": null}`, true},
		{`{"a": []}`, `{"a": null}`, false},
		{`{"a": [{"b": 1}, {}]}`, `{"a.b": null}`, true},
		{`{"a": "x"}`, `{"a": {"$gt": 1}}`, false},
		{`{"a": [1, 9]}`, `{"a": {"$gt": 4, "$lt": 6}}`, true},
		{`{"a": null}`, `{"a": {"$gte": null}}`, true},
		{`{"a": [1, 2]}`, `{"a": {"$ne": 1}}`, false},
		{`{}`, `{"a": {"$ne": 1}}`, true},
		{`{"a": 3}`, `{"a": {"$in": [1, 3]}}`, true},
		{`{"a": "abc"}`, `{"a": {"$in": [{"$regularExpression": {"pattern": "^ab", "options": ""}}]}}`, true},
		{`{}`, `{"a": {"$in": [null]}}`, true},
		{`{"a": 3}`, `{"a": {"$nin": [1, 2]}}`, true},
		{`{"a": null}`, `{"a": {"$exists": true}}`, true},
		{`{}`, `{"a": {"$exists": false}}`, true},
		{`{"a": ["x", 1]}`, `{"a": {"$type": "string"}}`, true},
		{`{"a": ["x"]}`, `{"a": {"$type": "array"}}`, true},
		{`{"a": {"$numberLong": "1"}}`, `{"a": {"$type": "number"}}`, true},
		{`{"a": 1}`, `{"a": {"$type": ["string", "bool"]}}`, false},
		{`{"a": "Foo"}`, `{"a": {"$regex": "^f", "$options": "i"}}`, true},
		{`{"a": "Foo"}`, `{"a": {"$not": {"$regex": "^F"}}}`, false},
		{`{"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]}`, `{"a.b": 2, "a.c": 2}`, true},
		{`{"a": 1, "b": 2}`, `{"$or": [{"a": 2}, {"b": 2}]}`, true},
		{`{"a": 1, "b": 2}`, `{"$nor": [{"a": 2}, {"b": 2}]}`, false},
		{`{"a": {"b": {"c": 1}}}`, `{"a.b.c": 1, "$comment": "x"}`, true},
	} {
		got, err := matches(read(t, c.doc), read(t, c.filter))
		if err != nil || got != c.want {
			t.Errorf("%s of %s: %v, %v", c.filter, c.doc, got, err)
		}
	}
}

func TestMatchErrors(t *testing.T) {
	for filter, want := range map[string]string{
		`{"a": {"$foo": 1}}`:              "(BadValue) unknown operator for this server of a lab: $foo",
		`{"a": {"$in": 1}}`:               "(BadValue) $in needs an array",
		`{"$and": []}`:                    "(BadValue) $and/$or/$nor must be a nonempty array",
		`{"$expr": {"$gt": ["$b", 1]}}`:   "(BadValue) unknown top level operator for this server of a lab: $expr",
		`{"a": {"$options": "i"}}`:        "(BadValue) $options needs a $regex",
		`{"a": {"$all": [1]}}`:            "(BadValue) unknown operator for this server of a lab: $all",
		`{"a": {"$type": 2}}`:             "(BadValue) Unknown type name alias: 2",
		`{"a": {"$elemMatch": {"b": 1}}}`: "(BadValue) unknown operator for this server of a lab: $elemMatch",
		`{"a": {"$not": {}}}`:             "(BadValue) $not cannot be empty",
		`{"a": {"$type": "quaternion"}}`:  "(BadValue) Unknown type name alias: quaternion",
	} {
		_, err := matches(bson.D{}, read(t, filter))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", filter, err, want)
		}
	}
}

func drawScalar(t *rapid.T) any {
	return rapid.SampledFrom([]any{nil, int32(1), int64(2), 2.5, "x", "xy", true}).Draw(t, "scalar")
}

func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		return bson.A(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return drawValue(t, depth-1) }), 0, 3).Draw(t, "elements"))
	case kind == 1 && depth > 0:
		return drawDocument(t, depth-1)
	}
	return drawScalar(t)
}

func drawDocument(t *rapid.T, depth int) bson.D {
	d := bson.D{}
	for _, name := range []string{"a", "b", "c"} {
		if rapid.IntRange(0, 3).Draw(t, "has "+name) > 0 {
			d = append(d, bson.E{Key: name, Value: drawValue(t, depth)})
		}
	}
	return d
}

func one(key string, v any) bson.D { return bson.D{{Key: key, Value: v}} }

// TestConditionsAgree holds that operators which say the same thing answer the
// same.
func TestConditionsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t, 2)
		path := rapid.SampledFrom([]string{"a", "b", "a.b", "a.0"}).Draw(t, "path")
		v, w := drawScalar(t), drawScalar(t)
		is := func(filter bson.D) bool {
			ok, err := matches(doc, filter)
			if err != nil {
				t.Fatalf("%v: %v", filter, err)
			}
			return ok
		}
		for _, c := range []struct {
			what string
			a, b bool
		}{
			{"$ne is not $eq", is(one(path, one("$ne", v))), !is(one(path, v))},
			{"$nin is not $in", is(one(path, one("$nin", bson.A{v, w}))), !is(one(path, one("$in", bson.A{v, w})))},
			{"$in is $or", is(one(path, one("$in", bson.A{v, w}))), is(one("$or", bson.A{one(path, v), one(path, w)}))},
			{"$gte is $gt or $eq", is(one(path, one("$gte", v))), is(one("$or", bson.A{one(path, one("$gt", v)), one(path, one("$eq", v))}))},
			{"$nor is not $or", is(one("$nor", bson.A{one(path, v), one(path, w)})), !is(one("$or", bson.A{one(path, v), one(path, w)}))},
			{"$not", is(one(path, one("$not", one("$lt", v)))), !is(one(path, one("$lt", v)))},
			{"$exists", is(one(path, one("$exists", false))), !is(one(path, one("$exists", true)))},
		} {
			if c.a != c.b {
				t.Errorf("%s: %v and %v of %s at %s with %v, %v", c.what, c.a, c.b, value.Format(doc), path, v, w)
			}
		}
	})
}

// TestChangesAgree holds that a change does what it says, once and for all, and
// leaves the document that it was given.
func TestChangesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t, 2)
		before := value.Format(doc)
		v, w := drawValue(t, 1), drawValue(t, 1)
		name := rapid.SampledFrom([]string{"a", "b", "d", "d.e"}).Draw(t, "name")
		do := func(doc bson.D, change bson.D) bson.D {
			c, err := ParseChange(change, time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.Apply(doc)
			if err != nil {
				t.Fatalf("%v of %s: %v", change, value.Format(doc), err)
			}
			return out
		}
		set := do(doc, one("$set", one(name, v)))
		if got := expression.Get(set, value.Split(name)); !value.Equal(got, v) {
			t.Errorf("$set %s of %s: %s", name, before, value.Format(set))
		}
		if again := do(set, one("$set", one(name, v))); !value.Equal(again, set) {
			t.Errorf("$set twice: %s, then %s", value.Format(set), value.Format(again))
		}
		gone := do(set, one("$unset", one(name, "")))
		if _, missing := expression.Get(gone, value.Split(name)).(value.Missing); !missing {
			t.Errorf("$unset %s left %s", name, value.Format(gone))
		}
		least, most := do(set, one("$min", one(name, w))), do(set, one("$max", one(name, w)))
		low, high := expression.Get(least, value.Split(name)), expression.Get(most, value.Split(name))
		if value.Compare(low, high) > 0 || !value.Equal(low, v) && !value.Equal(low, w) || !value.Equal(high, v) && !value.Equal(high, w) {
			t.Errorf("$min and $max with %s of %s: %s, %s", value.Format(w), value.Format(set), value.Format(low), value.Format(high))
		}
		if value.Format(doc) != before {
			t.Errorf("the document was changed: %s, before %s", value.Format(doc), before)
		}
	})
}

func TestProjections(t *testing.T) {
	doc := read(t, `{"_id": 1, "a": {"b": 1, "c": 2}, "l": [{"b": 1, "c": 2}, 5], "n": 3}`)
	for spec, want := range map[string]string{
		`{"a.b": 1}`:                     `{ _id: 1, a: { b: 1 } }`,
		`{"a.b": 0, "l.c": 0, "_id": 0}`: `{ a: { c: 2 }, l: [ { b: 1 }, 5 ], n: 3 }`,
		`{"l.b": 1}`:                     `{ _id: 1, l: [ { b: 1 } ] }`,
		`{"x.y": 1}`:                     `{ _id: 1 }`,
		`{"n": {"$add": ["$n", "$a.b"]}, "x": 1}`: `{ _id: 1, n: 4 }`,
		`{"a.b": "$n"}`:                  `{ _id: 1, a: { b: 3 } }`,
		`{"v.w": "$n", "gone": "$nope"}`: `{ _id: 1, v: { w: 3 } }`,
		`{"_id": "$n"}`:                  `{ _id: 3 }`,
		`{"_id": 1}`:                     `{ _id: 1 }`,
	} {
		p, err := ParseProjection(read(t, spec), true)
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		got, err := p.Apply(doc, time.Time{})
		if err != nil || value.Format(got) != want {
			t.Errorf("%s: %s, %v, want %s", spec, value.Format(got), err, want)
		}
	}
	for spec, want := range map[string]string{
		`{}`:                   "(Location51272) Invalid $project :: caused by :: projection specification must have at least one field",
		`{"a": 0, "n": 1}`:     "(Location31253) Cannot do inclusion on field n in exclusion projection",
		`{"a": 1, "a.b": 1}`:   "(Location31249) Path collision at a.b",
		`{"a.b": 1, "a": "x"}`: "(Location31249) Path collision at a",
		`{"l.$": 1}`:           "(BadValue) this server of a lab has no positional projection: l.$",
		`{"a": {"b": 1}}`:      "(CommandNotSupported) this server of a lab has no projections within projections: a",
	} {
		if _, err := ParseProjection(read(t, spec), true); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
}

// TestProjectionsPart holds that what one projection leaves in, the opposite one
// takes out.
func TestProjectionsPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t, 2)
		names := rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(t, "names")[:rapid.IntRange(1, 3).Draw(t, "how many")]
		shown := func(flag bool) bson.D {
			spec := bson.D{}
			for _, name := range names {
				spec = append(spec, bson.E{Key: name, Value: flag})
			}
			p, err := ParseProjection(spec, true)
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Apply(doc, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		in, out := shown(true), shown(false)
		for _, e := range doc {
			kept, inside := value.Field(in, e.Key)
			left, outside := value.Field(out, e.Key)
			if inside == outside || inside && !value.Equal(kept, e.Value) || outside && !value.Equal(left, e.Value) {
				t.Errorf("%v of %s shows %s, hides %s", names, value.Format(doc), value.Format(in), value.Format(out))
			}
		}
	})
}
