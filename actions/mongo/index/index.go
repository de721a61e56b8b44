// Package index reads the indexes of collections and compares them with those
// that are wanted.
package index

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/schema"
)

// Index is an index of a collection, as outputs have it.
type Index struct {
	Name      string         `yaml:"name" doc:"Its name."`
	Keys      []document.Key `yaml:"keys" doc:"Its keys in order."`
	Unique    bool           `yaml:"unique" doc:"Whether it holds that no two documents have the same keys."`
	Sparse    bool           `yaml:"sparse" doc:"Whether documents without the keys are left out."`
	Partial   bool           `yaml:"partial" doc:"Whether only documents that match its own filter are in it."`
	Hidden    bool           `yaml:"hidden" doc:"Whether the planner of queries must not use it."`
	SizeBytes *int           `yaml:"size_bytes" doc:"Its size on disk; nil where the server does not tell this user."`
	Uses      *int           `yaml:"uses" doc:"How many operations used it since counting_since; nil where the server does not tell this user."`

	CountingSince *time.Time `yaml:"counting_since" doc:"When the server began to count: its start, or when the index was made."`

	collated bool // it has an order of text of its own
}

// Of returns the indexes of a collection, those of none where there is no such
// collection; size and use are not in it.
func Of(ctx context.Context, n server.Namespace) ([]Index, error) {
	var found []Index
	err := n.Each(ctx, "listIndexes of "+n.String(), List, func(doc bson.Raw) (bool, error) {
		found = append(found, parse(doc))
		return true, nil
	})
	if server.HasCode(err, server.CodeNamespaceNotFound) {
		return nil, nil
	}
	return found, err
}

// List asks for the indexes of a collection.
func List(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
	return c.Indexes().List(ctx)
}

func parse(doc bson.Raw) Index {
	keys, _ := doc.Lookup("key").DocumentOK()
	i := Index{Name: document.TextAt(doc, "name"), Keys: document.KeysIn(keys)}
	i.Unique, _ = doc.Lookup("unique").BooleanOK()
	i.Sparse, _ = doc.Lookup("sparse").BooleanOK()
	i.Hidden, _ = doc.Lookup("hidden").BooleanOK()
	_, i.Partial = doc.Lookup("partialFilterExpression").DocumentOK()
	_, i.collated = doc.Lookup("collation").DocumentOK()
	i.Unique = i.Unique || i.Name == "_id_"
	return i
}

// Measure adds size and use to the indexes of a collection. The server tells
// them to a user with the role clusterMonitor or one on the database; without
// them they stay nil.
func Measure(ctx context.Context, n server.Namespace, indexes []Index) {
	stats, err := n.Command(ctx, n.Database, bson.D{{Key: "collStats", Value: n.Collection}})
	sized := err == nil
	uses := usesOf(ctx, n)
	for i := range indexes {
		name := indexes[i].Name
		if size, ok := document.NumberAt(stats, "indexSizes", name); sized && ok {
			indexes[i].SizeBytes = &size
		}
		if use, ok := uses[name]; ok {
			indexes[i].Uses, indexes[i].CountingSince = &use.count, use.since
		}
	}
}

// use is what $indexStats tells of an index.
type use struct {
	count int
	since *time.Time
}

// usesOf returns the use of each index by name, of shards together; nothing
// where it is not told.
func usesOf(ctx context.Context, n server.Namespace) map[string]use {
	found := map[string]use{}
	stats := func(ctx context.Context, c *driver.Collection) (*driver.Cursor, error) {
		return c.Aggregate(ctx, bson.A{bson.D{{Key: "$indexStats", Value: bson.D{}}}})
	}
	err := n.Each(ctx, "$indexStats of "+n.String(), stats, func(doc bson.Raw) (bool, error) {
		ops, told := document.NumberAt(doc, "accesses", "ops")
		if !told {
			return true, nil
		}
		name := document.TextAt(doc, "name")
		u := found[name]
		u.count += ops
		if since, ok := doc.Lookup("accesses", "since").DateTimeOK(); ok {
			t := bson.DateTime(since).Time().UTC()
			u.since = &t
		}
		found[name] = u
		return true, nil
	})
	if err != nil {
		return nil
	}
	return found
}

// String returns the index in a few words.
func (i Index) String() string {
	text := i.Name + " on " + document.KeysText(i.Keys)
	if i.Unique {
		text += ", unique"
	}
	if i.SizeBytes != nil {
		text += ", " + schema.HumanBytes(float64(*i.SizeBytes))
	}
	return text
}

// describe tells what an index has that makes it another.
func (i Index) describe() string {
	text := i.String()
	for _, x := range []struct {
		is   bool
		word string
	}{{i.Sparse, "sparse"}, {i.Partial, "partial"}, {i.collated, "with a collation"}, {i.Hidden, "hidden"}} {
		if x.is {
			text += ", " + x.word
		}
	}
	return text
}
