package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type updateParams struct {
	place
	Filter map[string]any `yaml:"filter" times:"true" doc:"Which documents; {} is every one."`
	Update map[string]any `yaml:"update" times:"true" doc:"What becomes of them, by operators only: {$set: {status: queued}}."`
	Max    int            `yaml:"max" default:"1000" min:"1" max:"100000" doc:"How many may match; with more nothing is changed."`
}

func (p updateParams) Brief() string {
	return p.Collection + " where " + schema.Brief(p.Filter) + ": " + schema.Brief(p.Update)
}

type updateOutputs struct {
	Matched  int  `yaml:"matched" doc:"How many documents matched."`
	Modified *int `yaml:"modified" doc:"How many of them are different now; nil where the reply was lost, and the documents themselves tell that they are as wanted."`
}

func (o updateOutputs) Summary() string {
	matched := schema.HumanCount(int64(o.Matched))
	if o.Modified == nil {
		return matched + " matched and are as wanted; how many it changed is not known, as a reply was lost"
	}
	return fmt.Sprintf("%s modified of %s that matched", schema.HumanCount(int64(*o.Modified)), matched)
}

// Nothing reports that all was as it should be.
func (o updateOutputs) Nothing() bool { return o.Modified != nil && *o.Modified == 0 }

// Update changes documents.
var Update = action.New(action.Spec[updateParams, updateOutputs]{
	Name:    "mongo.update",
	Summary: "Changes the documents of a collection that match a filter, by operators such as $set.",
	Example: `
action: mongo.update
with:
  collection: tasks
  filter: {status: processing}
  update: {$set: {status: queued}}
  max: 50
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     update,
	Preview: previewUpdate,
	Subjects: func(ctx context.Context, call action.Call, p updateParams) ([]action.Subject, error) {
		m, _, err := p.matching(call)
		if err != nil {
			return nil, err
		}
		return m.subjects(ctx)
	},
	Settle: settleUpdate,
	Look: func(call action.Call, p updateParams, subjects []action.Subject) string {
		return countingOf(call, p.Filter, subjects)
	},
})

// matching encodes the parameters.
func (p updateParams) matching(call action.Call) (matching, bson.D, error) {
	n, err := p.toChange(call)
	if err != nil {
		return matching{}, nil, err
	}
	filter, err := filterOf(p.Filter)
	if err != nil {
		return matching{}, nil, err
	}
	change, err := changeOf(p.Update)
	return matching{Namespace: n, filter: filter, shown: p.Filter, limit: p.Max, verb: "changed", keeps: true, wishes: wishesOf(change)}, change, err
}

func update(ctx context.Context, call action.Call, p updateParams) (updateOutputs, error) {
	m, change, err := p.matching(call)
	if err != nil {
		return updateOutputs{}, action.NotApplied(err)
	}
	those, err := m.counted(ctx, call.Subjects)
	if err != nil {
		return updateOutputs{}, action.NotApplied(err)
	}
	if len(those.IDs) == 0 {
		return updateOutputs{Modified: new(int)}, nil
	}
	var result *driver.UpdateResult
	err = m.Send(ctx, "update in "+m.String(), func(ctx context.Context) error {
		var err error
		result, err = m.Handle().UpdateMany(ctx, within(those.ids(), m.filter), change)
		return err
	})
	var o updateOutputs
	var modified int
	if result != nil {
		o.Matched, modified = int(result.MatchedCount), int(result.ModifiedCount)
	}
	o.Modified = &modified
	if err != nil && modified > 0 {
		return o, m.partly(err, modified, "modified")
	}
	return o, err
}

// settleUpdate reads the documents again: where some were not as wanted before and
// now all are, they were changed. As long as one is not the server may still be at it;
// and the update is not sent again, as it would overwrite what others wrote meanwhile.
func settleUpdate(ctx context.Context, call action.Call, p updateParams, subjects []action.Subject) (action.Applied, *updateOutputs, error) {
	if len(subjects) != 1 {
		return action.AppliedLost, nil, nil
	}
	m, _, err := p.matching(call)
	before := partsOf(subjects[0])
	if err != nil || before.Differ == 0 {
		return action.AppliedLost, nil, err
	}
	m.filter = within(before.ids(), nil)
	now, err := m.find(ctx, options.Find())
	if err != nil || len(now.IDs) < len(before.IDs) || now.Differ > 0 {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &updateOutputs{Matched: len(now.IDs)}, nil
}

// partly is the failure of a change of which n documents are done.
func (m matching) partly(err error, n int, done string) error {
	f := *action.AsFailure(err)
	f.Seen = append(f.Seen, fmt.Sprintf("%s of %s %s before that", schema.HumanQuantity(n, "document", "documents"), m, done))
	return action.Partial(&f)
}

func previewUpdate(ctx context.Context, call action.Call, p updateParams) (action.Preview, error) {
	m, _, err := p.matching(call)
	if err != nil {
		return action.Preview{}, err
	}
	preview, err := m.preview(ctx)
	for _, operator := range slices.Sorted(maps.Keys(p.Update)) {
		fields, _ := p.Update[operator].(map[string]any)
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			preview.Changes = append(preview.Changes, action.Change{Name: operator + " " + field, After: schema.TextOf(fields[field])})
		}
	}
	return preview, err
}
