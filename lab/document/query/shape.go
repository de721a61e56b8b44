package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func parseType(path string, operand any) (*Node, error) {
	list, ok := operand.(bson.A)
	if !ok {
		list = bson.A{operand}
	}
	if len(list) == 0 {
		return nil, value.Refused(value.FailedToParse, "%s must match at least one type", path)
	}
	codes := map[int]bool{}
	for _, item := range list {
		if err := addType(codes, item); err != nil {
			return nil, err
		}
	}
	return condition(path, "$type", list, func(v any) bool {
		_, missing := v.(value.Missing)
		return !missing && codes[value.TypeCode(v)]
	}), nil
}

func addType(codes map[int]bool, item any) error {
	if name, ok := item.(string); ok {
		if name == "number" {
			codes[1], codes[16], codes[18], codes[19] = true, true, true, true
			return nil
		}
		code, known := value.Codes()[name]
		if !known {
			return value.Refused(value.BadValue, "Unknown type name alias: %s", name)
		}
		codes[code] = true
		return nil
	}
	n, ok := value.Int(item)
	if !ok {
		return value.Refused(value.TypeMismatch, "type must be represented as a number or a string")
	}
	for _, code := range value.Codes() {
		if int64(code) == n {
			codes[code] = true
			return nil
		}
	}
	return value.Refused(value.BadValue, "Invalid numerical type code: %d", n)
}

func parseSize(path string, operand any) (*Node, error) {
	if !value.IsNumber(operand) {
		return nil, value.Refused(value.FailedToParse, "Failed to parse $size. Expected a number in: $size: %s", value.Format(operand))
	}
	n, ok := value.Int(operand)
	if !ok {
		return nil, value.Refused(value.FailedToParse, "Failed to parse $size. Expected an integer: $size: %s", value.Format(operand))
	}
	if n < 0 {
		return nil, value.Refused(value.FailedToParse, "Failed to parse $size. Expected a non-negative number in: $size: %s", value.Format(operand))
	}
	node := condition(path, "$size", operand, func(v any) bool {
		a, ok := v.(bson.A)
		return ok && int64(len(a)) == n
	})
	node.whole = true
	return node, nil
}

func parseEvery(path string, operand any) (*Node, error) {
	list, ok := operand.(bson.A)
	if !ok {
		return nil, value.Refused(value.BadValue, "$all needs an array")
	}
	if len(list) == 0 {
		return condition(path, "$in", bson.A{}, func(any) bool { return false }), nil
	}
	nodes := make([]*Node, 0, len(list))
	for _, item := range list {
		if d, ok := item.(bson.D); ok && IsOperators(d) {
			if d[0].Key != "$elemMatch" {
				return nil, value.Refused(value.BadValue, "no $ expressions in $all")
			}
			n, err := parseElement(path, d[0].Value)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
			continue
		}
		if r, ok := item.(bson.Regex); ok {
			n, err := parseRegex(path, r)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
			continue
		}
		nodes = append(nodes, equality(path, item))
	}
	return all(nodes), nil
}

// parseElement reads $elemMatch, of documents or, by operators, of values.
func parseElement(path string, operand any) (*Node, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(value.BadValue, "$elemMatch needs an Object")
	}
	values := IsOperators(d) && d[0].Key != "$and" && d[0].Key != "$or" && d[0].Key != "$nor" && d[0].Key != "$expr"
	inner, err := elementCondition(d, values)
	if err != nil {
		return nil, err
	}
	test := func(m *Match, v any) bool {
		a, ok := v.(bson.A)
		if !ok {
			return false
		}
		for i, e := range a {
			if _, isDocument := e.(bson.D); !isDocument && !values {
				continue
			}
			sub := Match{Place: -1, scope: m.scope}
			met := inner.matches(&sub, e)
			if sub.err != nil {
				m.err = sub.err
				return false
			}
			if met {
				m.Place = i
				return true
			}
		}
		return false
	}
	return &Node{Op: "$elemMatch", Path: path, names: split(path), Operand: d,
		Nodes: []*Node{inner}, test: test, whole: true}, nil
}

func elementCondition(d bson.D, values bool) (*Node, error) {
	if values {
		return parseOperators("", d)
	}
	return parseAll(d)
}
