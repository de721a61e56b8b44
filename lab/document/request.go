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
}

// Result is what Find and Aggregate give.
type Result struct {
	Documents []bson.D
	Plan      Plan
}

// Update is what Collection.Update is asked: a document of update operators.
type Update struct {
	Filter, Change bson.D
	Multi          bool
}

// UpdateResult counts what an update did.
type UpdateResult struct {
	Matched, Modified int64
	Plan              Plan
}

// Index is the declaration of an index. An empty Name becomes the usual one:
// field_1_other_-1.
type Index struct {
	Name        string
	Keys        bson.D
	Unique      bool
	ExpireAfter *time.Duration // kept and shown; nothing expires
}
