package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Error is a failed command: MongoDB's code, its name, and a message.
type Error = value.Error

// Plan is a stage of how a query was answered, with the stage that fed it.
type Plan struct {
	// Stage is MongoDB's name: COLLSCAN, IXSCAN, FETCH, SORT, IDHACK, ...
	Stage string
	// Index and Keys are the index of an IXSCAN; Bounds holds, by field of
	// the index, the intervals that it reads, written as text.
	Index  string
	Keys   bson.D
	Bounds bson.D
	// Direction is "forward" or "backward", of scans.
	Direction string
	// KeysExamined and DocsExamined count what this stage and those below it
	// looked at; Returned is what this stage gave.
	KeysExamined, DocsExamined, Returned int64
	// Input is the stage that feeds this one.
	Input *Plan
	Details
}

// Details are what only some stages have.
type Details struct {
	// Sort is the order of a SORT.
	Sort bson.D
	// Limit is how many documents a SORT or LIMIT keeps, or a SKIP leaves out.
	Limit int64
}
