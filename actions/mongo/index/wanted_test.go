package index

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestCompare(t *testing.T) {
	raw := func(text string) Index {
		var doc bson.D
		if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
			t.Fatal(err)
		}
		data, err := bson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return parse(data)
	}
	there := []Index{
		raw(`{"name":"_id_","key":{"_id":1}}`), raw(`{"name":"a","key":{"x":1.0,"y":-1}}`), raw(`{"name":"u","key":{"u":1},"unique":true}`),
		raw(`{"name":"p_1","key":{"p":1},"partialFilterExpression":{"p":{"$gt":1}}}`), raw(`{"name":"h_1","key":{"h":1},"hidden":true}`),
		raw(`{"name":"s","key":{"s":1},"sparse":true}`), raw(`{"name":"c","key":{"c":1},"collation":{"locale":"de"}}`),
	}
	for _, c := range []struct {
		wanted Wanted
		is     string
	}{
		{Wanted{Keys: []string{"x", "y desc"}}, "existing a"},
		{Wanted{Keys: []string{"x", "y"}}, "missing x_1_y_1"},
		{Wanted{Keys: []string{"x"}}, "missing x_1"},
		{Wanted{Keys: []string{"y desc", "x"}}, "missing y_-1_x_1"},
		{Wanted{Keys: []string{"_id"}}, "existing _id_"},
		{Wanted{Keys: []string{"u"}, Unique: true, Name: "other"}, "existing u"},
		{Wanted{Keys: []string{"u"}}, "conflict u_1 (u): there is one with unique: true; write unique: true"},
		{Wanted{Keys: []string{"x", "y desc"}, Unique: true}, "unique: false; look for duplicates of x, y desc"},
		{Wanted{Keys: []string{"h"}}, `it is hidden, so no query uses it; let queries use it: db.getCollection("tasks").unhideIndex("h_1")`},
		{Wanted{Keys: []string{"p"}}, "the name is taken by the index p_1 on p, partial; give the index p a name of its own"},
		{Wanted{Keys: []string{"p"}, Name: "mine"}, "missing mine"},
		{Wanted{Keys: []string{"s"}}, "missing s_1"},
		{Wanted{Keys: []string{"c"}}, "missing c_1"},
		{Wanted{Keys: []string{"z"}, Name: "u"}, "the name is taken by the index u on u, unique; give the index z another name"},
	} {
		wishes, err := Parse("indexes", []Wanted{c.wanted})
		if err != nil {
			t.Fatal(err)
		}
		existing, missing, conflicts := Compare(wishes, there)
		var got []string
		for _, name := range existing {
			got = append(got, "existing "+name)
		}
		for _, w := range missing {
			got = append(got, "missing "+w.Name)
		}
		for _, x := range conflicts {
			got = append(got, "conflict "+x.String()+"; "+x.Advice("tasks"))
		}
		if len(got) != 1 || !strings.Contains(got[0], c.is) {
			t.Errorf("%v: %q, want %q", c.wanted, got, c.is)
		}
	}
	if _, err := Parse("indexes", []Wanted{{Keys: []string{"a"}}, {Keys: []string{"a"}}}); err == nil || !strings.Contains(err.Error(), "with.indexes[1]: there are two indexes a_1") {
		t.Errorf("twice the same: %v", err)
	}
}
