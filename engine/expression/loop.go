package expression

import (
	"fmt"
	"slices"
	"time"

	"runbook/engine/schema"
)

func boolean(_, _ *schema.Type) *schema.Type         { return schema.BoolType }
func integral(_, _ *schema.Type) *schema.Type        { return schema.IntType }
func optionalIndex(_, _ *schema.Type) *schema.Type   { return schema.IntType.AsOptional() }
func optionalElem(elem, _ *schema.Type) *schema.Type { return elem.AsOptional() }
func listOfElem(elem, _ *schema.Type) *schema.Type   { return schema.ListOf(elem) }
func listOfYield(_, yield *schema.Type) *schema.Type { return schema.ListOf(yield) }
func sumOfYield(_, yield *schema.Type) *schema.Type  { return arithmeticType(yield).AsRequired() }
func groupsOfElem(elem, _ *schema.Type) *schema.Type { return schema.MapOf(schema.ListOf(elem)) }

// loops are the functions that take a predicate.
var loops = [...]*looping{
	{name: "all", decides: true, yields: isBool, result: boolean, run: decided(false, false)},
	{name: "none", decides: true, yields: isBool, result: boolean, run: decided(true, false)},
	{name: "any", decides: true, yields: isBool, result: boolean, run: decided(true, true)},
	{name: "one", yields: isBool, result: boolean, run: runOne},
	{name: "filter", yields: isBool, result: listOfElem, passes: ofTheSame, run: runFilter},
	{name: "count", bare: true, yields: isBool, result: integral, run: runCount},
	{name: "map", yields: isAnything, result: listOfYield, run: runMap},
	{name: "sum", bare: true, yields: isNumeric | isDuration, result: sumOfYield, run: runSum},
	{name: "find", yields: isBool, result: optionalElem, passes: ofAnElement, run: finds(false, false)},
	{name: "findIndex", yields: isBool, result: optionalIndex, run: finds(false, true)},
	{name: "findLast", yields: isBool, result: optionalElem, passes: ofAnElement, run: finds(true, false)},
	{name: "findLastIndex", yields: isBool, result: optionalIndex, run: finds(true, true)},
	{name: "groupBy", yields: isText, result: groupsOfElem, passes: ofElements, run: runGroupBy},
	{name: "sortBy", yields: isNumeric | isText | isDuration | isTime | isMap, result: listOfElem, passes: ofTheSame, run: runSortBy},
}

func loopNamed(name string) *looping {
	for _, l := range loops {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (m *machine) loop(n *node) (any, error) {
	base, err := m.known(n.a)
	if err != nil {
		return nil, err
	}
	list, ok := base.([]any)
	if !ok {
		return nil, fmt.Errorf("%s takes a list, %s is %s", n.name, m.text(n.a), described(base))
	}
	if len(list) == 0 && len(m.items) == 0 && (n.name == "all" || n.name == "none") {
		m.warnings = append(m.warnings, fmt.Sprintf("%s has no element to look at", m.text(n.a)))
	}
	return n.value.(*looping).run(m, n, list)
}

// at evaluates the predicate of n for one element.
func (m *machine) at(n *node, list []any, i int) (any, error) {
	if err := m.spend(2); err != nil || n.b == nil {
		return list[i], err
	}
	m.items = append(m.items, item{list[i], i})
	v, err := m.eval(n.b)
	m.items = m.items[:len(m.items)-1]
	return v, err
}

// holds evaluates the condition of n for one element.
func (m *machine) holds(n *node, list []any, i int) (bool, error) {
	v, err := m.at(n, list, i)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case bool:
		return v, nil
	case schema.Unknown:
		return false, &unknownError{derived(v)}
	}
	return false, fmt.Errorf("a condition is true or false, in %s it is %s", n.name, described(v))
}

// test evaluates a condition for each element until visit ends it. What is
// unknown, and errors behind an unknown, are remembered and not visited.
func (m *machine) test(n *node, list []any, visit func(i int, holds bool) (done bool)) error {
	var first error
	for i := range list {
		holds, err := m.holds(n, list, i)
		switch {
		case err == nil && visit(i, holds):
			return nil
		case err != nil:
			first = sooner(first, err)
		}
		if fails(first) {
			break
		}
	}
	return first
}

// decided is a test that ends with the first element whose condition is stop;
// the result is then found, else the opposite.
func decided(stop, found bool) func(*machine, *node, []any) (any, error) {
	return func(m *machine, n *node, list []any) (any, error) {
		result := !found
		err := m.test(n, list, func(i int, holds bool) bool {
			if holds == stop {
				result = found
				m.record(n, list, i)
			}
			return holds == stop
		})
		return result, err
	}
}

// record keeps the parts of the predicate of n for the element that decided.
func (m *machine) record(n *node, list []any, i int) {
	if m.trace == nil || len(m.items) != m.depth {
		return
	}
	m.depth++
	v, err := m.at(n, list, i)
	m.depth--
	m.trace[n.b] = traced{value: v, err: err, item: &item{list[i], i}}
}

func runFilter(m *machine, n *node, list []any) (any, error) {
	out := []any{}
	err := m.test(n, list, func(i int, holds bool) bool {
		if holds {
			out = append(out, list[i])
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	return boundedList(out)
}

func (m *machine) count(n *node, list []any) (int, error) {
	held := 0
	err := m.test(n, list, func(_ int, holds bool) bool {
		if holds {
			held++
		}
		return false
	})
	return held, err
}

func runCount(m *machine, n *node, list []any) (any, error) { return m.count(n, list) }

func runOne(m *machine, n *node, list []any) (any, error) {
	held, err := m.count(n, list)
	return held == 1, err
}

// finds gives the first element that holds, or its index, unless one before it
// is unknown.
func finds(backwards, index bool) func(*machine, *node, []any) (any, error) {
	return func(m *machine, n *node, list []any) (any, error) {
		for k := range list {
			i := k
			if backwards {
				i = len(list) - 1 - k
			}
			holds, err := m.holds(n, list, i)
			switch {
			case err != nil:
				return nil, err
			case holds && index:
				return i, nil
			case holds:
				return list[i], nil
			}
		}
		return nil, nil
	}
}

// each evaluates the predicate for all elements. Where a result holds something
// unknown, so is the whole, unless it may be partial.
func (m *machine) each(n *node, list []any, partial bool) ([]any, error) {
	if len(list) > maxList {
		return nil, errList
	}
	out := make([]any, 0, min(len(list), 1024))
	var first error
	for i := range list {
		v, err := m.at(n, list, i)
		if err != nil {
			return nil, sooner(first, err)
		}
		if first == nil {
			first = unknownWithin(v)
		}
		out = append(out, v)
	}
	if partial {
		first = nil
	}
	return out, first
}

func runMap(m *machine, n *node, list []any) (any, error) { return m.each(n, list, true) }

func runSum(m *machine, n *node, list []any) (any, error) {
	out, err := m.each(n, list, false)
	if err != nil {
		return nil, err
	}
	var total any = 0
	switch {
	case n.typ.Kind == schema.Duration, len(out) > 0 && kindOf(out[0]) == schema.Duration:
		total = time.Duration(0)
	case n.typ.Kind == schema.Number:
		total = 0.0
	}
	for _, v := range out {
		if kindsOf(kindOf(v))&(isNumeric|isDuration) == 0 {
			return nil, fmt.Errorf("sum takes numbers, not %s", described(v))
		}
		if total, err = compute(opAdd, total, v); err != nil {
			return nil, fmt.Errorf("sum: %w", err)
		}
	}
	return total, nil
}

func runGroupBy(m *machine, n *node, list []any) (any, error) {
	keys, err := m.each(n, list, false)
	if err != nil {
		return nil, err
	}
	groups := map[string]any{}
	for i, v := range keys {
		key, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("groupBy takes texts as keys, not %s", described(v))
		}
		group, _ := groups[key].([]any)
		groups[key] = append(group, list[i])
	}
	return groups, nil
}

func runSortBy(m *machine, n *node, list []any) (any, error) {
	keys, err := m.each(n, list, false)
	if fails(err) {
		return nil, err
	}
	orders, later := m.all(n.kids)
	if err == nil || fails(later) {
		err = later
	}
	if err == nil && len(orders) > 0 {
		err = unknownWithin(orders[0])
	}
	if err != nil {
		return nil, err
	}
	indexes := make([]any, len(list))
	for i := range indexes {
		indexes[i] = i
	}
	if err := m.sort(indexes, func(v any) any { return keys[v.(int)] }, orders); err != nil {
		return nil, err
	}
	for k, i := range indexes {
		indexes[k] = list[i.(int)]
	}
	return indexes, nil
}

// sort orders list by the keys of its elements; orders may hold "asc" or
// "desc". Equal elements keep their places.
func (m *machine) sort(list []any, key func(any) any, orders []any) error {
	factor := 1
	if len(orders) > 0 {
		switch orders[0] {
		case "asc":
		case "desc":
			factor = -1
		default:
			return fmt.Errorf(`the order is "asc" or "desc", not %s`, described(orders[0]))
		}
	}
	if len(list) == 1 {
		_, err := order(key(list[0]), key(list[0]))
		return err
	}
	var failed error
	slices.SortStableFunc(list, func(a, b any) int {
		if failed != nil {
			return 0
		}
		if failed = m.spend(1); failed != nil {
			return 0
		}
		o, err := order(key(a), key(b))
		failed = err
		return o * factor
	})
	return failed
}
