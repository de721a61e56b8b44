package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// walk carries one edit down its path. Documents and arrays on the way are
// the walk's own and changed in place.
type walk struct {
	edit edit
	site site
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
	i, ok := value.Place(names[0])
	switch {
	case (!ok || i >= len(a)) && !w.edit.makes:
		return a, nil
	case !ok:
		return nil, value.Refused(value.PathNotViable, "Cannot create field '%s' in element {%s: %s}", names[0], w.parent(names), value.Format(a))
	case i > len(a)+1500000:
		return nil, value.Refused(value.PathNotViable, "can't backfill more than 1500000 elements")
	}
	if i >= len(a) {
		a = append(append(a, make(bson.A, i-len(a))...), value.Missing{})
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
