package query

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// walk carries one edit down its path. Documents and arrays on the way are
// the walk's own and changed in place.
type walk struct {
	edit  edit
	place int
	site  site
}

func (w walk) modify(v any, names []string) (any, error) {
	if len(names) == 0 {
		return w.edit.apply(w.site, v)
	}
	switch v := v.(type) {
	case bson.D:
		return w.document(v, names)
	case bson.A:
		return w.array(v, names)
	case value.Missing:
		if !w.edit.makes {
			return v, nil
		}
		return w.document(bson.D{}, names)
	}
	if !w.edit.makes {
		return v, nil
	}
	return nil, value.Refused(value.PathNotViable, "Cannot create field '%s' in element {%s: %s}", names[0], w.parent(names), value.Format(v))
}

// parent is the name of what holds names[0].
func (w walk) parent(names []string) string {
	at := len(w.edit.names) - len(names) - 1
	if at < 0 {
		return ""
	}
	return w.edit.names[at]
}

func (w walk) document(d bson.D, names []string) (any, error) {
	if names[0] == "$" && w.place < 0 {
		return nil, value.Refused(value.BadValue, "The positional operator did not find the match needed from the ")
	}
	if names[0] == "$[]" || names[0] == "$" {
		return nil, value.Refused(value.BadValue, "Cannot apply array updates to non-array element %s: %s", w.parent(names), value.Format(d))
	}
	at := slices.IndexFunc(d, func(e bson.E) bool { return e.Key == names[0] })
	var old any = value.Missing{}
	if at >= 0 {
		old = d[at].Value
	}
	next, err := w.modify(old, names[1:])
	if err != nil {
		return nil, err
	}
	_, missing := next.(value.Missing)
	switch {
	case missing && at >= 0:
		return slices.Delete(d, at, at+1), nil
	case missing:
		return d, nil
	case at >= 0:
		d[at].Value = next
		return d, nil
	}
	return append(d, bson.E{Key: names[0], Value: next}), nil
}

func (w walk) array(a bson.A, names []string) (any, error) {
	if names[0] == "$[]" {
		for i := range a {
			if err := w.element(a, i, names[1:]); err != nil {
				return nil, err
			}
		}
		return a, nil
	}
	if strings.HasPrefix(names[0], "$[") {
		return nil, value.Refused(value.BadValue, "No array filter found for identifier '%s' in path '%s'", strings.Trim(names[0], "$[]"), w.edit.path)
	}
	i, ok := value.Place(names[0])
	if names[0] == "$" {
		if i, ok = w.place, w.place >= 0; !ok {
			return nil, value.Refused(value.BadValue, "The positional operator did not find the match needed from the ")
		}
	}
	if !ok {
		if !w.edit.makes {
			return a, nil
		}
		return nil, value.Refused(value.PathNotViable, "Cannot create field '%s' in element {%s: %s}", names[0], w.parent(names), value.Format(a))
	}
	if i >= len(a) {
		return w.extend(a, i, names[1:])
	}
	return a, w.element(a, i, names[1:])
}

func (w walk) element(a bson.A, i int, names []string) error {
	next, err := w.modify(a[i], names)
	if err != nil {
		return err
	}
	if _, missing := next.(value.Missing); missing {
		next = nil
	}
	a[i] = next
	return nil
}

// extend fills an array with nulls up to a place behind its end.
func (w walk) extend(a bson.A, i int, names []string) (any, error) {
	if !w.edit.makes {
		return a, nil
	}
	if i > len(a)+1500000 {
		return nil, value.Refused(value.PathNotViable, "can't backfill more than 1500000 elements")
	}
	next, err := w.modify(value.Missing{}, names)
	if err != nil {
		return nil, err
	}
	if _, missing := next.(value.Missing); missing {
		return a, nil
	}
	for len(a) < i {
		a = append(a, nil)
	}
	return append(a, next), nil
}
