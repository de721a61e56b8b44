package document

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

// Indexes are the declarations of the indexes, _id_ first, the others in the
// order in which they were made.
func (c *Collection) Indexes() []Index {
	out := make([]Index, len(c.indexes))
	for i, x := range c.indexes {
		out[i] = x.Index
	}
	return out
}

// CreateIndex makes an index over all documents. The same index again is no
// error and not created. Another index of the same name is an
// IndexKeySpecsConflict, other options of the same keys are an
// IndexOptionsConflict, and documents that a unique index cannot hold are a
// *WriteError of code 11000.
func (c *Collection) CreateIndex(i Index) (created bool, err error) {
	if len(i.Keys) == 0 {
		return false, fault.New(fault.CannotCreateIndex, "Index keys cannot be empty.")
	}
	if i.Keys, err = value.Document(i.Keys); err != nil {
		return false, fault.New(fault.CannotCreateIndex, "%v", err)
	}
	if i.PartialFilter != nil {
		if i.PartialFilter, err = value.Document(i.PartialFilter); err != nil {
			return false, fault.New(fault.CannotCreateIndex, "%v", err)
		}
		if i.Sparse {
			return false, fault.New(fault.CannotCreateIndex, "cannot mix \"partialFilterExpression\" and \"sparse\" options")
		}
	}
	if i.Name == "" {
		i.Name = defaultName(i.Keys)
	}
	x, err := newIndex(i)
	if err != nil {
		return false, err
	}
	if same, err := c.conflict(i); same || err != nil {
		return false, err
	}
	for _, r := range c.records {
		if r.gone {
			continue
		}
		keys, err := x.keysOf(r.doc)
		if err != nil {
			return false, err
		}
		if err := x.admit(c.namespace(), keys, r); err != nil {
			return false, err
		}
		x.add(keys, r)
	}
	c.indexes = append(c.indexes, x)
	c.version++
	return true, nil
}

// conflict compares a declaration with those that are there.
func (c *Collection) conflict(i Index) (same bool, err error) {
	if len(i.Keys) == 1 && i.Keys[0].Key == "_id" {
		return true, nil
	}
	for _, x := range c.indexes {
		keys := value.Equal(x.Keys, i.Keys)
		options := sameOptions(x.Index, i)
		switch {
		case keys && options && x.Name == i.Name:
			return true, nil
		case keys && options:
			return false, fault.New(fault.IndexOptionsConflict, "Index already exists with a different name: %s", x.Name)
		case x.Name == i.Name && !keys:
			return false, fault.New(fault.IndexKeySpecsConflict,
				"An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: %s, existing index: %s",
				value.Format(i.document()), value.Format(x.document()))
		case x.Name == i.Name, keys && samePartial(x.Index, i) && x.Unique == i.Unique && x.Sparse == i.Sparse:
			return false, fault.New(fault.IndexOptionsConflict,
				"An equivalent index already exists with the same name but different options. Requested index: %s, existing index: %s",
				value.Format(i.document()), value.Format(x.document()))
		}
	}
	return false, nil
}

func sameOptions(a, b Index) bool {
	expiry := (a.ExpireAfter == nil) == (b.ExpireAfter == nil) && (a.ExpireAfter == nil || *a.ExpireAfter == *b.ExpireAfter)
	return a.Unique == b.Unique && a.Sparse == b.Sparse && a.Hidden == b.Hidden && expiry && samePartial(a, b)
}

func samePartial(a, b Index) bool {
	return (a.PartialFilter == nil) == (b.PartialFilter == nil) && value.Equal(a.PartialFilter, b.PartialFilter)
}

// document writes a declaration as listIndexes shows it.
func (i Index) document() bson.D {
	d := bson.D{{Key: "v", Value: int32(2)}, {Key: "key", Value: i.Keys}, {Key: "name", Value: i.Name}}
	if i.Unique {
		d = append(d, bson.E{Key: "unique", Value: true})
	}
	if i.Sparse {
		d = append(d, bson.E{Key: "sparse", Value: true})
	}
	if i.Hidden {
		d = append(d, bson.E{Key: "hidden", Value: true})
	}
	if i.PartialFilter != nil {
		d = append(d, bson.E{Key: "partialFilterExpression", Value: i.PartialFilter})
	}
	if i.ExpireAfter != nil {
		d = append(d, bson.E{Key: "expireAfterSeconds", Value: int32(i.ExpireAfter.Seconds())})
	}
	return d
}

// DropIndex takes an index out by its name; "*" takes all but that on _id.
func (c *Collection) DropIndex(name string) error {
	switch name {
	case "_id_":
		return fault.New(fault.InvalidOptions, "cannot drop _id index")
	case "*":
		c.indexes = c.indexes[:1:1]
		c.version++
		return nil
	}
	at := slices.IndexFunc(c.indexes, func(x *index) bool { return x.Name == name })
	if at < 0 {
		return fault.New(fault.IndexNotFound, "index not found with name [%s]", name)
	}
	c.indexes = slices.Delete(slices.Clone(c.indexes), at, at+1)
	c.version++
	return nil
}

// SetHidden hides an index from the planner or shows it again.
func (c *Collection) SetHidden(name string, hidden bool) error {
	if name == "_id_" && hidden {
		return fault.New(fault.BadValue, "can't hide _id index")
	}
	for _, x := range c.indexes {
		if x.Name == name {
			x.Hidden = hidden
			c.version++
			return nil
		}
	}
	return fault.New(fault.IndexNotFound, "cannot find index %s for ns %s", name, c.namespace())
}

// Use counts the operations that used each index since it was made.
func (c *Collection) Use() map[string]int64 {
	out := make(map[string]int64, len(c.indexes))
	for _, x := range c.indexes {
		out[x.Name] = x.used
	}
	return out
}
