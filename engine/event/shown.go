package event

import "runbook/engine/schema"

// Shown is what a person should see of a step, or of an output of the playbook.
type Shown struct {
	Parts     []ShownPart `json:"parts"`
	Automatic bool        `json:"automatic,omitempty"` // the action's own, as the step says nothing of it
}

// ShownPart is a text, a table, or why there is none.
type ShownPart struct {
	Name    string        `json:"name,omitempty"` // the output that it is, where that is not plain
	Lines   []string      `json:"lines,omitempty"`
	Number  *Number       `json:"number,omitempty"` // that the only line says
	Columns []ShownColumn `json:"columns,omitempty"`
	Rows    [][]any       `json:"rows,omitempty"`    // a text, a number, true, false or null for each column
	Last    bool          `json:"last,omitempty"`    // where not all fit, the last are kept
	Left    int           `json:"left,omitempty"`    // lines or rows that are left out
	Now     bool          `json:"now,omitempty"`     // dry run: as it is before any change
	Unknown string        `json:"unknown,omitempty"` // dry run: what it waits for
	Error   string        `json:"error,omitempty"`   // why it has no value
}

// ShownColumn is a column of a table.
type ShownColumn struct {
	Name string      `json:"name"`
	Unit schema.Unit `json:"unit,omitempty"` // of its numbers
}
