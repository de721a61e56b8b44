package mongo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/index"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type ensureIndexesParams struct {
	place
	Indexes []index.Wanted `yaml:"indexes" min:"1" max:"64" doc:"The indexes that must be there; others stay as they are."`
}

func (p ensureIndexesParams) Brief() string {
	return p.Collection + ": " + schema.HumanQuantity(len(p.Indexes), "index", "indexes")
}

type ensureIndexesOutputs struct {
	Created  []string `yaml:"created" doc:"Names of the indexes that were made."`
	Existing []string `yaml:"existing" doc:"Names of those that were there, under this or another name."`
	TookMS   float64  `yaml:"took_ms" doc:"From the request until all were ready; 0 where none was missing."`
}

func (o ensureIndexesOutputs) Summary() string {
	if len(o.Created) == 0 {
		return "all " + schema.HumanQuantity(len(o.Existing), "index was there", "indexes were there")
	}
	return "created " + strings.Join(o.Created, ", ")
}

// Nothing reports that all was as it should be.
func (o ensureIndexesOutputs) Nothing() bool { return len(o.Created) == 0 }

// EnsureIndexes makes the indexes that a collection lacks.
var EnsureIndexes = action.New(action.Spec[ensureIndexesParams, ensureIndexesOutputs]{
	Name:    "mongo.ensure_indexes",
	Summary: "Makes the indexes that a collection lacks; it drops none.",
	Example: `
action: mongo.ensure_indexes
with:
  collection: downloads
  indexes:
    - {keys: [user_id, status, created_at desc]}
    - {keys: [link_hash], unique: true}
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     ensureIndexes,
	Preview: previewIndexes,
	Subjects: func(ctx context.Context, call action.Call, p ensureIndexesParams) ([]action.Subject, error) {
		n, _, missing, _, err := p.look(ctx, call)
		names := make([]string, len(missing))
		for i, w := range missing {
			names[i] = w.Name
		}
		return []action.Subject{{Kind: "collection", Name: n.String(), ID: n.String(), Version: lacking + strings.Join(names, ", ")}}, err
	},
	Settle: settleIndexes,
	Look: func(call action.Call, _ ensureIndexesParams, subjects []action.Subject) string {
		return asking(call, subjects, "getIndexes()")
	},
})

// lacking begins the version of a collection: which indexes are to be made.
const lacking = "lacks "

// made divides the indexes that are there into those that a collection lacked
// before the change, and the others.
func made(there []string, subjects []action.Subject) (o ensureIndexesOutputs) {
	for _, name := range there {
		if len(subjects) == 1 && slices.Contains(strings.Split(strings.TrimPrefix(subjects[0].Version, lacking), ", "), name) {
			o.Created = append(o.Created, name)
		} else {
			o.Existing = append(o.Existing, name)
		}
	}
	return o
}

// look returns what is there and what is missing, or the failure that a
// conflict is.
func (p ensureIndexesParams) look(ctx context.Context, call action.Call) (n server.Namespace, existing []string, missing []index.Wish, there []index.Index, err error) {
	if n, err = p.toChange(call); err != nil {
		return n, nil, nil, nil, err
	}
	wishes, err := index.Parse("indexes", p.Indexes)
	if err != nil {
		return n, nil, nil, nil, err
	}
	if there, err = index.Of(ctx, n); err != nil {
		return n, nil, nil, nil, err
	}
	existing, missing, conflicts := index.Compare(wishes, there)
	if len(conflicts) == 0 {
		return n, existing, missing, there, nil
	}
	f := &action.Failure{
		Applied: action.AppliedNot, Where: n.Where, Final: true,
		What: schema.HumanQuantity(len(conflicts), "index", "indexes") + " of " + n.String() + " cannot be made beside what is there; none was made",
	}
	for _, c := range conflicts {
		f.Seen = append(f.Seen, c.String())
		f.Do = append(f.Do, c.Advice(n.Collection))
	}
	return n, nil, nil, nil, f
}

func ensureIndexes(ctx context.Context, call action.Call, p ensureIndexesParams) (ensureIndexesOutputs, error) {
	n, existing, missing, _, err := p.look(ctx, call)
	if err != nil {
		return ensureIndexesOutputs{}, action.NotApplied(err)
	}
	o := ensureIndexesOutputs{Existing: existing}
	if len(missing) == 0 {
		return o, nil
	}
	specs := bson.A{}
	for _, w := range missing {
		specs = append(specs, w.Specification())
		o.Created = append(o.Created, w.Name)
	}
	began := call.Clock.Now()
	// One command builds them in one pass over the documents, all or none.
	_, err = n.Command(ctx, n.Database, bson.D{{Key: "createIndexes", Value: n.Collection}, {Key: "indexes", Value: specs}})
	if err != nil {
		return ensureIndexesOutputs{}, explainIndexes(n, err)
	}
	o.TookMS = schema.Milliseconds(call.Clock.Now().Sub(began))
	return o, nil
}

func explainIndexes(n server.Namespace, err error) error {
	if !server.HasCode(err, server.CodeDuplicateKey) {
		return err
	}
	f := *action.AsFailure(err)
	_, _, message := server.Answer(err)
	f.What = "documents of " + n.String() + " have the same keys, so a unique index cannot be made; none was made"
	f.Seen = append(f.Seen, message)
	f.Do = append(f.Do, "look at these documents with mongo.find, and decide which of them stays")
	f.Final = true
	return action.NotApplied(&f)
}

func previewIndexes(ctx context.Context, call action.Call, p ensureIndexesParams) (action.Preview, error) {
	n, existing, missing, there, err := p.look(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	if len(missing) == 0 {
		return action.Preview{Summary: fmt.Sprintf("%s: all %s", n, schema.HumanQuantity(len(existing), "index is there", "indexes are there"))}, nil
	}
	documents, err := n.Size(ctx)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("%s: make %s over %s; readers and writers go on meanwhile", n,
			schema.HumanQuantity(len(missing), "index", "indexes"), schema.HumanQuantity(int(documents), "document", "documents")),
		Touches: []action.Object{{Kind: "collection", Name: n.String()}},
	}
	if len(there) == 0 {
		preview.Summary += "; the collection is made too, if it is not there"
	}
	for _, w := range missing {
		preview.Changes = append(preview.Changes, action.Change{Name: "index " + w.Name, Before: "none", After: w.String()})
	}
	return preview, nil
}

// settleIndexes looks whether nothing is missing. What is missing may still come, and
// is not made again: somebody may have dropped it meanwhile.
func settleIndexes(ctx context.Context, call action.Call, p ensureIndexesParams, subjects []action.Subject) (action.Applied, *ensureIndexesOutputs, error) {
	_, existing, missing, _, err := p.look(ctx, call)
	if err != nil || len(missing) > 0 {
		return action.AppliedLost, nil, err
	}
	o := made(existing, subjects)
	return action.AppliedFully, &o, nil
}
