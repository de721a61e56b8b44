package mongo

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestUpdatesAreOfOperators(t *testing.T) {
	for _, c := range []struct {
		update map[string]any
		want   string // "" taken
	}{
		{map[string]any{"$set": map[string]any{"a": 1}, "$unset": map[string]any{"b": ""}}, ""},
		{map[string]any{"$inc": map[string]any{"a": 1}}, ""},
		{map[string]any{"status": "x"}, "status is no operator"},
		{map[string]any{"$replace": map[string]any{"a": 1}}, "there is no operator $replace; there are $addToSet, $bit"},
		{map[string]any{"$set": "x"}, "$set takes fields"},
		{map[string]any{}, "it is empty"},
	} {
		_, err := changeOf(c.update)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "with.update: "+c.want)) {
			t.Errorf("%v: %v", c.update, err)
		}
	}
}

// Whether a document is as wanted is told only of fields that are set and unset, by
// their names, and only where it is so to the type.
func TestWishesOfAnUpdate(t *testing.T) {
	doc := rawOf(t, `{"_id": 1, "n": 5, "list": [5], "in": {"at": "x"}, "null": null}`)
	set := func(path string, value any) map[string]any {
		return map[string]any{"$set": map[string]any{path: value}}
	}
	unset := func(path string) map[string]any { return map[string]any{"$unset": map[string]any{path: ""}} }
	for _, c := range []struct {
		update map[string]any
		want   string // as wanted, not so, or that it cannot be told
	}{
		{set("n", 5), "holds"},
		{set("n", 6), "differs"},
		{set("n", 5.5), "differs"},
		{set("n", int(1)<<40), "differs"},
		{set("list", 5), "differs"},
		{set("list", []any{5}), "holds"},
		{set("in.at", "x"), "holds"},
		{set("in", map[string]any{"at": "x"}), "holds"},
		{set("gone", nil), "differs"},
		{set("null", nil), "holds"},
		{unset("gone"), "holds"},
		{unset("gone.at"), "holds"},
		{unset("null"), "differs"},
		{map[string]any{"$set": map[string]any{"n": 5}, "$unset": map[string]any{"in": ""}}, "differs"},
		{set("list.0", 5), "untold"},
		{unset("list.1"), "untold"},
		{set("list.$[]", 5), "untold"},
		{set("_id", 1), "untold"},
		{map[string]any{"$set": map[string]any{"n": 5}, "$inc": map[string]any{"tries": 1}}, "untold"},
		{map[string]any{"$addToSet": map[string]any{"list": 5}}, "untold"},
		{map[string]any{"$max": map[string]any{"n": 1}}, "untold"},
		{map[string]any{"$pull": map[string]any{"list": 7}}, "untold"},
	} {
		change, err := changeOf(c.update)
		if err != nil {
			t.Fatal(err)
		}
		wishes, got := wishesOf(change), "holds"
		switch {
		case len(wishes) == 0:
			got = "untold"
		case slices.ContainsFunc(wishes, func(w wish) bool { return !w.holds(doc) }):
			got = "differs"
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.update, got, c.want)
		}
	}
}

// A nil in a filter is sent nowhere: it would match what has no such field.
func TestNilInAFilterIsRefused(t *testing.T) {
	for _, c := range []struct {
		filter map[string]any
		want   string // "" taken
	}{
		{map[string]any{"owner": nil}, "with.filter: owner is nil"},
		{map[string]any{"a": map[string]any{"$in": []any{1, nil}}}, "with.filter: a.$in[1] is nil"},
		{map[string]any{"$or": []any{map[string]any{"a": 1}, map[string]any{"b": nil}}}, "with.filter: $or[1].b is nil"},
		{map[string]any{"a": map[string]any{"$exists": false}, "b": map[string]any{"$type": "null"}}, ""},
	} {
		_, err := filterOf(c.filter)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v", c.filter, err)
		}
	}
	f := newFake(t, func(string) bson.D { return bson.D{{Key: "ok", Value: 1}} })
	call := callTo(t, f.address)
	for a, with := range map[*action.Action]map[string]any{
		Update: {"update": map[string]any{"$set": map[string]any{"hit": true}}}, Delete: {"limit": 100}, Find: {}, Count: {},
	} {
		with["database"], with["collection"], with["filter"] = "m", "c", map[string]any{"owner": nil}
		if _, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call); action.ClassOf(err) != action.AppliedNot || err == nil {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	for _, command := range []string{"update", "delete", "find", "aggregate"} {
		if f.saw(command) {
			t.Errorf("%s was sent", command)
		}
	}
}
