package document

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Query is what Find is asked. The zero value is every document.
type Query struct {
	Filter, Sort, Projection bson.D
	// Skip and Limit count documents; a limit of 0 is none.
	Skip, Limit int64
	// Hint is the name of an index, or its keys as a bson.D; {$natural: ±1}
	// asks for a scan of the collection.
	Hint any
}

// Result is what Find and Aggregate give.
type Result struct {
	Documents []bson.D
	Plan      Plan
}

// Update is what Collection.Update is asked.
type Update struct {
	Filter bson.D
	// Change is a bson.D of update operators, or one that replaces the document.
	Change        any
	Multi, Upsert bool
	// Sort picks the document where Multi is not set.
	Sort bson.D
	Hint any
}

// UpdateResult counts what an update did. Before and After are the first
// matched document; of an upsert, After alone.
type UpdateResult struct {
	Matched, Modified int64
	UpsertedID        any
	Before, After     bson.D
	Plan              Plan
}

// DeleteResult counts what a deletion did; First is the first document that
// was deleted.
type DeleteResult struct {
	Deleted int64
	First   bson.D
	Plan    Plan
}

// Index is the declaration of an index. An empty Name becomes the usual one:
// field_1_other_-1.
type Index struct {
	Name        string
	Keys        bson.D
	Unique      bool
	ExpireAfter *time.Duration // kept and shown; nothing expires
}
