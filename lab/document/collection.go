package document

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// record is a stored document. Its doc is never changed, only replaced.
type record struct {
	doc  bson.D
	seq  uint64
	size int
	gone bool
}

// Collection is a list of documents in the order of their insertion, with its
// indexes.
type Collection struct {
	db      *Database
	name    string
	records []*record
	length  int
	bytes   int
	seq     uint64
	version uint64
	indexes []*index
}

func newCollection(db *Database, name string) *Collection {
	c := &Collection{db: db, name: name}
	c.indexes = []*index{idIndex()}
	return c
}

// Name is the collection's name, without that of the database.
func (c *Collection) Name() string { return c.name }

// Len is the number of documents.
func (c *Collection) Len() int { return c.length }

// SizeBytes is the sum of the documents' sizes in BSON, in bytes.
func (c *Collection) SizeBytes() int { return c.bytes }

// Version grows with every change of documents or indexes.
func (c *Collection) Version() uint64 { return c.version }

func (c *Collection) namespace() string { return c.db.name + "." + c.name }

// Insert stores a copy of doc, with an _id if it has none. A key that a unique
// index already holds is an *Error of code 11000.
func (c *Collection) Insert(doc bson.D) error {
	normal, err := value.Document(doc)
	if err != nil {
		return value.Refused(value.BadValue, "insert into %s: %v", c.namespace(), err)
	}
	normal, err = c.identified(normal)
	if err != nil {
		return err
	}
	r := &record{seq: c.seq + 1}
	if err := c.enter(r, normal); err != nil {
		return err
	}
	c.seq++
	c.records = append(c.records, r)
	c.length++
	return nil
}

// identified puts the _id first, a new one if there is none.
func (c *Collection) identified(doc bson.D) (bson.D, error) {
	for i, e := range doc {
		if e.Key != "_id" {
			continue
		}
		switch e.Value.(type) {
		case bson.A, bson.Regex, bson.Undefined:
			return nil, value.Refused(value.InvalidIDField, "The '_id' value cannot be of type %s", value.TypeName(e.Value))
		}
		copy(doc[1:i+1], doc[:i])
		doc[0] = e
		return doc, nil
	}
	return append(bson.D{{Key: "_id", Value: c.db.NewID()}}, doc...), nil
}

// enter gives a record a document, and puts its keys into every index, or into
// none.
func (c *Collection) enter(r *record, doc bson.D) error {
	keys := make([][]any, len(c.indexes))
	for i, x := range c.indexes {
		var err error
		if keys[i], err = x.admit(c.namespace(), doc, r); err != nil {
			return err
		}
	}
	if r.doc != nil {
		c.leave(r)
	}
	size := value.Size(doc)
	c.bytes += size - r.size
	r.doc, r.size = doc, size
	for i, x := range c.indexes {
		x.add(keys[i], r)
	}
	c.version++
	return nil
}

func (c *Collection) leave(r *record) {
	for _, x := range c.indexes {
		x.remove(r)
	}
}

func (c *Collection) remove(r *record) {
	c.leave(r)
	r.gone = true
	c.length--
	c.bytes -= r.size
	c.version++
	if len(c.records) > 32 && c.length < len(c.records)/2 {
		c.records = slices.DeleteFunc(c.records, func(r *record) bool { return r.gone })
	}
}
