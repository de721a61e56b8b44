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
	case value.Missing:
		if !w.edit.makes {
			return v, nil
		}
		return w.document(bson.D{}, names)
	}
	if !w.edit.makes {
		return v, nil
	}
	return nil, value.Refused(value.PathNotViable, "this server of a lab cannot create field '%s' in %s", names[0], value.Format(v))
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
