package plan

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
	switch {
	case r == nil || r.Whole:
		return r
	}
	return r.of[name]
}

// Keep returns what of a value is read, nil for nothing.
func (r *Reads) Keep(v any) any {
	object, ok := v.(map[string]any)
	switch {
	case r == nil:
		return nil
	case r.Whole || !ok:
		return v
	}
	kept := make(map[string]any, len(r.of))
	for name, inner := range r.of {
		if member, there := object[name]; there {
			kept[name] = inner.Keep(member)
		}
	}
	return kept
}
