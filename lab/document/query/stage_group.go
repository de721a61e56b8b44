package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// accumulator gathers the values of one output field of a group.
type accumulator struct {
	field string
	value expression.Expression
	fold  func(values []any) any
	// first and last say that no other value is kept.
	first, last bool
}

// grouping is a $group that was parsed.
type grouping struct {
	id  expression.Expression
	out []accumulator
}

// gathered is one group on its way.
type gathered struct {
	id     any
	values [][]any
}

func group(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	id, ok := value.Field(d, "_id")
	if !ok {
		return nil, value.Refused(15955, "a group specification must include an _id")
	}
	g := grouping{}
	if g.id, err = expression.Parse(id); err != nil {
		return nil, err
	}
	if g.out, err = accumulators(d); err != nil {
		return nil, err
	}
	return g.run, nil
}

func accumulators(d bson.D) ([]accumulator, error) {
	var out []accumulator
	for _, e := range d {
		if e.Key == "_id" {
			continue
		}
		spec, ok := e.Value.(bson.D)
		if !ok {
			return nil, value.Refused(40234, "The field '%s' must be an accumulator object", e.Key)
		}
		if strings.Contains(e.Key, ".") {
			return nil, value.Refused(40235, "The field name '%s' cannot contain '.'", e.Key)
		}
		if len(spec) != 1 {
			return nil, value.Refused(40238, "The field '%s' must specify one accumulator", e.Key)
		}
		a, err := accumulatorOf(e.Key, spec[0].Key, spec[0].Value)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func accumulatorOf(field, op string, operand any) (accumulator, error) {
	a := accumulator{field: field}
	switch op {
	case "$sum":
		a.fold = expression.Sum
	case "$avg":
		a.fold = expression.Average
	case "$min":
		a.fold = func(v []any) any { return expression.Extreme(v, -1) }
	case "$max":
		a.fold = func(v []any) any { return expression.Extreme(v, 1) }
	case "$first":
		a.fold, a.first = only, true
	case "$last":
		a.fold, a.last = only, true
	case "$push":
		a.fold = present
	case "$addToSet":
		a.fold = distinct
	case "$count":
		if d, ok := operand.(bson.D); !ok || len(d) > 0 {
			return a, value.Refused(value.TypeMismatch, "$count takes no arguments, i.e. $count:{}")
		}
		a.fold, operand = expression.Sum, int32(1)
	default:
		return a, value.Refused(15952, "unknown group operator '%s'", op)
	}
	x, err := expression.Parse(operand)
	a.value = x
	return a, err
}

func only(values []any) any {
	if len(values) == 0 || value.IsNullish(values[0]) {
		return nil
	}
	return values[0]
}

func present(values []any) any {
	out := bson.A{}
	for _, v := range values {
		if _, missing := v.(value.Missing); !missing {
			out = append(out, v)
		}
	}
	return out
}

func distinct(values []any) any {
	seen := map[string]bool{}
	out := bson.A{}
	for _, v := range present(values).(bson.A) {
		if id := value.Identity(v); !seen[id] {
			seen[id] = true
			out = append(out, v)
		}
	}
	return out
}

func (g grouping) run(c *Context, docs []bson.D) ([]bson.D, error) {
	var groups []*gathered
	byID := map[string]*gathered{}
	for _, d := range docs {
		id, err := evaluate(c, g.id, d)
		if err != nil {
			return nil, err
		}
		if _, missing := id.(value.Missing); missing {
			id = nil
		}
		key := value.Identity(id)
		into := byID[key]
		if into == nil {
			into = &gathered{id: id, values: make([][]any, len(g.out))}
			byID[key] = into
			groups = append(groups, into)
		}
		if err := g.gather(c, into, d); err != nil {
			return nil, err
		}
	}
	out := make([]bson.D, len(groups))
	for i, into := range groups {
		d := bson.D{{Key: "_id", Value: into.id}}
		for j, a := range g.out {
			d = append(d, bson.E{Key: a.field, Value: a.fold(into.values[j])})
		}
		out[i] = d
	}
	return out, nil
}

func (g grouping) gather(c *Context, into *gathered, d bson.D) error {
	for j, a := range g.out {
		if a.first && len(into.values[j]) > 0 {
			continue
		}
		v, err := evaluate(c, a.value, d)
		if err != nil {
			return err
		}
		if a.last {
			into.values[j] = into.values[j][:0]
		}
		into.values[j] = append(into.values[j], v)
	}
	return nil
}
