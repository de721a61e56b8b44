package query

import (
	"regexp"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func equality(path string, operand any) *Node {
	if value.Rank(operand) == value.RankNull {
		return condition(path, "$eq", nil, value.IsNullish)
	}
	return condition(path, "$eq", operand, func(v any) bool { return value.Equal(v, operand) })
}

// comparison is a range. Only values of the operand's type are in it, but for
// null, which its own range alone holds, and the least and greatest key.
func comparison(path, op string, operand any) *Node {
	rank := value.Rank(operand)
	equal := op == "$gte" || op == "$lte"
	test := func(v any) bool {
		if _, missing := v.(value.Missing); missing {
			return equal && rank == value.RankNull
		}
		if value.Rank(v) != rank && rank != value.RankMinKey && rank != value.RankMaxKey {
			return false
		}
		c := value.Compare(v, operand)
		if c == 0 {
			return equal
		}
		if value.IsNaN(operand) || value.IsNaN(v) {
			return false
		}
		return (c > 0) == (op == "$gt" || op == "$gte")
	}
	return condition(path, op, operand, test)
}

func parseIn(path string, e bson.E) (*Node, error) {
	list, ok := e.Value.(bson.A)
	if !ok {
		return nil, value.Refused(value.BadValue, "%s needs an array", e.Key)
	}
	set := make(map[string]bool, len(list))
	var patterns []*regexp.Regexp
	null := false
	for _, item := range list {
		if d, ok := item.(bson.D); ok && IsOperators(d) {
			return nil, value.Refused(value.BadValue, "cannot nest $ under %s", e.Key)
		}
		if r, ok := item.(bson.Regex); ok {
			compiled, err := compileRegex(r)
			if err != nil {
				return nil, err
			}
			patterns = append(patterns, compiled)
		}
		null = null || value.Rank(item) == value.RankNull
		set[value.Identity(item)] = true
	}
	test := func(v any) bool {
		if null && value.IsNullish(v) {
			return true
		}
		if s, ok := v.(string); ok {
			for _, p := range patterns {
				if p.MatchString(s) {
					return true
				}
			}
		}
		return set[value.Identity(v)]
	}
	return condition(path, "$in", list, test), nil
}

func existence(path string, want bool) *Node {
	n := condition(path, "$exists", want, func(v any) bool {
		_, missing := v.(value.Missing)
		return !missing
	})
	n.whole = true
	if want {
		return n
	}
	return not(n)
}

func withOptions(regex, options any) any {
	text, _ := options.(string)
	switch r := regex.(type) {
	case string:
		return bson.Regex{Pattern: r, Options: text}
	case bson.Regex:
		return bson.Regex{Pattern: r.Pattern, Options: text}
	}
	return regex
}

func parseRegex(path string, operand any) (*Node, error) {
	r, ok := operand.(bson.Regex)
	if s, isText := operand.(string); isText {
		r, ok = bson.Regex{Pattern: s}, true
	}
	if !ok {
		return nil, value.Refused(value.BadValue, "$regex has to be a string")
	}
	compiled, err := compileRegex(r)
	if err != nil {
		return nil, err
	}
	return condition(path, "$regex", r, func(v any) bool {
		switch v := v.(type) {
		case string:
			return compiled.MatchString(v)
		case bson.Regex:
			return v == r
		}
		return false
	}), nil
}

func compileRegex(r bson.Regex) (*regexp.Regexp, error) {
	var flags string
	text := r.Pattern
	for _, o := range r.Options {
		switch o {
		case 'i', 'm', 's':
			flags += string(o)
		case 'u':
		default:
			return nil, value.Refused("51108", "invalid flag in regex options: %c", o)
		}
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, value.Refused("51091", "Regular expression is invalid: %v", err)
	}
	return compiled, nil
}

// parseType reads a type by its name, or several.
func parseType(path string, operand any) (*Node, error) {
	list, ok := operand.(bson.A)
	if !ok {
		list = bson.A{operand}
	}
	for _, name := range list {
		if name != any("number") && !slices.ContainsFunc(value.TypeNames(), func(known string) bool { return name == any(known) }) {
			return nil, value.Refused(value.BadValue, "Unknown type name alias: %v", name)
		}
	}
	return condition(path, "$type", list, func(v any) bool {
		return slices.Contains(list, any(value.TypeName(v))) || value.IsNumber(v) && slices.Contains(list, any("number"))
	}), nil
}
