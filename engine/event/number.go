package event

import (
	"math"
	"strings"

	"runbook/engine/schema"
)

// Number is the number that a text of a fact says, with its unit.
type Number struct {
	Value   float64     `json:"value"`
	Unit    schema.Unit `json:"unit,omitempty"`
	Against *float64    `json:"against,omitempty"` // what it is compared with
}

// NumberOf returns v as the value of that name, or of the member or call that an
// expression names last; nil where v is no finite number, or one that would be rounded.
func NumberOf(name string, v any) *Number {
	return NumberIn(schema.UnitOf(name[strings.LastIndexByte(name, '.')+1:]), v)
}

// NumberIn returns v as a value of that unit, as NumberOf does.
func NumberIn(unit schema.Unit, v any) *Number {
	var n float64
	switch v := v.(type) {
	case int:
		n = float64(v)
	case float64:
		n = v
	default:
		return nil
	}
	if i, whole := v.(int); math.IsNaN(n) || math.IsInf(n, 0) || whole && (i > 1<<53 || i < -1<<53) {
		return nil
	}
	return &Number{Value: n, Unit: unit}
}

// Human is the number for people, by its unit.
func (n *Number) Human() string { return n.Unit.Human(n.Value) }

// Bare is the number as a condition compares it, without its unit; a figure so large that
// nobody reads it has one.
func (n *Number) Bare() string {
	if math.Abs(n.Value) >= 1e6 && n.Unit != "" && !n.like() {
		return n.Human()
	}
	return schema.HumanNumber(n.Value, n.Against)
}

// like reports whether the unit makes it the same as what it is compared with, and is not.
func (n *Number) like() bool {
	return n.Against != nil && n.Value != *n.Against && n.Human() == n.Unit.Human(*n.Against)
}

// Compared is the number as one side of a comparison: by its unit, unless that makes it
// the same as the other.
func (n *Number) Compared() string {
	if n.like() {
		return n.Bare()
	}
	return n.Human()
}

// Comparison is a condition that compares a value with another, as it is written.
type Comparison struct {
	Left     string `json:"left"`
	Operator string `json:"operator"`
	Right    string `json:"right"`
}
