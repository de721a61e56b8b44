package plan

import (
	"maps"
	"slices"

	"runbook/engine/expression"
)

// Reads are the members of a value that expressions read; nil: none is.
type Reads struct {
	Whole bool // the value itself, or more of it than can be told
	of    map[string]*Reads
}

// add notes that the member at path is read.
func (r *Reads) add(path []string) {
	for _, name := range path {
		if r.of[name] == nil {
			if r.of == nil {
				r.of = map[string]*Reads{}
			}
			r.of[name] = &Reads{}
		}
		r = r.of[name]
	}
	r.Whole = true
}

// Of are the reads of a member.
func (r *Reads) Of(name string) *Reads {
	if r == nil || r.Whole {
		return r
	}
	each, named := r.of[expression.Each], r.of[name]
	switch {
	case each == nil:
		return named
	case named == nil || name == expression.Each:
		return each
	}
	return &Reads{Whole: true}
}

// Element are the reads of each element of a list.
func (r *Reads) Element() *Reads { return r.Of(expression.Each) }

// Keep returns what of a value is read, nil for nothing. A list keeps its length, and a
// map of which the number of members is read has nil for those that are not.
func (r *Reads) Keep(v any) any {
	switch {
	case r == nil:
		return nil
	case r.Whole:
		return v
	}
	switch v := v.(type) {
	case []any:
		return r.Element().each(v)
	case map[string]any:
		kept := make(map[string]any, len(r.of))
		for name, member := range v {
			if inner := r.Of(name); inner != nil || r.of[expression.Shape] != nil {
				kept[name] = inner.Keep(member)
			}
		}
		return kept
	}
	return v
}

// mostFew is of how many members a map in a list is searched and not hashed.
const mostFew = 8

// each returns what of the elements of a list is read. A list may be long, and a map for
// each of its elements would take more than what is kept in it.
func (r *Reads) each(list []any) []any {
	kept := make([]any, len(list))
	if r == nil || r.Whole || r.of[expression.Each] != nil || r.of[expression.Shape] != nil || len(r.of) > mostFew {
		for i, v := range list {
			kept[i] = r.Keep(v)
		}
		return kept
	}
	all := &rows{names: slices.Sorted(maps.Keys(r.of)), values: make([]any, 0, len(list)*len(r.of))}
	each := make([]row, len(list))
	for i, v := range list {
		of, ok := v.(map[string]any)
		if !ok {
			kept[i] = r.Keep(v)
			continue
		}
		each[i] = row{of: all, first: len(all.values)}
		kept[i] = &each[i]
		for _, name := range all.names {
			if v, ok := of[name]; ok {
				all.values = append(all.values, r.of[name].Keep(v))
				continue
			}
			all.values = append(all.values, absent{})
		}
	}
	return kept
}

// rows are the members of many maps that have these names, one map after the other.
type rows struct {
	names  []string
	values []any // absent{} for a member that there is not
}

type absent struct{}

// row is one map of rows, read member by member.
type row struct {
	of    *rows
	first int // of its values
}

var _ expression.Object = (*row)(nil)

// Member implements expression.Object.
func (r *row) Member(name string) (any, bool) {
	i := slices.Index(r.of.names, name)
	if i < 0 || r.of.values[r.first+i] == (absent{}) {
		return nil, false
	}
	return r.of.values[r.first+i], true
}
