package mongo

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestKeys(t *testing.T) {
	keys, err := keysOf([]string{"user_id", "a.b asc", "created_at desc", "hash hashed"}, false)
	if err != nil || fmt.Sprint(keys) != `{"user_id":{"$numberInt":"1"},"a.b":{"$numberInt":"1"},"created_at":{"$numberInt":"-1"},"hash":"hashed"}` {
		t.Errorf("%v, %v", keys, err)
	}
	if name := nameOf(keys); name != "user_id_1_a.b_1_created_at_-1_hash_hashed" {
		t.Errorf("named %s", name)
	}
	for _, bad := range [][]string{{""}, {"a up"}, {"a desc now"}, {"a", "a desc"}, {"$x"}, {"a hashed"}} {
		if keys, err := keysOf(bad, true); err == nil {
			t.Errorf("%v: %v", bad, keys)
		}
	}
}

func TestCompareIndexes(t *testing.T) {
	raw := func(text string) index {
		var doc bson.D
		if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
			t.Fatal(err)
		}
		data, err := bson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return indexOf(data)
	}
	there := []index{
		raw(`{"name":"_id_","key":{"_id":1}}`), raw(`{"name":"a","key":{"x":1.0,"y":-1}}`), raw(`{"name":"u","key":{"u":1},"unique":true}`),
		raw(`{"name":"p_1","key":{"p":1},"partialFilterExpression":{"p":{"$gt":1}}}`), raw(`{"name":"h_1","key":{"h":1},"hidden":true}`),
		raw(`{"name":"s","key":{"s":1},"sparse":true}`), raw(`{"name":"c","key":{"c":1},"collation":{"locale":"de"}}`),
	}
	for _, c := range []struct {
		wanted wantedIndex
		is     string
	}{
		{wantedIndex{Keys: []string{"x", "y desc"}}, "existing a"},
		{wantedIndex{Keys: []string{"x", "y"}}, "missing x_1_y_1"},
		{wantedIndex{Keys: []string{"x"}}, "missing x_1"},
		{wantedIndex{Keys: []string{"y desc", "x"}}, "missing y_-1_x_1"},
		{wantedIndex{Keys: []string{"_id"}}, "existing _id_"},
		{wantedIndex{Keys: []string{"u"}, Unique: true, Name: "other"}, "existing u"},
		{wantedIndex{Keys: []string{"u"}}, "conflict u_1 (u): there is one with unique: true; write unique: true"},
		{wantedIndex{Keys: []string{"x", "y desc"}, Unique: true}, "unique: false; look for duplicates of x, y desc"},
		{wantedIndex{Keys: []string{"h"}}, `it is hidden, so no query uses it; let queries use it: db.getCollection("tasks").unhideIndex("h_1")`},
		{wantedIndex{Keys: []string{"p"}}, "the name is taken by the index p_1 on p, partial; give the index p a name of its own"},
		{wantedIndex{Keys: []string{"p"}, Name: "mine"}, "missing mine"},
		{wantedIndex{Keys: []string{"s"}}, "missing s_1"},
		{wantedIndex{Keys: []string{"c"}}, "missing c_1"},
		{wantedIndex{Keys: []string{"z"}, Name: "u"}, "the name is taken by the index u on u, unique; give the index z another name"},
	} {
		wishes, err := wishesOf("indexes", []wantedIndex{c.wanted})
		if err != nil {
			t.Fatal(err)
		}
		existing, missing, conflicts := compare(wishes, there)
		var got []string
		for _, name := range existing {
			got = append(got, "existing "+name)
		}
		for _, w := range missing {
			got = append(got, "missing "+w.name)
		}
		for _, x := range conflicts {
			got = append(got, "conflict "+x.String()+"; "+x.advice("tasks"))
		}
		if len(got) != 1 || !strings.Contains(got[0], c.is) {
			t.Errorf("%v: %q, want %q", c.wanted, got, c.is)
		}
	}
	if _, err := wishesOf("indexes", []wantedIndex{{Keys: []string{"a"}}, {Keys: []string{"a"}}}); err == nil || !strings.Contains(err.Error(), "with.indexes[1]: there are two indexes a_1") {
		t.Errorf("twice the same: %v", err)
	}
}
