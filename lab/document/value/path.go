package value

import (
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Field gives the value of a document's own field.
func Field(d bson.D, name string) (any, bool) {
	for i := range d {
		if d[i].Key == name {
			return d[i].Value, true
		}
	}
	return nil, false
}

// Split cuts a dotted path into its names.
func Split(path string) []string { return strings.Split(path, ".") }

// Place reads a name as a place in an array: "0", "17", but not "01".
func Place(name string) (int, bool) {
	if name == "" || len(name) > 9 || (len(name) > 1 && name[0] == '0') {
		return 0, false
	}
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}

// Visit is called with a value that a path reaches, and whether an array is on
// the way there. It returns true to end the walk.
type Visit func(v any, through bool) (done bool)

// Each calls visit with every value that path reaches in v, the way a query
// does: arrays on the way are entered, by their documents and by place. Where
// a document has no such field the value is Missing{}. An array at the end is
// one value.
func Each(v any, path []string, visit Visit) bool { return each(v, path, false, visit) }

func each(v any, path []string, through bool, visit Visit) bool {
	if len(path) == 0 {
		return visit(v, through)
	}
	switch v := v.(type) {
	case bson.D:
		child, ok := Field(v, path[0])
		if !ok {
			return visit(Missing{}, through)
		}
		return each(child, path[1:], through, visit)
	case bson.A:
		for _, e := range v {
			if d, ok := e.(bson.D); ok && each(d, path, true, visit) {
				return true
			}
		}
		if i, ok := Place(path[0]); ok && i < len(v) {
			return each(v[i], path[1:], true, visit)
		}
		return false
	}
	return visit(Missing{}, through)
}

// Leaves calls visit with what a condition on path is tested against: each
// value that the path reaches and, of an array at its end, each element first.
func Leaves(v any, path []string, visit Visit) bool {
	return Each(v, path, func(leaf any, through bool) bool {
		if a, ok := leaf.(bson.A); ok && slices.ContainsFunc(a, func(e any) bool { return visit(e, true) }) {
			return true
		}
		return visit(leaf, through)
	})
}

// Keys gives the values under which an index on path holds v, and whether an
// array made them several: null for what is missing, undefined where an empty
// array leaves nothing.
func Keys(v any, path []string) (keys []any, array bool) {
	Each(v, path, func(leaf any, through bool) bool {
		array = array || through
		switch leaf := leaf.(type) {
		case Missing:
			keys = append(keys, nil)
		case bson.A:
			array = true
			if len(leaf) == 0 {
				keys = append(keys, bson.Undefined{})
			}
			keys = append(keys, leaf...)
		default:
			keys = append(keys, leaf)
		}
		return false
	})
	if len(keys) == 0 {
		return []any{bson.Undefined{}}, true
	}
	return keys, array
}
