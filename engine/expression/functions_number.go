package expression

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"runbook/engine/schema"
)

const isOrdered = isNumeric | isDuration | isTime

var numberFunctions = []*function{
	{name: "abs", takes: []kinds{isNumeric | isDuration}, least: 1, result: absType, call: callAbs},
	{name: "ceil", takes: []kinds{isNumeric}, least: 1, result: roundedType, call: rounded(math.Ceil)},
	{name: "floor", takes: []kinds{isNumeric}, least: 1, result: roundedType, call: rounded(math.Floor)},
	{name: "round", takes: []kinds{isNumeric}, least: 1, result: roundedType, call: rounded(math.Round)},
	{name: "format", takes: []kinds{isNumeric, isInt}, least: 2, result: gives(schema.StringType), call: callFormat},
	{name: "min", takes: []kinds{isOrdered | isList}, least: 1, rest: true, elem: isOrdered | isList, result: extremeType, call: extreme(-1)},
	{name: "max", takes: []kinds{isOrdered | isList}, least: 1, rest: true, elem: isOrdered | isList, result: extremeType, call: extreme(1)},
	{name: "mean", takes: []kinds{isNumeric | isList}, least: 1, rest: true, elem: isNumeric | isList, result: gives(schema.NumberType), call: statistic(1, mean)},
	{name: "median", takes: []kinds{isNumeric | isList}, least: 1, rest: true, elem: isNumeric | isList, result: gives(schema.NumberType), call: callMedian},
	{name: "stddev", takes: []kinds{isList}, least: 1, elem: isNumeric, result: gives(schema.NumberType), call: statistic(1, stddev)},
	{name: "slope", takes: []kinds{isList}, least: 1, elem: isNumeric, result: gives(schema.NumberType), call: statistic(2, slope)},
	{name: "percentile", takes: []kinds{isList, isNumeric}, least: 2, elem: isNumeric, result: gives(schema.NumberType), call: callPercentile},
}

func absType(args []*node) *schema.Type { return arithmeticType(args[0].typ) }

func callAbs(_ *machine, args []any) (any, error) {
	if n, ok := whole(args[0]); ok {
		args[0] = n
	}
	minus, err := negate(args[0])
	if o, _ := order(args[0], minus); err != nil || o < 0 {
		return minus, err
	}
	return args[0], nil
}

func roundedType(args []*node) *schema.Type {
	if t := arithmeticType(args[0].typ); t.Kind == schema.Int {
		return schema.IntType
	}
	return schema.NumberType
}

// rounded leaves an integer as it is: as a float64 it could become another one.
func rounded(f func(float64) float64) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) {
		if n, ok := whole(args[0]); ok {
			return n, nil
		}
		n, _ := number(args[0])
		return f(n), nil
	}
}

// callFormat writes a number with a fixed number of decimals, rounded.
func callFormat(_ *machine, args []any) (any, error) {
	decimals, _ := whole(args[1])
	if decimals < 0 || decimals > 15 {
		return nil, fmt.Errorf("decimals are from 0 to 15, not %d", decimals)
	}
	n, isInt := whole(args[0])
	if isInt && decimals == 0 {
		return strconv.Itoa(n), nil
	}
	f, _ := number(args[0])
	return strconv.FormatFloat(f, 'f', decimals, 64), nil
}

// leaves gives every value in values and in the lists within them.
func leaves(m *machine, values []any, visit func(any) error) error {
	for _, v := range values {
		if err := m.spend(1); err != nil {
			return err
		}
		var err error
		if list, ok := v.([]any); ok {
			err = leaves(m, list, visit)
		} else {
			err = visit(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func extremeType(args []*node) *schema.Type {
	t := emptyElem
	for _, arg := range args {
		elem := arg.typ
		for elem.Kind == schema.List {
			elem = elem.Element()
		}
		t = union(t, elem)
	}
	return t.AsRequired()
}

// extreme is max for want 1, min for -1: of several equal ones the first.
func extreme(want int) func(*machine, []any) (any, error) {
	return func(m *machine, args []any) (any, error) {
		var best any
		err := leaves(m, args, func(v any) error {
			if kindsOf(kindOf(v))&isOrdered == 0 {
				return fmt.Errorf("it takes numbers, durations or times, not %s", described(v))
			}
			against := best
			if best == nil {
				best, against = v, v
			}
			o, err := order(v, against)
			if o == want {
				best = v
			}
			return err
		})
		if err == nil && best == nil {
			err = errors.New("the list is empty")
		}
		return best, err
	}
}

// statistic computes f of all numbers in the arguments, of which there must be
// least.
func statistic(least int, f func([]float64) float64) func(*machine, []any) (any, error) {
	return func(m *machine, args []any) (any, error) {
		numbers, err := numbersIn(m, args, least)
		if err != nil {
			return nil, err
		}
		return f(numbers), nil
	}
}

func numbersIn(m *machine, args []any, least int) ([]float64, error) {
	var numbers []float64
	err := leaves(m, args, func(v any) error {
		n, ok := number(v)
		if !ok {
			return fmt.Errorf("it takes numbers, not %s", described(v))
		}
		if notFinite(n) {
			return errors.New("it takes no NaN and no infinity")
		}
		numbers = append(numbers, n)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(numbers) == 0:
		return nil, errors.New("the list is empty")
	case len(numbers) < least:
		return nil, fmt.Errorf("it takes at least %d numbers", least)
	}
	return numbers, nil
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, n := range of {
		sum += n
	}
	return sum / float64(len(of))
}

// callMedian gives the integer in the middle of an odd number of integers itself where
// it could become another one as a float64.
func callMedian(m *machine, args []any) (any, error) {
	numbers, err := numbersIn(m, args, 1)
	if err != nil {
		return nil, err
	}
	var integers []int
	err = leaves(m, args, func(v any) error {
		if n, ok := whole(v); ok {
			integers = append(integers, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(integers) == len(numbers) && len(integers)%2 == 1 {
		slices.Sort(integers)
		if n := integers[len(integers)/2]; n > 1<<53 || n < -1<<53 {
			return n, nil
		}
	}
	return quantile(numbers, 0.5), nil
}

// stddev is the standard deviation of the whole population.
func stddev(of []float64) float64 {
	middle, sum := mean(of), 0.0
	for _, n := range of {
		sum += (n - middle) * (n - middle)
	}
	return math.Sqrt(sum / float64(len(of)))
}

// slope is the rise from one element to the next, by least squares.
func slope(of []float64) float64 {
	middle, centre := mean(of), float64(len(of)-1)/2
	above, below := 0.0, 0.0
	for i, n := range of {
		x := float64(i) - centre
		above += x * (n - middle)
		below += x * x
	}
	return above / below
}

// quantile is the value below which the part q of the numbers lies; between
// two of them it is interpolated.
func quantile(of []float64, q float64) float64 {
	slices.Sort(of)
	at := q * float64(len(of)-1)
	low := int(at)
	if low+1 >= len(of) {
		return of[len(of)-1]
	}
	if part := at - float64(low); part == 0.5 {
		return (of[low] + of[low+1]) / 2
	} else if part > 0 {
		return of[low] + part*(of[low+1]-of[low])
	}
	return of[low]
}

func callPercentile(m *machine, args []any) (any, error) {
	p, _ := number(args[1])
	if !(p >= 0 && p <= 100) {
		return nil, fmt.Errorf("a percentile is from 0 to 100, not %s", described(args[1]))
	}
	numbers, err := numbersIn(m, args[:1], 1)
	if err != nil {
		return nil, err
	}
	return quantile(numbers, p/100), nil
}
