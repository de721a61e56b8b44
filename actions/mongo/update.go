package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

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
	Modified *int `yaml:"modified" doc:"How many of them are different now; nil where a reply to the same update was lost before, which may have changed some."`
}

func (o updateOutputs) Summary() string {
	matched := schema.HumanCount(int64(o.Matched))
	if o.Modified == nil {
		return matched + " matched and are as wanted; how many it changed is not known, as a reply was lost"
	}
	return fmt.Sprintf("%s modified of %s that matched", schema.HumanCount(int64(*o.Modified)), matched)
}

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
	Target:       Target,
	Effect:       action.Write,
	EffectBy:     []string{"filter", "update"},
	IdempotentOf: func(_ action.Target, p updateParams) bool { return repeats(p.Filter, p.Update) },
	Run:          update,
	Preview:      previewUpdate,
	Subjects: func(ctx context.Context, call action.Call, p updateParams) ([]action.Subject, error) {
		m, _, err := p.matching(call)
		if err != nil {
			return nil, err
		}
		return m.subjects(ctx)
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
	return matching{Namespace: n, filter: filter, shown: p.Filter, limit: p.Max, verb: "changed"}, change, err
}

func update(ctx context.Context, call action.Call, p updateParams) (updateOutputs, error) {
	m, change, err := p.matching(call)
	if err != nil {
		return updateOutputs{}, action.NotApplied(err)
	}
	ids, err := m.counted(ctx, call.Subjects)
	if err != nil {
		return updateOutputs{}, action.NotApplied(err)
	}
	if len(ids) == 0 {
		return updateOutputs{Modified: new(int)}, nil
	}
	var result *driver.UpdateResult
	err = m.Send(ctx, "update in "+m.String(), func(ctx context.Context) error {
		var err error
		result, err = m.Handle().UpdateMany(ctx, within(ids, m.filter), change)
		return err
	})
	var o updateOutputs
	var modified int
	if result != nil {
		o.Matched, modified = int(result.MatchedCount), int(result.ModifiedCount)
	}
	if !call.Again {
		o.Modified = &modified
	}
	if err != nil && modified > 0 {
		return o, m.partly(err, modified, "modified")
	}
	return o, err
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
