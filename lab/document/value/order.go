// Package order sorts documents by their fields, as MongoDB does.
package value

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Order is a sort specification: paths, and directions.
type Order struct {
	paths [][]string
	signs []int
}

// NewOrder reads a specification: {a: 1, "b.c": -1}.
func NewOrder(sort bson.D) (Order, error) {
	var o Order
	for _, e := range sort {
		f, ok := Float(e.Value)
		if !ok {
			return o, Refused("15974", "Illegal key in $sort specification: %s: %s", e.Key, Format(e.Value))
		}
		if f != 1 && f != -1 {
			return o, Refused("15975", "$sort key ordering must be 1 (for ascending) or -1 (for descending)")
		}
		o.paths = append(o.paths, Split(e.Key))
		o.signs = append(o.signs, int(f))
	}
	return o, nil
}

// Key gives what a document is sorted by: of an array the least element, or
// the greatest where the order descends; null for what is missing.
func (o Order) Key(doc bson.D) []any {
	key := make([]any, len(o.paths))
	for i, path := range o.paths {
		values, _ := Keys(doc, path)
		best := values[0]
		for _, v := range values[1:] {
			if Compare(v, best)*o.signs[i] < 0 {
				best = v
			}
		}
		key[i] = best
	}
	return key
}

// Compare orders two keys.
func (o Order) Compare(a, b []any) int {
	for i, sign := range o.signs {
		if c := Compare(a[i], b[i]); c != 0 {
			return c * sign
		}
	}
	return 0
}

type keyed[T any] struct {
	key  []any
	item T
}

// SortBy sorts items in place by the documents in them; equals keep their order.
func SortBy[T any](items []T, o Order, doc func(T) bson.D) {
	list := make([]keyed[T], len(items))
	for i, item := range items {
		list[i] = keyed[T]{o.Key(doc(item)), item}
	}
	slices.SortStableFunc(list, func(a, b keyed[T]) int { return o.Compare(a.key, b.key) })
	for i := range list {
		items[i] = list[i].item
	}
}
