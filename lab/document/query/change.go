package query

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Change is a document of update operators that was parsed.
type Change struct {
	edits []edit
}

// edit is what one operator does at one path. It gets the old value, or
// Missing{}, and gives the new one; Missing{} takes the field out.
type edit struct {
	path  string
	names []string
	apply func(s site, old any) (any, error)
	// makes says that the operator creates what is not there.
	makes bool
}

// site is where an edit happens.
type site struct {
	doc  bson.D
	path string
}

// ParseChange reads a document of operators. now is the time of $currentDate.
func ParseChange(change bson.D, now time.Time) (*Change, error) {
	normal, err := value.Document(change)
	if err != nil {
		return nil, value.Refused(value.BadValue, "%v", err)
	}
	c := &Change{}
	for _, e := range normal {
		if err := c.addOperator(e, now); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(c.edits, func(a, b edit) int { return slices.Compare(a.names, b.names) })
	return c, c.check()
}

func (c *Change) addOperator(e bson.E, now time.Time) error {
	if !strings.HasPrefix(e.Key, "$") {
		return value.Refused(value.FailedToParse, "this server of a lab replaces no documents: %s is no operator", e.Key)
	}
	make, known := operators()[e.Key]
	if !known {
		return value.Refused(value.FailedToParse, "Unknown modifier for this server of a lab: %s", e.Key)
	}
	fields, ok := e.Value.(bson.D)
	if !ok {
		return value.Refused(value.FailedToParse, "Modifiers operate on fields but we found type %s instead. For example: {$mod: {<field>: ...}} not {%s: %s}",
			value.TypeName(e.Value), e.Key, value.Format(e.Value))
	}
	for _, f := range fields {
		names := value.Split(f.Key)
		if slices.Contains(names, "") {
			return value.Refused(value.EmptyFieldName, "The update path '%s' contains an empty field name, which is not allowed.", f.Key)
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "$") }) {
			return value.Refused(value.BadValue, "this server of a lab has no positional operators: %s", f.Key)
		}
		d, err := make(f, now)
		if err != nil {
			return err
		}
		d.path, d.names = f.Key, names
		c.edits = append(c.edits, d)
	}
	return nil
}

// Apply gives the document that the change makes of doc, which stays as it is.
func (c *Change) Apply(doc bson.D) (bson.D, error) {
	copied, err := value.Document(doc)
	if err != nil {
		return nil, value.Refused(value.BadValue, "%v", err)
	}
	var next any = copied
	for _, d := range c.edits {
		w := walk{edit: d, site: site{doc: doc, path: d.path}}
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
		return nil, value.Refused(value.ImmutableField, "Performing an update on the path '_id' would modify the immutable field '_id'")
	}
	return out, nil
}

// check refuses paths that touch the same field.
func (c *Change) check() error {
	for i, d := range c.edits {
		if i == 0 {
			continue
		}
		before := c.edits[i-1].names
		if len(before) <= len(d.names) && slices.Equal(before, d.names[:len(before)]) {
			return value.Refused(value.ConflictingUpdate, "Updating the path '%s' would create a conflict at '%s'", d.path, c.edits[i-1].path)
		}
	}
	return nil
}
