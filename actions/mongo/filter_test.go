package mongo

import (
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
		again  bool
	}{
		{map[string]any{"$set": map[string]any{"a": 1}, "$unset": map[string]any{"b": ""}}, "", true},
		{map[string]any{"$inc": map[string]any{"a": 1}}, "", false},
		{map[string]any{"status": "x"}, "status is no operator", false},
		{map[string]any{"$replace": map[string]any{"a": 1}}, "there is no operator $replace", false},
		{map[string]any{"$set": "x"}, "$set takes fields", true},
		{map[string]any{}, "it is empty", true},
	} {
		_, err := changeOf(c.update)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "with.update: "+c.want)) {
			t.Errorf("%v: %v", c.update, err)
		}
		if repeats(map[string]any{"_id": 1}, c.update) != c.again {
			t.Errorf("%v may be repeated: %t", c.update, !c.again)
		}
	}
}

// An update is repeated over the documents that it names, and over no others.
func TestUpdatesByIDMayBeRepeated(t *testing.T) {
	set := map[string]any{"$set": map[string]any{"a": 1}}
	for _, c := range []struct {
		filter map[string]any
		again  bool
	}{
		{map[string]any{"_id": "x"}, true},
		{map[string]any{"_id": map[string]any{"$in": []any{1, 2}}}, true},
		{map[string]any{"_id": map[string]any{"$oid": "6560f0000000000000000000"}}, true},
		{map[string]any{"_id": map[string]any{"$ne": 1}}, false},
		{map[string]any{"_id": 1, "status": "x"}, false},
		{map[string]any{"status": "x"}, false},
		{map[string]any{}, false},
	} {
		if repeats(c.filter, set) != c.again {
			t.Errorf("%v may be repeated: %t", c.filter, !c.again)
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
