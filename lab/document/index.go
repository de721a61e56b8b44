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
	// arrays says for each field whether an array was ever met on its path.
	arrays []bool
	hashed map[string]*record
	used   int64
}

func idIndex() *index {
	x, _ := newIndex(Index{Name: "_id_", Keys: bson.D{{Key: "_id", Value: int32(1)}}, Unique: true})
	return x
}

func newIndex(spec Index) (*index, error) {
	x := &index{Index: spec, arrays: make([]bool, len(spec.Keys))}
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

// keysOf gives the keys under which the index holds a document.
func (x *index) keysOf(doc bson.D) ([][]any, error) {
	if key, ok := x.plain(doc); ok {
		return [][]any{key}, nil
	}
	return x.product(doc)
}

// plain gives the one key of a document where all paths are of its own fields and
// none is an array, as nearly always.
func (x *index) plain(doc bson.D) (key []any, ok bool) {
	key = make([]any, len(x.paths))
	for i, p := range x.paths {
		v, _ := value.Field(doc, p[0])
		if _, array := v.(bson.A); array || len(p) > 1 {
			return nil, false
		}
		key[i] = v
	}
	return key, true
}

// product combines the keys of all fields. Fields below the same array take
// their values from the same element of it.
func (x *index) product(doc bson.D) ([][]any, error) {
	var root string
	shared := 0
	for _, p := range x.paths {
		v, _ := value.Field(doc, p[0])
		if _, ok := v.(bson.A); !ok {
			continue
		}
		if root != "" && root != p[0] {
			return nil, value.Refused(value.CannotIndexParallelArrays, "cannot index parallel arrays [%s] [%s]", p[0], root)
		}
		root = p[0]
		shared++
		if _, place := value.Place(p[min(1, len(p)-1)]); place {
			shared = -len(x.paths)
		}
	}
	if shared < 2 {
		return distinct(x.cross(doc)), nil
	}
	var keys [][]any
	for _, d := range variants(doc, root) {
		keys = append(keys, x.cross(d)...)
	}
	return distinct(keys), nil
}

// variants gives a document once for each element of its array at root, with
// that element alone in it.
func variants(doc bson.D, root string) []bson.D {
	v, _ := value.Field(doc, root)
	list, ok := v.(bson.A)
	if !ok || len(list) < 2 {
		return []bson.D{doc}
	}
	out := make([]bson.D, len(list))
	for i, e := range list {
		d := slices.Clone(doc)
		for j := range d {
			if d[j].Key == root {
				d[j].Value = bson.A{e}
			}
		}
		out[i] = d
	}
	return out
}

func (x *index) cross(doc bson.D) [][]any {
	keys := [][]any{nil}
	for _, p := range x.paths {
		values, _ := value.Keys(doc, p)
		next := make([][]any, 0, len(keys)*len(values))
		for _, k := range keys {
			for _, v := range values {
				next = append(next, append(slices.Clip(slices.Clone(k)), v))
			}
		}
		keys = next
	}
	return keys
}

func distinct(keys [][]any) [][]any {
	if len(keys) < 2 {
		return keys
	}
	seen := make(map[string]bool, len(keys))
	return slices.DeleteFunc(keys, func(k []any) bool {
		id := value.Identity(bson.A(k))
		twice := seen[id]
		seen[id] = true
		return twice
	})
}

// admit refuses keys that a unique index holds for another record.
func (x *index) admit(namespace string, keys [][]any, r *record) error {
	if !x.Unique {
		return nil
	}
	for _, k := range keys {
		if other := x.hashed[hash(k)]; other != nil && other != r {
			held := x.named(k)
			return value.Duplicate(namespace, x.Name, x.Keys, held, value.Format(held))
		}
	}
	return nil
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

func (x *index) add(keys [][]any, r *record) {
	for _, k := range keys {
		x.pending = append(x.pending, entry{k, r})
		if x.Unique {
			x.hashed[hash(k)] = r
		}
	}
	for i, p := range x.paths {
		v, _ := value.Field(r.doc, p[0])
		if _, array := v.(bson.A); !x.arrays[i] && (array || len(p) > 1) {
			_, x.arrays[i] = value.Keys(r.doc, p)
		}
	}
}

// remove takes out the keys of a record, whose document is still the old one.
func (x *index) remove(r *record) {
	keys, err := x.keysOf(r.doc)
	if err != nil {
		return
	}
	x.settle()
	for _, k := range keys {
		e := entry{k, r}
		i := sort.Search(len(x.entries), func(i int) bool { return x.compare(x.entries[i], e) >= 0 })
		if i < len(x.entries) && x.entries[i].rec == r {
			x.entries = slices.Delete(x.entries, i, i+1)
		}
		if x.Unique {
			delete(x.hashed, hash(k))
		}
	}
}

// settle sorts what is pending into the entries.
func (x *index) settle() {
	if len(x.pending) == 0 {
		return
	}
	slices.SortFunc(x.pending, x.compare)
	first := x.pending[0]
	from := sort.Search(len(x.entries), func(i int) bool { return x.compare(x.entries[i], first) > 0 })
	if from == len(x.entries) {
		x.entries = append(x.entries, x.pending...)
	} else if len(x.pending) == 1 {
		x.entries = slices.Insert(x.entries, from, first)
	} else {
		x.merge(from)
	}
	clear(x.pending)
	x.pending = x.pending[:0]
}

func (x *index) merge(from int) {
	tail := slices.Clone(x.entries[from:])
	out := x.entries[:from]
	news := x.pending
	for len(tail) > 0 && len(news) > 0 {
		if x.compare(tail[0], news[0]) <= 0 {
			out, tail = append(out, tail[0]), tail[1:]
		} else {
			out, news = append(out, news[0]), news[1:]
		}
	}
	x.entries = append(append(out, tail...), news...)
}

func (x *index) compare(a, b entry) int {
	if c := x.compareKeys(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.rec.seq, b.rec.seq)
}

func (x *index) compareKeys(a, b []any) int {
	for i, sign := range x.signs {
		if c := value.Compare(a[i], b[i]); c != 0 {
			return c * sign
		}
	}
	return 0
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
