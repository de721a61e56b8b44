package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/schema"
)

// index is an index of a collection, as outputs have it.
type index struct {
	Name      string     `yaml:"name" doc:"Its name."`
	Keys      []indexKey `yaml:"keys" doc:"Its keys in order."`
	Unique    bool       `yaml:"unique" doc:"Whether it holds that no two documents have the same keys."`
	Sparse    bool       `yaml:"sparse" doc:"Whether documents without the keys are left out."`
	Partial   bool       `yaml:"partial" doc:"Whether only documents that match its own filter are in it."`
	Hidden    bool       `yaml:"hidden" doc:"Whether the planner of queries must not use it."`
	SizeBytes *int       `yaml:"size_bytes" doc:"Its size on disk; nil where the server does not tell this user."`
	Uses      *int       `yaml:"uses" doc:"How many operations used it since counting_since; nil where the server does not tell this user."`

	CountingSince *time.Time `yaml:"counting_since" doc:"When the server began to count: its start, or when the index was made."`

	collated bool // it has an order of text of its own
}

// indexes returns the indexes of a collection, those of none where there is no
// such collection.
func (n namespace) indexes(ctx context.Context) ([]index, error) {
	var found []index
	err := n.send(ctx, "listIndexes of "+n.String(), func(ctx context.Context) error {
		cursor, err := n.handle().Indexes().List(ctx)
		if err != nil {
			return err
		}
		defer cursor.Close(ctx)
		for cursor.Next(ctx) {
			found = append(found, indexOf(cursor.Current))
		}
		return cursor.Err()
	})
	if hasCode(err, codeNamespaceNotFound) {
		return nil, nil
	}
	return found, err
}

func indexOf(doc bson.Raw) index {
	keys, _ := doc.Lookup("key").DocumentOK()
	i := index{Name: textAt(doc, "name"), Keys: keysIn(keys)}
	i.Unique, _ = doc.Lookup("unique").BooleanOK()
	i.Sparse, _ = doc.Lookup("sparse").BooleanOK()
	i.Hidden, _ = doc.Lookup("hidden").BooleanOK()
	_, i.Partial = doc.Lookup("partialFilterExpression").DocumentOK()
	_, i.collated = doc.Lookup("collation").DocumentOK()
	i.Unique = i.Unique || i.Name == "_id_"
	return i
}

// figures adds size and use to the indexes. The server tells them to a user
// with the role clusterMonitor or one on the database; without them they stay
// nil.
func (n namespace) figures(ctx context.Context, indexes []index) {
	stats, err := n.command(ctx, n.database, bson.D{{Key: "collStats", Value: n.collection}})
	sized := err == nil
	uses := n.uses(ctx)
	for i := range indexes {
		name := indexes[i].Name
		if size, ok := number(stats, "indexSizes", name); sized && ok {
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

// uses returns the use of each index by name, nothing where it is not told.
func (n namespace) uses(ctx context.Context) map[string]use {
	found := map[string]use{}
	err := n.send(ctx, "$indexStats of "+n.String(), func(ctx context.Context) error {
		cursor, err := n.handle().Aggregate(ctx, bson.A{bson.D{{Key: "$indexStats", Value: bson.D{}}}})
		if err != nil {
			return err
		}
		defer cursor.Close(ctx)
		for cursor.Next(ctx) {
			name := textAt(cursor.Current, "name")
			u := found[name]
			u.count += whole(cursor.Current, "accesses", "ops")
			if since, ok := cursor.Current.Lookup("accesses", "since").DateTimeOK(); ok {
				t := bson.DateTime(since).Time().UTC()
				u.since = &t
			}
			found[name] = u
		}
		return cursor.Err()
	})
	if err != nil {
		return nil
	}
	return found
}

// String returns the index in a few words.
func (i index) String() string {
	text := i.Name + " on " + keysText(i.Keys)
	if i.Unique {
		text += ", unique"
	}
	if i.SizeBytes != nil {
		text += ", " + schema.HumanBytes(float64(*i.SizeBytes))
	}
	return text
}
