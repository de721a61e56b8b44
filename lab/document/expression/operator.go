package expression

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// operator is one that an expression may use.
type operator struct {
	least, most int      // how many operands; a most of -1 is any number
	names       []string // of the operands, where they may have some
	call        func(s *Scope, op string, operands []Expression) (any, error)
}

func (o operator) arity() string {
	switch {
	case o.most < 0:
		return fmt.Sprintf("at least %d arguments", o.least)
	case o.least == o.most:
		return fmt.Sprintf("exactly %d arguments", o.least)
	}
	return fmt.Sprintf("at least %d arguments, and at most %d", o.least, o.most)
}

func operators() map[string]operator {
	compares := func(holds func(c int) bool) operator {
		return operator{2, 2, nil, over(func(_ string, v []any) (any, error) { return holds(value.Compare(v[0], v[1])), nil })}
	}
	return map[string]operator{
		"$add": {1, -1, nil, known(calculate)}, "$subtract": {2, 2, nil, known(calculate)}, "$multiply": {1, -1, nil, known(calculate)},
		"$divide": real(2, 2, divide), "$round": real(1, 2, round), "$abs": real(1, 1, absolute),
		"$eq": compares(func(c int) bool { return c == 0 }), "$ne": compares(func(c int) bool { return c != 0 }),
		"$gt": compares(func(c int) bool { return c > 0 }), "$gte": compares(func(c int) bool { return c >= 0 }),
		"$lt": compares(func(c int) bool { return c < 0 }), "$lte": compares(func(c int) bool { return c <= 0 }),
		"$and": {0, -1, nil, logic}, "$or": {0, -1, nil, logic},
		"$not":    {1, 1, nil, over(func(_ string, v []any) (any, error) { return !value.Truth(v[0]), nil })},
		"$cond":   {3, 3, []string{"if", "then", "else"}, condition},
		"$ifNull": {2, -1, nil, ifNull},
		"$concat": {0, -1, nil, over(text)}, "$toUpper": {1, 1, nil, over(text)}, "$toLower": {1, 1, nil, over(text)}, "$toString": {1, 1, nil, known(toString)},
		"$dateToString": {1, 2, []string{"date", "format"}, known(dateToString)},
		"$size":         {1, 1, nil, over(size)}, "$in": {2, 2, nil, over(within)},
	}
}

// over makes an operator of a function of the operands' values.
func over(do func(op string, v []any) (any, error)) func(*Scope, string, []Expression) (any, error) {
	return func(s *Scope, op string, operands []Expression) (any, error) {
		v, err := evaluate(s, operands)
		if err != nil {
			return nil, err
		}
		return do(op, v)
	}
}

// known is over for functions that give null where an operand is null.
func known(do func(op string, v []any) (any, error)) func(*Scope, string, []Expression) (any, error) {
	return over(func(op string, v []any) (any, error) {
		if slices.ContainsFunc(v, value.IsNullish) {
			return nil, nil
		}
		return do(op, v)
	})
}

func logic(s *Scope, op string, operands []Expression) (any, error) {
	for _, x := range operands {
		v, err := x(s)
		if err != nil {
			return nil, err
		}
		if value.Truth(v) == (op == "$or") {
			return op == "$or", nil
		}
	}
	return op == "$and", nil
}

func condition(s *Scope, _ string, operands []Expression) (any, error) {
	v, err := operands[0](s)
	switch {
	case err != nil:
		return nil, err
	case value.Truth(v):
		return operands[1](s)
	}
	return operands[2](s)
}

func ifNull(s *Scope, _ string, operands []Expression) (any, error) {
	for _, x := range operands[:len(operands)-1] {
		if v, err := x(s); err != nil || !value.IsNullish(v) {
			return v, err
		}
	}
	return operands[len(operands)-1](s)
}

// unfit is the error of an operand of the wrong type.
func unfit(op string, v any) error {
	return value.Refused(value.TypeMismatch, "%s does not take the type %s", op, value.TypeName(v))
}

// calculate adds, subtracts or multiplies. Of dates it takes two to subtract, or
// one and milliseconds.
func calculate(op string, v []any) (any, error) {
	sign := map[string]rune{"$add": '+', "$subtract": '-', "$multiply": '*'}[op]
	var result any
	dates := 0
	for i, e := range v {
		if d, ok := e.(bson.DateTime); ok {
			e = int64(d)
			if dates++; i > 0 && sign == '-' {
				dates -= 2
			}
		}
		if !value.IsNumber(e) {
			return nil, unfit(op, e)
		}
		if result == nil {
			result = e
		} else {
			result, _ = value.Calculate(sign, result, e)
		}
	}
	switch {
	case dates == 0:
		return result, nil
	case dates == 1 && sign != '*':
		f, _ := value.Float(result)
		return bson.DateTime(math.Round(f)), nil
	}
	return nil, value.Refused(value.TypeMismatch, "%s does not take these dates: %s", op, value.Format(bson.A(v)))
}

// real makes an operator of a function of real numbers.
func real(least, most int, do func(v []float64) (float64, error)) operator {
	return operator{least, most, nil, known(func(op string, v []any) (any, error) {
		numbers := make([]float64, len(v))
		for i, e := range v {
			var ok bool
			if numbers[i], ok = value.Float(e); !ok {
				return nil, unfit(op, e)
			}
		}
		f, err := do(numbers)
		switch {
		case err != nil || op == "$divide":
			return f, err
		case value.TypeName(v[0]) == "int":
			return int32(f), nil
		case value.TypeName(v[0]) == "long":
			return int64(f), nil
		}
		return f, nil
	})}
}

func divide(v []float64) (float64, error) {
	if v[1] == 0 {
		return 0, value.Refused(value.BadValue, "can't $divide by zero")
	}
	return v[0] / v[1], nil
}

// round rounds to a number of decimals, halves to the even neighbour.
func round(v []float64) (float64, error) {
	scale := 1.0
	if len(v) > 1 {
		scale = math.Pow(10, v[1])
	}
	if r := math.RoundToEven(v[0]*scale) / scale; !math.IsInf(r, 0) && !math.IsNaN(r) {
		return r, nil
	}
	return v[0], nil
}

func absolute(v []float64) (float64, error) { return math.Abs(v[0]), nil }

func text(op string, v []any) (any, error) {
	var b strings.Builder
	for _, e := range v {
		s, ok := e.(string)
		switch {
		case op == "$concat" && value.IsNullish(e):
			return nil, nil
		case !ok && !value.IsNullish(e):
			return nil, unfit(op, e)
		}
		b.WriteString(s)
	}
	switch op {
	case "$toUpper":
		return strings.ToUpper(b.String()), nil
	case "$toLower":
		return strings.ToLower(b.String()), nil
	}
	return b.String(), nil
}

func toString(op string, v []any) (any, error) {
	switch v := v[0].(type) {
	case string:
		return v, nil
	case bool, int32, int64, float64:
		return fmt.Sprint(v), nil
	case bson.ObjectID:
		return v.Hex(), nil
	case bson.DateTime:
		return value.Time(v).Format("2006-01-02T15:04:05.000Z"), nil
	}
	return nil, unfit(op, v[0])
}

// dateToString writes a date in UTC.
func dateToString(op string, v []any) (any, error) {
	d, ok := v[0].(bson.DateTime)
	if !ok {
		return nil, unfit(op, v[0])
	}
	format := "%Y-%m-%dT%H:%M:%S.%LZ"
	if len(v) > 1 {
		if format, ok = v[1].(string); !ok {
			return nil, unfit(op, v[1])
		}
	}
	var written, none []string
	for directive, layout := range map[string]string{"%Y": "2006", "%m": "01", "%d": "02", "%H": "15", "%M": "04", "%S": "05", "%L": ".000", "%j": "002", "%%": "%"} {
		written = append(written, directive, strings.TrimPrefix(value.Time(d).Format(layout), "."))
		none = append(none, directive, "")
	}
	if rest := strings.NewReplacer(none...).Replace(format); strings.Contains(rest, "%") {
		return nil, value.Refused("18536", "Invalid format character in format string: %s", format)
	}
	return strings.NewReplacer(written...).Replace(format), nil
}

func size(op string, v []any) (any, error) {
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, unfit(op, v[0])
	}
	return int32(len(a)), nil
}

func within(op string, v []any) (any, error) {
	a, ok := v[1].(bson.A)
	if !ok {
		return nil, unfit(op, v[1])
	}
	return slices.ContainsFunc(a, func(e any) bool { return value.Equal(e, v[0]) }), nil
}
