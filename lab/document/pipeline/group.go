package pipeline

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/fault"
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
		return nil, fault.New(15955, "a group specification must include an _id")
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
			return nil, fault.New(40234, "The field '%s' must be an accumulator object", e.Key)
		}
		if strings.Contains(e.Key, ".") {
			return nil, fault.New(40235, "The field name '%s' cannot contain '.'", e.Key)
		}
		if len(spec) != 1 {
			return nil, fault.New(40238, "The field '%s' must specify one accumulator", e.Key)
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
	case "$stdDevPop", "$stdDevSamp":
		a.fold = func(v []any) any { return expression.Deviation(v, op == "$stdDevSamp") }
	case "$first":
		a.fold, a.first = only, true
	case "$last":
		a.fold, a.last = only, true
	case "$push":
		a.fold = present
	case "$addToSet":
		a.fold = set
	case "$mergeObjects":
		a.fold = expression.Merged
	case "$count":
		if d, ok := operand.(bson.D); !ok || len(d) > 0 {
			return a, fault.New(fault.TypeMismatch, "$count takes no arguments, i.e. $count:{}")
		}
		a.fold, operand = expression.Sum, int32(1)
	default:
		return a, fault.New(15952, "unknown group operator '%s'", op)
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

func set(values []any) any {
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

// bucket groups by the interval of boundaries that a value is in.
func bucket(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	by, _ := value.Field(d, "groupBy")
	v, _ := value.Field(d, "boundaries")
	bounds, ok := v.(bson.A)
	if !ok || len(bounds) < 2 {
		return nil, fault.New(40191, "The $bucket 'boundaries' field must be an array with at least two values")
	}
	x, err := expression.Parse(by)
	if err != nil {
		return nil, err
	}
	otherwise, hasDefault := value.Field(d, "default")
	output := bson.D{{Key: "count", Value: bson.D{{Key: "$sum", Value: int32(1)}}}}
	if v, ok := value.Field(d, "output"); ok {
		if output, err = document(op, v); err != nil {
			return nil, err
		}
	}
	g := grouping{}
	if g.out, err = accumulators(output); err != nil {
		return nil, err
	}
	g.id = func(s *expression.Scope) (any, error) {
		v, err := x(s)
		if err != nil {
			return nil, err
		}
		for i := range len(bounds) - 1 {
			if value.Compare(v, bounds[i]) >= 0 && value.Compare(v, bounds[i+1]) < 0 {
				return bounds[i], nil
			}
		}
		if !hasDefault {
			return nil, fault.New(40066, "$switch could not find a matching branch for an input, and no default was specified.")
		}
		return otherwise, nil
	}
	return chain(g.run, sortedBy("_id", 1)), nil
}
