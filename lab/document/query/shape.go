package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// parseType reads a type by its name, or several.
func parseType(path string, operand any) (*Node, error) {
	list, ok := operand.(bson.A)
	if !ok {
		list = bson.A{operand}
	}
	names := map[string]bool{}
	for _, item := range list {
		name, _ := item.(string)
		switch {
		case name == "number":
			names["int"], names["long"], names["double"], names["decimal"] = true, true, true, true
		case slices.Contains(value.TypeNames(), name):
			names[name] = true
		default:
			return nil, value.Refused(value.BadValue, "Unknown type name alias: %v", item)
		}
	}
	return condition(path, "$type", list, func(v any) bool { return names[value.TypeName(v)] }), nil
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
	test := func(p *probe, v any) bool {
		a, _ := v.(bson.A)
		return slices.ContainsFunc(a, func(e any) bool {
			_, isDocument := e.(bson.D)
			return (isDocument || values) && inner.matches(p, e)
		})
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
