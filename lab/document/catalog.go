package document

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

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
// *Error of code 11000.
func (c *Collection) CreateIndex(i Index) (created bool, err error) {
	if len(i.Keys) == 0 {
		return false, value.Refused(value.CannotCreateIndex, "Index keys cannot be empty.")
	}
	if i.Keys, err = value.Document(i.Keys); err != nil {
		return false, value.Refused(value.CannotCreateIndex, "%v", err)
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
		key, err := x.admit(c.namespace(), r.doc, r)
		if err != nil {
			return false, err
		}
		x.add(key, r)
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
			return false, value.Refused(value.IndexOptionsConflict, "Index already exists with a different name: %s", x.Name)
		case x.Name == i.Name && !keys:
			return false, value.Refused(value.IndexKeySpecsConflict,
				"An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: %s, existing index: %s",
				value.Format(i.Document()), value.Format(x.Document()))
		case x.Name == i.Name, keys && x.Unique == i.Unique:
			return false, value.Refused(value.IndexOptionsConflict,
				"An equivalent index already exists with the same name but different options. Requested index: %s, existing index: %s",
				value.Format(i.Document()), value.Format(x.Document()))
		}
	}
	return false, nil
}

func sameOptions(a, b Index) bool {
	expiry := (a.ExpireAfter == nil) == (b.ExpireAfter == nil) && (a.ExpireAfter == nil || *a.ExpireAfter == *b.ExpireAfter)
	return a.Unique == b.Unique && expiry
}

// Document writes a declaration as listIndexes shows it.
func (i Index) Document() bson.D {
	d := bson.D{{Key: "v", Value: int32(2)}, {Key: "key", Value: i.Keys}, {Key: "name", Value: i.Name}}
	if i.Unique {
		d = append(d, bson.E{Key: "unique", Value: true})
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
		return value.Refused(value.InvalidOptions, "cannot drop _id index")
	case "*":
		c.indexes = c.indexes[:1:1]
		c.version++
		return nil
	}
	at := slices.IndexFunc(c.indexes, func(x *index) bool { return x.Name == name })
	if at < 0 {
		return value.Refused(value.IndexNotFound, "index not found with name [%s]", name)
	}
	c.indexes = slices.Delete(slices.Clone(c.indexes), at, at+1)
	c.version++
	return nil
}

// Use counts the operations that used each index since it was made.
func (c *Collection) Use() map[string]int64 {
	out := make(map[string]int64, len(c.indexes))
	for _, x := range c.indexes {
		out[x.Name] = x.used
	}
	return out
}
