package mongo

import (
	"context"
	"fmt"
	"time"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/index"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type checkIndexesParams struct {
	Database    string             `yaml:"database,omitempty" doc:"The database; without it that of the target."`
	Collections []wantedCollection `yaml:"collections" min:"1" doc:"The collections and the indexes that they should have."`
	UnusedAfter time.Duration      `yaml:"unused_after" default:"7d" min:"1m" doc:"An index that no operation used is called unused when it was counted for so long."`
}

type wantedCollection struct {
	Collection string         `yaml:"collection" min:"1" doc:"Name of the collection."`
	Indexes    []index.Wanted `yaml:"indexes" doc:"The indexes that it should have."`
}

func (p checkIndexesParams) Brief() string {
	return schema.HumanQuantity(len(p.Collections), "collection", "collections")
}

type checkIndexesOutputs struct {
	Missing      []missingIndexes `yaml:"missing" doc:"The collections that lack indexes, with these: what mongo.ensure_indexes takes."`
	MissingCount int              `yaml:"missing_count" doc:"How many indexes are missing in all."`
	Conflicts    []indexConflict  `yaml:"conflicts" doc:"Those that cannot be made beside what is there."`
	Unused       []unusedIndex    `yaml:"unused" doc:"Those that no operation used; only where the server tells their use. Nothing drops them."`
	OK           bool             `yaml:"ok" doc:"Whether none is missing and none in conflict."`
}

type missingIndexes struct {
	Collection string         `yaml:"collection" doc:"Name of the collection."`
	Indexes    []missingIndex `yaml:"indexes" doc:"The indexes that it lacks."`
}

type missingIndex struct {
	Keys   []string `yaml:"keys" doc:"Its keys in order."`
	Unique bool     `yaml:"unique" doc:"Whether it should be unique."`
	Name   string   `yaml:"name" doc:"The name that it would get."`
}

type indexConflict struct {
	Collection string `yaml:"collection" doc:"Name of the collection."`
	Name       string `yaml:"name" doc:"The name of the wanted index."`
	Why        string `yaml:"why" doc:"What stands in its way."`
	Advice     string `yaml:"advice" doc:"What a person may do."`
}

type unusedIndex struct {
	Collection    string    `yaml:"collection" doc:"Name of the collection."`
	Name          string    `yaml:"name" doc:"Its name."`
	SizeBytes     *int      `yaml:"size_bytes" doc:"Its size on disk; nil where the server does not tell this user."`
	CountingSince time.Time `yaml:"counting_since" doc:"Since when no operation used it."`
}

func (o checkIndexesOutputs) Summary() string {
	text := fmt.Sprintf("%s missing", schema.HumanQuantity(o.MissingCount, "index", "indexes"))
	if len(o.Conflicts) > 0 {
		text += fmt.Sprintf(", %s in conflict", schema.HumanCount(int64(len(o.Conflicts))))
	}
	if len(o.Unused) > 0 {
		text += fmt.Sprintf(", %s unused", schema.HumanCount(int64(len(o.Unused))))
	}
	return text
}

// CheckIndexes compares the indexes of collections with those that they should
// have.
var CheckIndexes = action.New(action.Spec[checkIndexesParams, checkIndexesOutputs]{
	Name:    "mongo.check_indexes",
	Summary: "Compares the indexes of collections with those that they should have.",
	Example: `
action: mongo.check_indexes
with:
  collections:
    - collection: tasks
      indexes: [{keys: [user_id, status]}, {keys: [gid], unique: true}]
verify: [outputs.ok]
`,
	Target: Target,
	Effect: action.Read,
	Run:    checkIndexes,
})

func checkIndexes(ctx context.Context, call action.Call, p checkIndexesParams) (checkIndexesOutputs, error) {
	var o checkIndexesOutputs
	for i, c := range p.Collections {
		n, err := place{Database: p.Database, Collection: c.Collection}.in(call)
		if err != nil {
			return o, err
		}
		wishes, err := index.Parse(fmt.Sprintf("collections[%d].indexes", i), c.Indexes)
		if err != nil {
			return o, err
		}
		there, err := index.Of(ctx, n)
		if err != nil {
			return o, err
		}
		index.Measure(ctx, n, there)
		_, missing, conflicts := index.Compare(wishes, there)
		if len(missing) > 0 {
			o.Missing = append(o.Missing, missingIndexes{c.Collection, wanting(missing)})
			o.MissingCount += len(missing)
		}
		for _, x := range conflicts {
			o.Conflicts = append(o.Conflicts, indexConflict{c.Collection, x.Wanted.Name, x.Why, x.Advice(c.Collection)})
		}
		o.Unused = append(o.Unused, unusedOf(c.Collection, there, call.Clock.Now().Add(-p.UnusedAfter))...)
	}
	o.OK = len(o.Missing) == 0 && len(o.Conflicts) == 0
	return o, nil
}

func wanting(missing []index.Wish) []missingIndex {
	var found []missingIndex
	for _, w := range missing {
		m := missingIndex{Unique: w.Unique, Name: w.Name}
		for _, k := range w.As {
			m.Keys = append(m.Keys, document.KeysText([]document.Key{k}))
		}
		found = append(found, m)
	}
	return found
}

// unusedOf returns the indexes that nothing used since a time, but for those
// that hold a rule of the data.
func unusedOf(collection string, there []index.Index, since time.Time) []unusedIndex {
	var found []unusedIndex
	for _, i := range there {
		if i.Unique || i.Uses == nil || *i.Uses > 0 || i.CountingSince == nil || i.CountingSince.After(since) {
			continue
		}
		found = append(found, unusedIndex{collection, i.Name, i.SizeBytes, *i.CountingSince})
	}
	return found
}
