//go:build unix

package actions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/fstest"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/run"
)

// outputsOf plays a playbook of these lines and returns its outputs.
func outputsOf(t *testing.T, s *stage, lines string, see func(*event.Event)) (map[string]any, *played) {
	t.Helper()
	got := s.play(t, "playbook: proof\ntitle: t\npurpose: p\nexpected: e\n"+lines, run.Mode{}, nil, see)
	if got.refused != nil {
		t.Fatalf("%v %v", got.refused, got.refused.List)
	}
	var outputs map[string]any
	if len(got.Outputs) > 0 {
		if err := json.Unmarshal(got.Outputs, &outputs); err != nil {
			t.Fatal(err)
		}
	}
	return outputs, got
}

// A time that is written without quotes in a filter or an update of MongoDB is a
// date, however deep it stands; in quotes it is text.
func TestATimeWithoutQuotesIsADate(t *testing.T) {
	s := newStage(t, fstest.MapFS{})
	s.wire(t)
	defer s.unwire()
	outputs, got := outputsOf(t, s, `
steps:
  - {id: all, action: mongo.count, with: {collection: tasks}}
  - {id: before, action: mongo.count, with: {collection: tasks, filter: {created_at: {$lt: 2100-01-02T03:04:05Z}}}}
  - {id: deep, action: mongo.count, with: {collection: tasks, filter: {$or: [{gid: none}, {created_at: {$gte: 2000-01-02T03:04:05.5+01:00, $type: date}}]}}}
  - {id: quoted, action: mongo.count, with: {collection: tasks, filter: {created_at: {$lt: "2100-01-02T03:04:05Z"}}}}
  - {id: set, action: mongo.update, with: {collection: tasks, filter: {}, update: {$set: {day: 2026-01-02T03:04:05Z, text: "2026-01-02T03:04:05Z"}}, max: 100000}}
  - {id: dates, action: mongo.count, with: {collection: tasks, filter: {day: {$type: date}, text: {$type: string}}}}
outputs:
  counts: "${{ [steps.before.outputs.count, steps.deep.outputs.count, steps.quoted.outputs.count, steps.dates.outputs.count] }}"
  all: ${{ steps.all.outputs.count }}
`, nil)
	if all := outputs["all"]; got.State != event.Done || all == 0.0 || fmt.Sprint(outputs["counts"]) != fmt.Sprint([]any{all, all, 0, all}) {
		t.Errorf("%s, %v, %+v", got.State, outputs, got.Failure)
	}
}

// An update whose reply was lost is told by its documents, where these can tell, and is
// never sent again: it would overwrite what others wrote meanwhile.
func TestALostUpdateIsToldByItsDocuments(t *testing.T) {
	const ids = `{_id: {$in: [{$oid: "${{ steps.some.outputs.documents[0]._id }}"}, {$oid: "${{ steps.some.outputs.documents[1]._id }}"}]}}`
	reply := func(s *scene) { s.spoil(func(context.Context, net.Conn) {}) }
	for _, c := range []struct {
		name, filter, update string
		lose                 func(*scene)
		state                event.State
		want                 string // matched, modified, and how many are as wanted
	}{
		{"nothing is lost", ids, "{$set: {mark: 1}}", nil, event.Done, "2 2 2"},
		{"the reply", ids, "{$set: {mark: 1}}", reply, event.Done, "2 <nil> 2"},
		{"the reply, and others may match by now", "{status: completed}", "{$set: {mark: 1}}", reply, event.Done, "150 <nil> 150"},
		{"the reply, and documents tell nothing", ids, "{$inc: {mark: 1}}", reply, event.InDoubt, ""},
		{"the request", ids, "{$set: {mark: 1}}", (*scene).swallow, event.InDoubt, ""},
	} {
		s := newStage(t, fstest.MapFS{})
		s.wire(t)
		intents := 0
		outputs, got := outputsOf(t, s, `
steps:
  - {id: some, action: mongo.find, with: {collection: tasks, limit: 2}}
  - {id: change, action: mongo.update, with: {collection: tasks, filter: `+c.filter+", update: "+c.update+`, max: 100000}}
  - {id: marked, action: mongo.count, with: {collection: tasks, filter: {mark: 1}}}
outputs: {told: "${{ [steps.change.outputs.matched, steps.change.outputs.modified, steps.marked.outputs.count] }}"}
`, func(e *event.Event) {
			if e.Type != event.TypeIntent {
				return
			}
			if intents++; c.lose != nil && intents == 1 {
				c.lose(&scene{stage: s, target: "mongo"})
			}
		})
		s.unwire()
		told := ""
		if list, ok := outputs["told"].([]any); ok {
			told = strings.Trim(fmt.Sprint(list), "[]")
		}
		if got.State != c.state || intents != 1 || told != c.want {
			t.Errorf("%s: %s, %d intents, told %q: %+v", c.name, got.State, intents, told, got.Failure)
		}
		if doubt := c.state == event.InDoubt; doubt != (len(got.Changes) == 1 && got.Changes[0].State == action.AppliedLost) {
			t.Errorf("%s: %+v", c.name, got.Changes)
		}
		for _, e := range got.facts {
			if in, ok := e.Data.(*event.Intent); ok && (len(in.Subjects) != 1 || in.Subjects[0].Kind != "documents" || !strings.Contains(in.Subjects[0].Version, " of ids ")) {
				t.Errorf("%s: subjects %+v", c.name, in.Subjects)
			}
		}
	}
}
