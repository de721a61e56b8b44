package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type explainParams struct {
	place
	Filter map[string]any `yaml:"filter,omitempty" times:"true" doc:"The filter of the query; without it every document matches."`
	Sort   []string       `yaml:"sort,omitempty" doc:"Fields that it sorts by: a field, or a field and desc."`
	Limit  int            `yaml:"limit" default:"0" min:"0" doc:"Its limit; 0 is none."`
}

func (p explainParams) Brief() string {
	return p.Collection + " where " + schema.Brief(p.Filter)
}

type explainOutputs struct {
	Stage             string   `yaml:"stage" doc:"How documents are found: IXSCAN by an index, COLLSCAN by reading all, IDHACK by _id, EOF where there are none."`
	Index             *string  `yaml:"index" doc:"Name of the index; nil without one."`
	Stages            []string `yaml:"stages" doc:"All stages of the plan, from the last to the first."`
	SortsInMemory     bool     `yaml:"sorts_in_memory" doc:"Whether the order is made by sorting, not by an index."`
	KeysExamined      *int     `yaml:"keys_examined" doc:"Keys of indexes that were read; nil where the server does not tell, as of the figures below."`
	DocumentsExamined *int     `yaml:"documents_examined" doc:"Documents that were read."`
	Returned          *int     `yaml:"returned" doc:"Documents that the query returns."`
	DurationMS        *float64 `yaml:"duration_ms" doc:"Milliseconds that the server took, as it counts them: whole ones."`
}

func (o explainOutputs) Summary() string {
	by := o.Stage
	if o.Index != nil {
		by += " " + *o.Index
	}
	if o.DocumentsExamined == nil || o.Returned == nil || o.DurationMS == nil {
		return by + ", and how much was examined is not told"
	}
	return fmt.Sprintf("%s: %s examined for %s returned, %s", by, schema.HumanQuantity(*o.DocumentsExamined, "document", "documents"),
		schema.HumanCount(int64(*o.Returned)), schema.HumanMilliseconds(*o.DurationMS))
}

// Explain runs a query and tells how the server found its documents.
var Explain = action.New(action.Spec[explainParams, explainOutputs]{
	Name:    "mongo.explain",
	Summary: "Runs a query and tells by which index, and with how much reading, the server finds its documents.",
	Example: `
action: mongo.explain
with: {collection: tasks, filter: {user_id: 42, status: processing}, sort: [updated_at desc]}
verify:
  - outputs.stage == "IXSCAN"
  - must(outputs.documents_examined, "not told") <= 100
`,
	Target: Target,
	Effect: action.Read,
	Run:    explain,
})

func explain(ctx context.Context, call action.Call, p explainParams) (explainOutputs, error) {
	n, err := p.in(call)
	if err != nil {
		return explainOutputs{}, err
	}
	filter, err := filterOf(p.Filter)
	if err != nil {
		return explainOutputs{}, err
	}
	query := bson.D{{Key: "find", Value: n.Collection}, {Key: "filter", Value: filter}}
	if len(p.Sort) > 0 {
		sort, err := document.ParseKeys(p.Sort, true)
		if err != nil {
			return explainOutputs{}, action.ParamError("sort", "%v", err)
		}
		query = append(query, bson.E{Key: "sort", Value: sort})
	}
	if p.Limit > 0 {
		query = append(query, bson.E{Key: "limit", Value: int64(p.Limit)})
	}
	reply, err := n.Command(ctx, n.Database, bson.D{{Key: "explain", Value: query}, {Key: "verbosity", Value: "executionStats"}})
	if err != nil {
		return explainOutputs{}, err
	}
	return explained(reply), nil
}

func explained(reply bson.Raw) explainOutputs {
	o := explainOutputs{
		KeysExamined:      document.FigureAt(reply, "executionStats", "totalKeysExamined"),
		DocumentsExamined: document.FigureAt(reply, "executionStats", "totalDocsExamined"),
		Returned:          document.FigureAt(reply, "executionStats", "nReturned"),
		DurationMS:        document.MillisecondsAt(reply, "executionStats", "executionTimeMillis"),
	}
	plan, _ := reply.Lookup("queryPlanner", "winningPlan").DocumentOK()
	for _, s := range stagesOf(plan) {
		o.Stages = append(o.Stages, s.name)
		switch {
		case s.name == "SORT" || s.name == "SORT_KEY_GENERATOR":
			o.SortsInMemory = true
		case s.leaf && (o.Stage == "" || s.name == "COLLSCAN"):
			o.Stage, o.Index = s.name, nil
			if s.index != "" {
				o.Index = &s.index
			}
		}
	}
	return o
}

// stage is a step of a plan.
type stage struct {
	name, index string
	leaf        bool // it reads an index or the documents
}

// stagesOf returns the stages of a plan, from the last to the first. Servers
// from 5.0 on may put it under queryPlan, sharded ones under shards.
func stagesOf(plan bson.Raw) []stage {
	if inner, ok := plan.Lookup("queryPlan").DocumentOK(); ok {
		return stagesOf(inner)
	}
	var inputs []bson.Raw
	if input, ok := plan.Lookup("inputStage").DocumentOK(); ok {
		inputs = append(inputs, input)
	}
	inputs = append(inputs, document.DocumentsAt(plan, "inputStages")...)
	for _, shard := range document.DocumentsAt(plan, "shards") {
		if inner, ok := shard.Lookup("winningPlan").DocumentOK(); ok {
			inputs = append(inputs, inner)
		}
	}
	var stages []stage
	if name := document.TextAt(plan, "stage"); name != "" {
		stages = append(stages, stage{name: name, index: document.TextAt(plan, "indexName"), leaf: len(inputs) == 0})
	}
	for _, input := range inputs {
		stages = append(stages, stagesOf(input)...)
	}
	return stages
}
