package query

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// Fields are what $addFields sets.
type Fields struct {
	paths  [][]string
	values []expression.Expression
}

// ParseFields reads the operand of $addFields or $set.
func ParseFields(spec bson.D) (*Fields, error) {
	f := &Fields{}
	return f, f.add(nil, spec)
}

func (f *Fields) add(prefix []string, spec bson.D) error {
	for _, e := range spec {
		if e.Key == "" {
			return value.Refused(40352, "FieldPath cannot be constructed with empty string")
		}
		path := slices.Concat(prefix, value.Split(e.Key))
		if d, ok := e.Value.(bson.D); ok && len(d) > 0 && !strings.HasPrefix(d[0].Key, "$") {
			if err := f.add(path, d); err != nil {
				return err
			}
			continue
		}
		x, err := expression.Parse(e.Value)
		if err != nil {
			return err
		}
		f.paths, f.values = append(f.paths, path), append(f.values, x)
	}
	return nil
}

// Apply gives the document with the fields set. Where a path leads through an
// array it sets them in each element.
func (f *Fields) Apply(doc bson.D, s *expression.Scope) (bson.D, error) {
	return f.set(doc, doc, s)
}

// set sets the fields in one document to what they are of another.
func (f *Fields) set(out, of bson.D, s *expression.Scope) (bson.D, error) {
	scope := expression.Scope{Root: of, Now: s.Now}
	for i, path := range f.paths {
		v, err := f.values[i](&scope)
		if err != nil {
			return nil, err
		}
		out = setIn(out, path, v)
	}
	return out, nil
}

func setIn(d bson.D, path []string, v any) bson.D {
	at := slices.IndexFunc(d, func(e bson.E) bool { return e.Key == path[0] })
	if len(path) > 1 {
		var old any
		if at >= 0 {
			old = d[at].Value
		}
		v = below(old, path[1:], v)
	}
	if _, missing := v.(value.Missing); missing {
		if at < 0 {
			return d
		}
		return slices.Delete(slices.Clone(d), at, at+1)
	}
	out := slices.Clone(d)
	if at < 0 {
		return append(out, bson.E{Key: path[0], Value: v})
	}
	out[at].Value = v
	return out
}

func below(old any, path []string, v any) any {
	switch old := old.(type) {
	case bson.D:
		return setIn(old, path, v)
	case bson.A:
		out := make(bson.A, len(old))
		for i, e := range old {
			out[i] = below(e, path, v)
		}
		return out
	}
	return setIn(bson.D{}, path, v)
}

// Without reads the operand of $unset: a name, or a list of names.
func Without(v any) (*Projection, error) {
	names, ok := v.(bson.A)
	if !ok {
		names = bson.A{v}
	}
	spec := bson.D{}
	for _, n := range names {
		name, ok := n.(string)
		if !ok || name == "" {
			return nil, value.Refused(31120, "$unset specification must be a string or an array containing only string values")
		}
		spec = append(spec, bson.E{Key: name, Value: false})
	}
	if len(spec) == 0 {
		return nil, value.Refused(31119, "$unset specification must be a string or an array with at least one field")
	}
	return ParseProjection(spec, true)
}

// SetPath gives a document with the value at a path, which value.Missing{} takes
// out. The given document stays as it is.
func SetPath(d bson.D, path []string, v any) bson.D { return setIn(d, path, v) }
