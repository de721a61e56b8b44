package query

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

// accumulator gathers the values of one output field of a group.
type accumulator struct {
	field string
	value expression.Expression
	fold  func(values []any) any
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
		return nil, value.Refused("15955", "a group specification must include an _id")
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
			return nil, value.Refused("40234", "The field '%s' must be an accumulator object", e.Key)
		}
		if strings.Contains(e.Key, ".") {
			return nil, value.Refused("40235", "The field name '%s' cannot contain '.'", e.Key)
		}
		if len(spec) != 1 {
			return nil, value.Refused("40238", "The field '%s' must specify one accumulator", e.Key)
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
		a.fold = sum
	case "$avg":
		a.fold = average
	case "$min":
		a.fold = func(v []any) any { return most(v, -1) }
	case "$max":
		a.fold = func(v []any) any { return most(v, 1) }
	case "$first":
		a.fold = func(v []any) any { return present(v[0]) }
	case "$last":
		a.fold = func(v []any) any { return present(v[len(v)-1]) }
	case "$push":
		a.fold = func(v []any) any {
			return bson.A(slices.DeleteFunc(v, func(e any) bool { return e == value.Missing{} }))
		}
	case "$count":
		a.fold, operand = sum, int32(1)
	default:
		return a, value.Refused("15952", "unknown group operator for this server of a lab: '%s'", op)
	}
	x, err := expression.Parse(operand)
	a.value = x
	return a, err
}

// present is null for what is missing.
func present(v any) any {
	if value.IsNullish(v) {
		return nil
	}
	return v
}

// sum adds up the numbers among values; of none it is 0.
func sum(values []any) any {
	var sum any = int32(0)
	for _, v := range values {
		if value.IsNumber(v) {
			sum, _ = value.Calculate('+', sum, v)
		}
	}
	return sum
}

// average is the mean of the numbers among values; of none it is null.
func average(values []any) any {
	numbers := slices.DeleteFunc(values, func(v any) bool { return !value.IsNumber(v) })
	if len(numbers) == 0 {
		return nil
	}
	total, _ := value.Float(sum(numbers))
	return total / float64(len(numbers))
}

// most is the greatest value for a sign of 1, the least for -1. Null and what is
// missing do not count; of nothing else it is null.
func most(values []any, sign int) (best any) {
	for _, v := range values {
		if !value.IsNullish(v) && (best == nil || value.Compare(v, best)*sign > 0) {
			best = v
		}
	}
	return best
}

func (g grouping) run(now time.Time, docs []bson.D) ([]bson.D, error) {
	var groups []*gathered
	byID := map[string]*gathered{}
	for _, d := range docs {
		id, err := g.id(&expression.Scope{Root: d, Now: now})
		if err != nil {
			return nil, err
		}
		if id == (value.Missing{}) {
			id = nil
		}
		key := value.Identity(id)
		into := byID[key]
		if into == nil {
			into = &gathered{id: id, values: make([][]any, len(g.out))}
			byID[key] = into
			groups = append(groups, into)
		}
		if err := g.gather(now, into, d); err != nil {
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

func (g grouping) gather(now time.Time, into *gathered, d bson.D) error {
	for j, a := range g.out {
		v, err := a.value(&expression.Scope{Root: d, Now: now})
		if err != nil {
			return err
		}
		into.values[j] = append(into.values[j], v)
	}
	return nil
}
