package mongo

import (
	"context"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type deleteParams struct {
	place
	Filter map[string]any `yaml:"filter" times:"true" doc:"Which documents; {} is every one."`
	Limit  int            `yaml:"limit" min:"0" max:"100000" doc:"How many may match; with more nothing is deleted."`
}

func (p deleteParams) Brief() string {
	return p.Collection + " where " + schema.Brief(p.Filter)
}

type deleteOutputs struct {
	Deleted int `yaml:"deleted" doc:"How many documents were deleted."`
}

func (o deleteOutputs) Summary() string {
	return schema.HumanQuantity(o.Deleted, "document", "documents") + " deleted"
}

// Nothing reports that all was as it should be.
func (o deleteOutputs) Nothing() bool { return o.Deleted == 0 }

// Delete deletes documents.
var Delete = action.New(action.Spec[deleteParams, deleteOutputs]{
	Name:    "mongo.delete",
	Summary: "Deletes the documents of a collection that match a filter, if they are not more than a limit.",
	Example: `
action: mongo.delete
with: {collection: tasks, filter: {status: failed}, limit: 50}
approve: {message: Delete the failed tasks?}
`,
	Target: Target,
	Effect: action.Destructive,
	Run:    deleteDocuments,
	Preview: func(ctx context.Context, call action.Call, p deleteParams) (action.Preview, error) {
		m, err := p.matching(call)
		if err != nil {
			return action.Preview{}, err
		}
		return m.preview(ctx)
	},
	Subjects: func(ctx context.Context, call action.Call, p deleteParams) ([]action.Subject, error) {
		m, err := p.matching(call)
		if err != nil {
			return nil, err
		}
		return m.subjects(ctx)
	},
	Settle: settleDelete,
	Look: func(call action.Call, p deleteParams, subjects []action.Subject) string {
		return countingOf(call, p.Filter, subjects)
	},
})

func (p deleteParams) matching(call action.Call) (matching, error) {
	n, err := p.toChange(call)
	if err != nil {
		return matching{}, err
	}
	filter, err := filterOf(p.Filter)
	return matching{Namespace: n, filter: filter, shown: p.Filter, limit: p.Limit, verb: "deleted", keeps: true}, err
}

func deleteDocuments(ctx context.Context, call action.Call, p deleteParams) (deleteOutputs, error) {
	m, err := p.matching(call)
	if err != nil {
		return deleteOutputs{}, action.NotApplied(err)
	}
	those, err := m.counted(ctx, call.Subjects)
	if err != nil || len(those.IDs) == 0 {
		return deleteOutputs{}, action.NotApplied(err)
	}
	var result *driver.DeleteResult
	err = m.Send(ctx, "delete in "+m.String(), func(ctx context.Context) error {
		var err error
		result, err = m.Handle().DeleteMany(ctx, within(those.ids(), m.filter))
		return err
	})
	var o deleteOutputs
	if result != nil {
		o.Deleted = int(result.DeletedCount)
	}
	if err != nil && o.Deleted > 0 {
		return o, m.partly(err, o.Deleted, "deleted")
	}
	return o, err
}

// settleDelete counts again by the ids: where none of those that were counted is left,
// they were deleted. What only matches the filter no longer is still there. As long as
// some are left the server may still be at it.
func settleDelete(ctx context.Context, call action.Call, p deleteParams, subjects []action.Subject) (action.Applied, *deleteOutputs, error) {
	if len(subjects) != 1 {
		return action.AppliedLost, nil, nil
	}
	those := partsOf(subjects[0])
	if len(those.IDs) == 0 {
		return action.AppliedLost, nil, nil
	}
	m, err := p.matching(call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	if n, err := m.Count(ctx, within(those.ids(), nil)); err != nil || n > 0 {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &deleteOutputs{Deleted: len(those.IDs)}, nil
}
