package mongo

import (
	"strings"
	"testing"
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
		if repeats(c.update) != c.again {
			t.Errorf("%v may be repeated: %t", c.update, !c.again)
		}
	}
}
