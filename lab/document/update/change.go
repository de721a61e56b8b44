// Package update applies MongoDB's update operators to documents.
package update

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// Change is a document of update operators that was parsed.
type Change struct {
	edits   []edit
	filters map[string]*query.Filter
}

// edit is what one operator does at one path. It gets the old value, or
// Missing{}, and gives the new one; Missing{} takes the field out.
type edit struct {
	op, path string
	names    []string
	apply    func(s site, old any) (any, error)
	// makes says that the operator creates what is not there.
	makes bool
	// onInsert says that it does so only in a document that is inserted.
	onInsert bool
}

// site is where an edit happens.
type site struct {
	doc  bson.D
	path string
}

// Parse reads a document of operators. now is the time of $currentDate, and
// arrayFilters say what $[name] in a path stands for.
func Parse(change bson.D, arrayFilters []bson.D, now time.Time) (*Change, error) {
	normal, err := value.Document(change)
	if err != nil {
		return nil, fault.New(fault.BadValue, "%v", err)
	}
	c := &Change{filters: map[string]*query.Filter{}}
	for _, f := range arrayFilters {
		if err := c.addFilter(f); err != nil {
			return nil, err
		}
	}
	for _, e := range normal {
		if err := c.addOperator(e, now); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(c.edits, func(a, b edit) int { return slices.Compare(a.names, b.names) })
	return c, c.check(normal)
}

func (c *Change) addFilter(filter bson.D) error {
	if len(filter) == 0 {
		return fault.New(fault.FailedToParse, "Cannot use an expression without a top-level field name in arrayFilters")
	}
	name := value.Split(filter[0].Key)[0]
	if strings.HasPrefix(name, "$") {
		return fault.New(fault.FailedToParse, "Cannot use an expression without a top-level field name in arrayFilters")
	}
	if c.filters[name] != nil {
		return fault.New(fault.FailedToParse, "Found multiple array filters with the same top-level field name %s", name)
	}
	f, err := query.Parse(filter)
	if err != nil {
		return err
	}
	c.filters[name] = f
	return nil
}

func (c *Change) addOperator(e bson.E, now time.Time) error {
	make, known := operators()[e.Key]
	if !known {
		return fault.New(fault.FailedToParse, "Unknown modifier: %s. Expected a valid update modifier or pipeline-style update specified as an array", e.Key)
	}
	fields, ok := e.Value.(bson.D)
	if !ok {
		return fault.New(fault.FailedToParse, "Modifiers operate on fields but we found type %s instead. For example: {$mod: {<field>: ...}} not {%s: %s}",
			value.TypeName(e.Value), e.Key, value.Format(e.Value))
	}
	for _, f := range fields {
		if slices.Contains(value.Split(f.Key), "") {
			return fault.New(fault.EmptyFieldName, "The update path '%s' contains an empty field name, which is not allowed.", f.Key)
		}
		edits, err := make(f, now)
		if err != nil {
			return err
		}
		for _, d := range edits {
			d.op, d.names = e.Key, value.Split(d.path)
			c.edits = append(c.edits, d)
		}
	}
	return nil
}

// check refuses paths that touch the same field, and names without a filter.
func (c *Change) check(change bson.D) error {
	used := map[string]bool{}
	for i, d := range c.edits {
		for _, name := range d.names {
			id, ok := identifier(name)
			if !ok {
				continue
			}
			used[id] = true
			if c.filters[id] == nil {
				return fault.New(fault.BadValue, "No array filter found for identifier '%s' in path '%s'", id, d.path)
			}
		}
		if i == 0 {
			continue
		}
		before := c.edits[i-1].names
		if len(before) <= len(d.names) && slices.Equal(before, d.names[:len(before)]) {
			return fault.New(fault.ConflictingUpdate, "Updating the path '%s' would create a conflict at '%s'", d.path, c.edits[i-1].path)
		}
	}
	for id := range c.filters {
		if !used[id] {
			return fault.New(fault.FailedToParse, "The array filter for identifier '%s' was not used in the update %s", id, value.Format(change))
		}
	}
	return nil
}

func identifier(name string) (string, bool) {
	if len(name) > 3 && strings.HasPrefix(name, "$[") && strings.HasSuffix(name, "]") {
		return name[2 : len(name)-1], true
	}
	return "", false
}

// Apply gives the document that the change makes of doc, which stays as it is.
// place is what the positional operator $ stands for, -1 for nothing; insert
// says that doc is about to be inserted.
func (c *Change) Apply(doc bson.D, place int, insert bool) (bson.D, error) {
	var next any = value.CloneDocument(doc)
	for _, d := range c.edits {
		if d.onInsert && !insert {
			continue
		}
		if d.op == "$rename" {
			moved, err := rename(next.(bson.D), d)
			if err != nil {
				return nil, err
			}
			next = moved
			continue
		}
		w := walk{change: c, edit: d, place: place, site: site{doc: doc, path: d.path}}
		changed, err := w.modify(next, d.names)
		if err != nil {
			return nil, err
		}
		next = changed
	}
	out := next.(bson.D)
	before, had := value.Field(doc, "_id")
	after, has := value.Field(out, "_id")
	if had && (!has || !value.Equal(before, after)) {
		return nil, fault.New(fault.ImmutableField, "Performing an update on the path '_id' would modify the immutable field '_id'")
	}
	return out, nil
}
