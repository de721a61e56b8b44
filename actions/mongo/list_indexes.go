package mongo

import (
	"context"

	"runbook/actions/mongo/index"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listIndexesParams struct{ place }

func (p listIndexesParams) Brief() string { return p.Collection }

type listIndexesOutputs struct {
	Indexes []index.Index `yaml:"indexes" doc:"The indexes, _id_ the first; none where there is no such collection."`
}

func (o listIndexesOutputs) Summary() string {
	return schema.HumanQuantity(len(o.Indexes), "index", "indexes")
}

// ListIndexes reads the indexes of a collection.
var ListIndexes = action.New(action.Spec[listIndexesParams, listIndexesOutputs]{
	Name:    "mongo.list_indexes",
	Summary: "Reads the indexes of a collection, their size and their use.",
	Example: `
action: mongo.list_indexes
with: {collection: tasks}
verify: ['any(outputs.indexes, .name == "gid_1" and .unique)']
`,
	Target: Target,
	Effect: action.Read,
	Run:    listIndexes,
})

func listIndexes(ctx context.Context, call action.Call, p listIndexesParams) (listIndexesOutputs, error) {
	n, err := p.in(call)
	if err != nil {
		return listIndexesOutputs{}, err
	}
	found, err := index.Of(ctx, n)
	if err != nil || len(found) == 0 {
		return listIndexesOutputs{}, err
	}
	index.Measure(ctx, n, found)
	return listIndexesOutputs{Indexes: found}, nil
}
