package document

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Database is a set of named collections.
type Database struct {
	// NewID makes the _id of a document that comes without one; by default
	// it counts, so that equal programs make equal databases.
	NewID func() bson.ObjectID
	// Now is the time of $currentDate and of $$NOW, by default the wall's.
	Now func() time.Time

	name        string
	collections map[string]*Collection
}

// New makes an empty database.
func New(name string) *Database {
	return &Database{NewID: counter(), Now: time.Now, name: name, collections: map[string]*Collection{}}
}

func counter() func() bson.ObjectID {
	var n uint64
	return func() (id bson.ObjectID) {
		n++
		binary.BigEndian.PutUint64(id[4:], n)
		return id
	}
}

// Name is the name that New was given.
func (d *Database) Name() string { return d.name }

// Names are the names of the collections, sorted.
func (d *Database) Names() []string { return slices.Sorted(maps.Keys(d.collections)) }

// Lookup finds a collection, if it was made.
func (d *Database) Lookup(name string) (*Collection, bool) {
	c, ok := d.collections[name]
	return c, ok
}

// Collection gives the collection of this name, and makes it if need be.
func (d *Database) Collection(name string) *Collection {
	c, ok := d.collections[name]
	if !ok {
		c = newCollection(d, name)
		d.collections[name] = c
	}
	return c
}

// Drop takes a collection out, with its indexes, and says whether it was there.
func (d *Database) Drop(name string) bool {
	_, ok := d.collections[name]
	delete(d.collections, name)
	return ok
}

// Rename gives a collection another name. It fails with NamespaceNotFound, or
// with NamespaceExists where the new name is taken and dropTarget is not set.
func (d *Database) Rename(from, to string, dropTarget bool) error {
	c, ok := d.collections[from]
	if !ok {
		return value.Refused(value.NamespaceNotFound, "Source collection %s.%s does not exist", d.name, from)
	}
	if from == to {
		return value.Refused(value.BadValue, "Can't rename a collection to itself")
	}
	if _, taken := d.collections[to]; taken && !dropTarget {
		return value.Refused(value.NamespaceExists, "target namespace exists")
	}
	delete(d.collections, from)
	c.name = to
	d.collections[to] = c
	return nil
}
