package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"runbook/actions/mongo/document"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// maxFoundBytes is how much of documents is kept, as outputs go into the
// journal.
const maxFoundBytes = 8 << 20

type findParams struct {
	place
	Filter     map[string]any `yaml:"filter,omitempty" times:"true" doc:"What they must match, as MongoDB's query language has it. A time without quotes is a date, {$oid: hex} an ObjectID. Without it every document matches."`
	Sort       []string       `yaml:"sort,omitempty" doc:"Fields to sort by, the first first: a field, or a field and desc."`
	Limit      int            `yaml:"limit" default:"100" min:"1" max:"1000" doc:"How many documents are returned at most."`
	Projection map[string]any `yaml:"projection,omitempty" doc:"The fields to return, as {gid: 1} or {payload: 0}; without it all."`
}

func (p findParams) Brief() string {
	if len(p.Filter) == 0 {
		return p.Collection
	}
	return p.Collection + " where " + schema.Brief(p.Filter)
}

type findOutputs struct {
	Count     int              `yaml:"count" doc:"How many documents were returned."`
	Documents []map[string]any `yaml:"documents" show:"first" doc:"The documents. Dates are times; ObjectIDs, decimals and binary data are text."`
	Truncated bool             `yaml:"truncated" doc:"Whether more match than were returned: beyond limit, or beyond 8 MiB."`
}

func (o findOutputs) Summary() string {
	text := schema.HumanQuantity(o.Count, "document", "documents")
	if o.Truncated {
		text += ", and there are more"
	}
	return text
}

// Find reads documents.
var Find = action.New(action.Spec[findParams, findOutputs]{
	Name:    "mongo.find",
	Summary: "Reads the documents of a collection that match a filter.",
	Example: `
id: stuck
action: mongo.find
with: {collection: tasks, filter: {status: processing}, sort: [updated_at], limit: 20}
verify: [outputs.count == 0]
`,
	Target: Target,
	Effect: action.Read,
	Run:    find,
})

func find(ctx context.Context, call action.Call, p findParams) (findOutputs, error) {
	n, err := p.in(call)
	if err != nil {
		return findOutputs{}, err
	}
	filter, opts, err := p.query()
	if err != nil {
		return findOutputs{}, err
	}
	o := findOutputs{Documents: []map[string]any{}}
	size := 0
	open := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
		return c.Find(ctx, filter, opts)
	}
	err = n.Each(ctx, "find in "+n.String(), open, func(raw bson.Raw) (bool, error) {
		size += len(raw)
		if len(o.Documents) == p.Limit || size > maxFoundBytes {
			o.Truncated = true
			return false, nil
		}
		var doc bson.D
		if err := bson.Unmarshal(raw, &doc); err != nil {
			return false, fmt.Errorf("decode a document of %s: %w", n, err)
		}
		o.Documents = append(o.Documents, document.Decode(doc))
		return true, nil
	})
	o.Count = len(o.Documents)
	return o, err
}

// query encodes the parameters. One more than the limit is asked for, to know
// whether there is one.
func (p findParams) query() (bson.D, *options.FindOptionsBuilder, error) {
	filter, err := filterOf(p.Filter)
	if err != nil {
		return nil, nil, err
	}
	opts := options.Find().SetLimit(int64(p.Limit) + 1)
	if len(p.Sort) > 0 {
		sort, err := document.ParseKeys(p.Sort, true)
		if err != nil {
			return nil, nil, action.ParamError("sort", "%v", err)
		}
		opts.SetSort(sort)
	}
	if len(p.Projection) > 0 {
		projection, err := document.Encode(p.Projection)
		if err != nil {
			return nil, nil, action.ParamError("projection", "%v", err)
		}
		opts.SetProjection(projection)
	}
	return filter, opts, nil
}
