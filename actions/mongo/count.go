package mongo

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type countParams struct {
	place
	Filter map[string]any `yaml:"filter,omitempty" times:"true" doc:"What they must match; without it every document does."`
}

func (p countParams) Brief() string {
	if len(p.Filter) == 0 {
		return p.Collection
	}
	return p.Collection + " where " + schema.Brief(p.Filter)
}

type countOutputs struct {
	Count int `yaml:"count" doc:"How many documents match; 0 too where there is no such collection."`
}

func (o countOutputs) Summary() string { return schema.HumanQuantity(o.Count, "document", "documents") }

// Count counts documents.
var Count = action.New(action.Spec[countParams, countOutputs]{
	Name:    "mongo.count",
	Summary: "Counts the documents of a collection that match a filter.",
	Example: `
action: mongo.count
with: {collection: tasks, filter: {status: processing}}
verify: [outputs.count < 50]
`,
	Target: Target,
	Effect: action.Read,
	Run:    count,
})

func count(ctx context.Context, call action.Call, p countParams) (countOutputs, error) {
	n, err := p.in(call)
	if err != nil {
		return countOutputs{}, err
	}
	filter, err := filterOf(p.Filter)
	if err != nil {
		return countOutputs{}, err
	}
	found, err := n.Count(ctx, filter)
	return countOutputs{Count: int(found)}, err
}
