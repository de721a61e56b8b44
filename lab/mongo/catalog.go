package mongo

import (
	"crypto/md5"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// own are the databases that a server always has.
func own(name string) bool { return name == "admin" || name == "local" || name == "config" }

// databases are the names of those that there are: one without a collection is
// none.
func databases(w *model.World) []string {
	var names []string
	for name, d := range w.Mongo.Databases {
		if own(name) || len(d.Names()) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *call) listDatabases() (bson.D, error) {
	filter, err := c.part("filter")
	if err != nil {
		return nil, err
	}
	list, total := bson.A{}, int64(0)
	brief := c.truth("nameOnly", false)
	err = c.on(func(w *model.World) error {
		for _, name := range databases(w) {
			size := sizeOf(w.Mongo.Databases[name]).onDisk()
			d := bson.D{{Key: "name", Value: name}}
			if !brief {
				d = append(d, bson.E{Key: "sizeOnDisk", Value: size}, bson.E{Key: "empty", Value: len(w.Mongo.Databases[name].Names()) == 0})
			}
			ok, err := document.Match(d, filter)
			if err != nil {
				return err
			}
			if ok {
				list, total = append(list, d), total+size
			}
		}
		return nil
	})
	reply := bson.D{{Key: "databases", Value: list}}
	if !brief {
		reply = append(reply, bson.E{Key: "totalSize", Value: total}, bson.E{Key: "totalSizeMb", Value: total >> 20})
	}
	return reply, err
}

func (c *call) listCollections() (bson.D, error) {
	filter, err := c.part("filter")
	if err != nil {
		return nil, err
	}
	var docs []bson.D
	err = c.on(func(w *model.World) error {
		d, ok := w.Mongo.Databases[c.database()]
		if !ok {
			return nil
		}
		for _, name := range d.Names() {
			one := c.describe(name)
			ok, err := document.Match(one, filter)
			if err != nil {
				return err
			}
			if ok && c.truth("nameOnly", false) {
				one = one[:2]
			}
			if ok {
				docs = append(docs, one)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.listed(c.namespace("$cmd.listCollections"), docs)
}

// describe is a collection as listCollections shows it.
func (c *call) describe(name string) bson.D {
	id := md5.Sum([]byte(c.namespace(name)))
	d := bson.D{
		{Key: "name", Value: name}, {Key: "type", Value: "collection"}, {Key: "options", Value: bson.D{}},
		{Key: "info", Value: bson.D{{Key: "readOnly", Value: false}, {Key: "uuid", Value: bson.Binary{Subtype: bson.TypeBinaryUUID, Data: id[:]}}}},
	}
	if !strings.HasPrefix(name, "system.") {
		d = append(d, bson.E{Key: "idIndex", Value: bson.D{{Key: "v", Value: int32(2)}, {Key: "key", Value: bson.D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: "_id_"}}})
	}
	return d
}

// create makes a collection; it refuses the options that would have to be kept.
func (c *call) create() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	for _, option := range []string{"capped", "viewOn", "timeseries", "validator", "clusteredIndex", "encryptedFields", "expireAfterSeconds"} {
		if v, ok := field(c.body, option); ok && v != false {
			return nil, mistake(value.NotSupported, "this server of a lab has no collections with %s", option)
		}
	}
	return nil, c.on(func(w *model.World) error {
		if lookup(w, c.database(), name) != nil {
			return mistake(value.NamespaceExists, "Collection %s already exists.", c.namespace(name))
		}
		database(w, c.database()).Collection(name)
		return nil
	})
}

func (c *call) drop() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	reply := bson.D{}
	err = c.on(func(w *model.World) error {
		col := lookup(w, c.database(), name)
		if col == nil {
			return nil // since MongoDB 7.0
		}
		reply = bson.D{{Key: "nIndexesWas", Value: int32(len(col.Indexes()))}, {Key: "ns", Value: c.namespace(name)}}
		w.Mongo.Databases[c.database()].Drop(name)
		return nil
	})
	return reply, err
}

// dropDatabase empties the database; the model keeps its own.
func (c *call) dropDatabase() (bson.D, error) {
	if own(c.database()) {
		return nil, mistake(value.IllegalOperation, "Dropping the '%s' database is prohibited.", c.database())
	}
	reply := bson.D{}
	err := c.on(func(w *model.World) error {
		d, ok := w.Mongo.Databases[c.database()]
		if !ok || len(d.Names()) == 0 {
			return nil
		}
		for _, name := range d.Names() {
			d.Drop(name)
		}
		if c.database() != model.Project {
			delete(w.Mongo.Databases, c.database())
		}
		reply = bson.D{{Key: "dropped", Value: c.database()}}
		return nil
	})
	return reply, err
}

func (c *call) renameCollection() (bson.D, error) {
	from, _ := c.body[0].Value.(string)
	source, oldName, okFrom := strings.Cut(from, ".")
	target, newName, okTo := strings.Cut(c.text("to"), ".")
	switch {
	case !okFrom || !okTo || oldName == "" || newName == "" || strings.Contains(newName, "$"):
		return nil, mistake(value.InvalidNamespace, "Invalid namespace specified '%s'", from)
	case source != target:
		return nil, mistake(value.NotSupported, "this server of a lab renames within a database only")
	}
	return nil, c.on(func(w *model.World) error {
		d, ok := w.Mongo.Databases[source]
		if !ok {
			return mistake(value.NamespaceNotFound, "Source collection %s does not exist", from)
		}
		return d.Rename(oldName, newName, c.truth("dropTarget", false))
	})
}

// size is what collections take.
type size struct {
	collections, indexes         int
	objects, data, indexed, disk int64
}

func (s size) onDisk() int64 { return s.disk + s.indexed }

func (s *size) add(col *document.Collection) {
	s.collections++
	s.objects += int64(col.Len())
	s.data += int64(col.SizeBytes())
	s.disk += stored(int64(col.SizeBytes()))
	for _, i := range col.Indexes() {
		s.indexes++
		s.indexed += indexSize(col, i)
	}
}

func sizeOf(d *document.Database) (s size) {
	for _, name := range d.Names() {
		if col, ok := d.Lookup(name); ok {
			s.add(col)
		}
	}
	return s
}

// stored is what so many bytes of documents take, compressed and in blocks.
func stored(bytes int64) int64 { return block + (bytes*2/5)/block*block }

const block = 4096

// indexSize is what an index takes: about a dozen bytes for a value, in blocks.
func indexSize(col *document.Collection, i document.Index) int64 {
	return block + int64(col.Len())*int64(6+12*len(i.Keys))/block*block
}
