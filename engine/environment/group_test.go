package environment_test

import (
	"slices"
	"strings"
	"testing"

	"runbook/engine/action"
)

const grouped = `environments:
  staging:
    targets:
      store1: {kind: store, address: "10.0.0.1:1"}
      store2: {kind: store, address: "10.0.0.2:1"}
      store3: {kind: store, address: "10.0.0.3:1"}
    groups: {all: [store1, store2, store3], first: store1, unread: [store2]}
`

// A limit leaves of each group what it names, by itself or by another group.
func TestNarrow(t *testing.T) {
	read := func(group string) bool { return group != "unread" }
	for _, c := range []struct {
		limit            []string
		all, first       []string
		wrong, near, has string
	}{
		{all: []string{"store1", "store2", "store3"}, first: []string{"store1"}},
		{limit: []string{"store2"}, all: []string{"store2"}, first: []string{}},
		{limit: []string{"store3", "first"}, all: []string{"store1", "store3"}, first: []string{"store1"}},
		{limit: []string{"all"}, all: []string{"store1", "store2", "store3"}, first: []string{"store1"}},
		{limit: []string{"store1", "sotre2"}, wrong: "--limit sotre2: no group that the playbook goes over has it", near: "store2", has: "all, store1, store2, store3, first"},
		{limit: []string{"unread"}, wrong: "--limit unread: no group", has: "all, store1, store2, store3, first"},
	} {
		e := parse(t, grouped, "")
		before := slices.Clone(e.Group("all"))
		err := e.Narrow(c.limit, read)
		if c.wrong != "" {
			f := action.AsFailure(err)
			if !strings.HasPrefix(f.What, c.wrong) || strings.Join(f.Nearest, "") != c.near || !strings.Contains(f.Do[0], c.has) || !slices.Equal(e.Group("all"), before) || e.Limit != nil {
				t.Errorf("%v: %+v", c.limit, f)
			}
			continue
		}
		if err != nil || !slices.Equal(e.Group("all"), c.all) || !slices.Equal(e.Group("first"), c.first) || len(e.Limit) != len(c.limit) {
			t.Errorf("%v: %v, %v, %v", c.limit, e.Groups, e.Limit, err)
		}
	}
	err := parse(t, grouped, "").Narrow([]string{"store1"}, func(string) bool { return false })
	if f := action.AsFailure(err); !strings.Contains(f.What, "goes over none of staging") {
		t.Errorf("without a loop over a group: %+v", f)
	}
}
