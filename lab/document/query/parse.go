package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Parse reads a query. What it does not know is a *value.Error with the code
// and the words of MongoDB.
func Parse(filter bson.D) (*Filter, error) {
	normal, err := value.Document(filter)
	if err != nil {
		return nil, value.Refused(value.BadValue, "%v", err)
	}
	root, err := parseAll(normal)
	if err != nil {
		return nil, err
	}
	return &Filter{root: root}, nil
}

func parseAll(filter bson.D) (*Node, error) {
	var nodes []*Node
	for _, e := range filter {
		if e.Key == "$comment" {
			continue
		}
		n, err := parseOne(e)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return all(nodes), nil
}

func parseOne(e bson.E) (*Node, error) {
	switch e.Key {
	case "$and", "$or", "$nor":
		return parseLogic(e)
	}
	if strings.HasPrefix(e.Key, "$") {
		return nil, value.Refused(value.BadValue, "unknown top level operator for this server of a lab: %s", e.Key)
	}
	return parseField(e.Key, e.Value)
}

func parseLogic(e bson.E) (*Node, error) {
	list, ok := e.Value.(bson.A)
	if !ok {
		return nil, value.Refused(value.BadValue, "%s must be an array", e.Key)
	}
	if len(list) == 0 {
		return nil, value.Refused(value.BadValue, "$and/$or/$nor must be a nonempty array")
	}
	n := &Node{Op: e.Key}
	for _, item := range list {
		d, ok := item.(bson.D)
		if !ok {
			return nil, value.Refused(value.BadValue, "$or/$and/$nor entries need to be full objects")
		}
		child, err := parseAll(d)
		if err != nil {
			return nil, err
		}
		n.Nodes = append(n.Nodes, child)
	}
	return n, nil
}

func parseField(path string, v any) (*Node, error) {
	switch v := v.(type) {
	case bson.Regex:
		return parseRegex(path, v)
	case bson.D:
		if IsOperators(v) {
			return parseOperators(path, v)
		}
	}
	return equality(path, v), nil
}

// IsOperators says whether a document holds operators rather than fields.
func IsOperators(d bson.D) bool {
	if len(d) == 0 || !strings.HasPrefix(d[0].Key, "$") {
		return false
	}
	return d[0].Key != "$ref" && d[0].Key != "$id" && d[0].Key != "$db"
}

func parseOperators(path string, ops bson.D) (*Node, error) {
	var nodes []*Node
	for _, e := range ops {
		if e.Key == "$options" {
			if _, ok := value.Field(ops, "$regex"); !ok {
				return nil, value.Refused(value.BadValue, "$options needs a $regex")
			}
			continue
		}
		if e.Key == "$regex" {
			if options, ok := value.Field(ops, "$options"); ok {
				e.Value = withOptions(e.Value, options)
			}
		}
		n, err := parseOperator(path, e)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return all(nodes), nil
}

func parseOperator(path string, e bson.E) (*Node, error) {
	switch e.Key {
	case "$eq":
		return equality(path, e.Value), nil
	case "$gt", "$gte", "$lt", "$lte":
		return comparison(path, e.Key, e.Value), nil
	case "$ne":
		return not(equality(path, e.Value)), nil
	case "$in":
		return parseIn(path, e)
	case "$nin":
		n, err := parseIn(path, e)
		if err != nil {
			return nil, err
		}
		return not(n), nil
	case "$not":
		return parseNot(path, e.Value)
	case "$exists":
		return existence(path, value.Truth(e.Value)), nil
	case "$regex":
		return parseRegex(path, e.Value)
	case "$type":
		return parseType(path, e.Value)
	}
	return nil, value.Refused(value.BadValue, "unknown operator for this server of a lab: %s", e.Key)
}

func parseNot(path string, v any) (*Node, error) {
	switch v := v.(type) {
	case bson.Regex:
		n, err := parseRegex(path, v)
		if err != nil {
			return nil, err
		}
		return not(n), nil
	case bson.D:
		if len(v) == 0 {
			return nil, value.Refused(value.BadValue, "$not cannot be empty")
		}
		if !IsOperators(v) {
			return nil, value.Refused(value.BadValue, "unknown operator for this server of a lab: %s", v[0].Key)
		}
		n, err := parseOperators(path, v)
		if err != nil {
			return nil, err
		}
		return not(n), nil
	}
	return nil, value.Refused(value.BadValue, "$not needs a regex or a document")
}
