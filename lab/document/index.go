package document

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// entry is a key of an index and the record that it leads to.
type entry struct {
	key []any
	rec *record
}

// index is a sorted list of keys. New ones wait at its end, in pending, until
// somebody reads: so that a load of many documents is sorted once.
type index struct {
	Index
	paths   [][]string
	signs   []int
	entries []entry
	pending []entry
	hashed  map[string]*record
	used    int64
}

func idIndex() *index {
	x, _ := newIndex(Index{Name: "_id_", Keys: bson.D{{Key: "_id", Value: int32(1)}}, Unique: true})
	return x
}

func newIndex(spec Index) (*index, error) {
	x := &index{Index: spec}
	for _, e := range spec.Keys {
		sign, err := direction(e)
		if err != nil {
			return nil, err
		}
		x.paths = append(x.paths, value.Split(e.Key))
		x.signs = append(x.signs, sign)
	}
	if spec.Unique {
		x.hashed = map[string]*record{}
	}
	return x, nil
}

func direction(e bson.E) (int, error) {
	if e.Key == "" {
		return 0, value.Refused(value.CannotCreateIndex, "Index keys cannot be an empty field")
	}
	if s, ok := e.Value.(string); ok {
		return 0, value.Refused(value.CannotCreateIndex, "Unknown index plugin '%s'", s)
	}
	f, ok := value.Float(e.Value)
	if !ok || f == 0 {
		return 0, value.Refused(value.CannotCreateIndex,
			"Values in v:2 index key pattern cannot be of type %s. Only numbers > 0, numbers < 0, and strings are allowed.", value.TypeName(e.Value))
	}
	if f < 0 {
		return -1, nil
	}
	return 1, nil
}

// keyOf gives the key under which the index holds a document; null for a field
// that is missing.
func (x *index) keyOf(doc bson.D) ([]any, error) {
	key := make([]any, len(x.paths))
	for i, path := range x.paths {
		values, array := value.Keys(doc, path)
		if array {
			return nil, value.Refused(value.NotSupported, "this server of a lab keeps no arrays in an index: %s in index %s", x.Keys[i].Key, x.Name)
		}
		key[i] = values[0]
	}
	return key, nil
}

// admit gives the key of a document, and refuses one that a unique index holds
// for another record.
func (x *index) admit(namespace string, doc bson.D, r *record) ([]any, error) {
	key, err := x.keyOf(doc)
	if err != nil || !x.Unique {
		return key, err
	}
	if other := x.hashed[hash(key)]; other != nil && other != r {
		return nil, value.Duplicate(namespace, x.Name, x.Keys, x.named(key))
	}
	return key, nil
}

func (x *index) named(key []any) bson.D {
	d := make(bson.D, len(key))
	for i, v := range key {
		d[i] = bson.E{Key: x.Keys[i].Key, Value: v}
	}
	return d
}

func hash(key []any) string {
	if len(key) == 1 {
		return value.Identity(key[0])
	}
	return value.Identity(bson.A(key))
}

func (x *index) add(key []any, r *record) {
	x.pending = append(x.pending, entry{key, r})
	if x.Unique {
		x.hashed[hash(key)] = r
	}
}

// remove takes out the key of a record, whose document is still the old one.
func (x *index) remove(r *record) {
	key, err := x.keyOf(r.doc)
	if err != nil {
		return
	}
	x.settle()
	e := entry{key, r}
	i := sort.Search(len(x.entries), func(i int) bool { return x.compare(x.entries[i], e) >= 0 })
	if i < len(x.entries) && x.entries[i].rec == r {
		x.entries = slices.Delete(x.entries, i, i+1)
	}
	if x.Unique {
		delete(x.hashed, hash(key))
	}
}

// settle sorts what is pending into the entries.
func (x *index) settle() {
	if len(x.pending) == 1 {
		at := sort.Search(len(x.entries), func(i int) bool { return x.compare(x.entries[i], x.pending[0]) > 0 })
		x.entries = slices.Insert(x.entries, at, x.pending[0])
	} else if len(x.pending) > 1 {
		x.entries = append(x.entries, x.pending...)
		slices.SortFunc(x.entries, x.compare)
	}
	x.pending = x.pending[:0]
}

func (x *index) compare(a, b entry) int {
	for i, sign := range x.signs {
		if c := value.Compare(a.key[i], b.key[i]); c != 0 {
			return c * sign
		}
	}
	return cmp.Compare(a.rec.seq, b.rec.seq)
}

// defaultName is the name of an index that was given none.
func defaultName(keys bson.D) string {
	parts := make([]string, 0, 2*len(keys))
	for _, e := range keys {
		n, _ := value.Int(e.Value)
		parts = append(parts, e.Key, strconv.FormatInt(n, 10))
	}
	return strings.Join(parts, "_")
}
