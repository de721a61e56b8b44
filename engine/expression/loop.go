package expression

import (
	"fmt"
	"slices"

	"runbook/engine/schema"
)

func boolean(_, _ *schema.Type) *schema.Type { return schema.BoolType }
func integral(_, _ *schema.Type) *schema.Type {
	return schema.IntType
}
func listOfElem(elem, _ *schema.Type) *schema.Type { return schema.ListOf(elem) }

// loops are the functions that take a predicate.
func loops() []*looping { return loopTable[:] }

var loopTable = [...]*looping{
	{name: "all", yields: isBool, result: boolean, run: runAll},
	{name: "none", yields: isBool, result: boolean, run: runNone},
	{name: "any", yields: isBool, result: boolean, run: runAny},
	{name: "one", yields: isBool, result: boolean, run: runOne},
	{name: "filter", yields: isBool, result: listOfElem, run: runFilter},
	{name: "count", bare: true, yields: isBool, result: integral, run: runCount},
	{name: "map", yields: isAnything, result: func(_, p *schema.Type) *schema.Type { return schema.ListOf(p) }, run: runMap},
	{name: "sum", bare: true, yields: isNumeric | isDuration, result: func(_, p *schema.Type) *schema.Type { return arithmeticType(p).AsRequired() }, run: runSum},
	{name: "find", yields: isBool, result: func(e, _ *schema.Type) *schema.Type { return e.AsOptional() }, run: runFind},
	{name: "findIndex", yields: isBool, result: func(_, _ *schema.Type) *schema.Type { return schema.IntType.AsOptional() }, run: runFind},
	{name: "findLast", yields: isBool, result: func(e, _ *schema.Type) *schema.Type { return e.AsOptional() }, run: runFind},
	{name: "findLastIndex", yields: isBool, result: func(_, _ *schema.Type) *schema.Type { return schema.IntType.AsOptional() }, run: runFind},
	{name: "groupBy", yields: isText, result: func(e, _ *schema.Type) *schema.Type { return schema.MapOf(schema.ListOf(e)) }, run: runGroupBy},
	{name: "sortBy", yields: isNumeric | isText | isDuration | isTime | isMap, result: listOfElem, run: runSortBy},
}

func loopNamed(name string) *looping {
	for _, l := range loops() {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (m *machine) loop(n *node) (any, error) {
	base, err := m.eval(n.a)
	if err != nil {
		return nil, err
	}
	if u, unknown := base.(schema.Unknown); unknown {
		return derived(u), nil
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

// test evaluates a condition for each element until visit ends it. What is
// unknown, and errors behind an unknown, are remembered and not visited.
func (m *machine) test(n *node, list []any, visit func(i int, holds bool) (done bool)) (*schema.Unknown, error) {
	var first *schema.Unknown
	for i := range list {
		v, err := m.at(n, list, i)
		if err != nil {
			if first != nil && !stops(err) {
				continue
			}
			return nil, err
		}
		switch v := v.(type) {
		case bool:
			if visit(i, v) {
				return nil, nil
			}
		case schema.Unknown:
			if first == nil {
				u := derived(v)
				first = &u
			}
		default:
			if first == nil {
				return nil, fmt.Errorf("a condition is true or false, in %s it is %s", n.name, described(v))
			}
		}
	}
	return first, nil
}

// decided runs a test that ends with the first element whose condition is
// stop; the result is then found, else rest.
func decided(m *machine, n *node, list []any, stop, found bool) (any, error) {
	result := !found
	unknown, err := m.test(n, list, func(_ int, holds bool) bool {
		if holds == stop {
			result = found
		}
		return holds == stop
	})
	if err != nil {
		return nil, err
	}
	if unknown != nil {
		return *unknown, nil
	}
	return result, nil
}

func runAll(m *machine, n *node, list []any) (any, error) { return decided(m, n, list, false, false) }
func runAny(m *machine, n *node, list []any) (any, error) { return decided(m, n, list, true, true) }
func runNone(m *machine, n *node, list []any) (any, error) {
	return decided(m, n, list, true, false)
}

func runFilter(m *machine, n *node, list []any) (any, error) {
	out := []any{}
	unknown, err := m.test(n, list, func(i int, holds bool) bool {
		if holds {
			out = append(out, list[i])
		}
		return false
	})
	switch {
	case err != nil:
		return nil, err
	case unknown != nil:
		return *unknown, nil
	case len(out) > maxList:
		return nil, errList
	}
	return out, nil
}

func runCount(m *machine, n *node, list []any) (any, error) {
	held := 0
	unknown, err := m.test(n, list, func(_ int, holds bool) bool {
		if holds {
			held++
		}
		return false
	})
	if unknown != nil {
		return *unknown, nil
	}
	return held, err
}

func runOne(m *machine, n *node, list []any) (any, error) {
	held, err := runCount(m, n, list)
	if count, known := held.(int); known {
		return count == 1, err
	}
	return held, err
}

// runFind ends at the first element that holds, unless one before it is
// unknown.
func runFind(m *machine, n *node, list []any) (any, error) {
	backwards := n.name == "findLast" || n.name == "findLastIndex"
	index := n.name == "findIndex" || n.name == "findLastIndex"
	for k := range list {
		i := k
		if backwards {
			i = len(list) - 1 - k
		}
		v, err := m.at(n, list, i)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case schema.Unknown:
			return derived(v), nil
		case bool:
			if v && index {
				return i, nil
			}
			if v {
				return list[i], nil
			}
		default:
			return nil, fmt.Errorf("a condition is true or false, in %s it is %s", n.name, described(v))
		}
	}
	return nil, nil
}

// each evaluates the predicate for all elements.
func (m *machine) each(n *node, list []any) ([]any, *schema.Unknown, error) {
	if len(list) > maxList {
		return nil, nil, errList
	}
	out := make([]any, 0, min(len(list), 1024))
	var first *schema.Unknown
	for i := range list {
		v, err := m.at(n, list, i)
		if err != nil {
			if first != nil && !stops(err) {
				return nil, first, nil
			}
			return nil, nil, err
		}
		if first == nil {
			if u, unknown := unknownIn(v); unknown {
				first = &u
			}
		}
		out = append(out, v)
	}
	return out, first, nil
}

func runMap(m *machine, n *node, list []any) (any, error) {
	out, unknown, err := m.each(n, list)
	if err != nil {
		return nil, err
	}
	if out == nil {
		return *unknown, nil
	}
	return out, nil
}

func runSum(m *machine, n *node, list []any) (any, error) {
	out, unknown, err := m.each(n, list)
	if err != nil {
		return nil, err
	}
	if unknown != nil {
		return *unknown, nil
	}
	var total any = 0
	switch n.typ.Kind {
	case schema.Number:
		total = 0.0
	case schema.Duration:
		total = zeroDuration
	}
	for i, v := range out {
		if i == 0 && kindOf(v) == schema.Duration {
			total = zeroDuration
		}
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
	keys, unknown, err := m.each(n, list)
	if err != nil {
		return nil, err
	}
	if unknown != nil {
		return *unknown, nil
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
	keys, unknown, err := m.each(n, list)
	if err != nil {
		return nil, err
	}
	orders, noOrder, err := m.all(n.kids)
	if err != nil {
		return nil, err
	}
	if unknown == nil {
		unknown = noOrder
	}
	if len(orders) > 0 && unknown == nil {
		if u, is := orders[0].(schema.Unknown); is {
			unknown = &u
		}
	}
	if unknown != nil {
		return derived(*unknown), nil
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
