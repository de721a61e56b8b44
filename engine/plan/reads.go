package plan

import "runbook/engine/expression"

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
		kept, inner := make([]any, len(v)), r.Element()
		for i := range v {
			kept[i] = inner.Keep(v[i])
		}
		return kept
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
