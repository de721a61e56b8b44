package expression_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

// stricter are our errors where the library gives a value, as it should not.
var stricter = []string{
	"division by zero", "too large for an integer", "cannot be compared", "the list is empty", "NaN", "infinity",
}

// differ compares our evaluation of a random expression with that of the
// library's virtual machine. It reports whether both gave a value.
func differ(t *testing.T, seed uint64) bool {
	g := newGenerator(seed)
	source := g.expr(g.one(wildKinds...), 4)
	names := g.names()
	if len(source) > 4000 {
		return false
	}
	e, problems := expression.Compile(source, wildEnv(), nil)
	for _, p := range problems {
		if !p.Warning {
			t.Errorf("seed %d: compile %s: %+v", seed, source, p)
		}
	}
	if e == nil {
		return false
	}
	got, err := e.Eval(context.Background(), values{names: names}, expression.Limits{})
	program, errLibrary := expr.Compile(source, expr.Env(names), expr.Optimize(false))
	if errLibrary != nil {
		return false // it types elements of []any and nil in another way
	}
	want, errLibrary := expr.Run(program, names)
	switch {
	case err != nil && errLibrary == nil:
		for _, s := range stricter {
			if strings.Contains(err.Error(), s) {
				return false
			}
		}
		t.Errorf("seed %d: %s: error %v, the library gives %v\nwith %v", seed, source, err, want, names)
	case err == nil && errLibrary != nil:
		t.Errorf("seed %d: %s = %v, the library gives the error %v\nwith %v", seed, source, got, errLibrary, names)
	case err == nil && !alike(got, plain(want)):
		t.Errorf("seed %d: %s = %#v, the library gives %#v\nwith %v", seed, source, got, want, names)
	}
	return err == nil
}

// plain turns the library's typed lists into playbook values.
func plain(v any) any {
	var list []any
	switch v := v.(type) {
	case []int:
		for _, x := range v {
			list = append(list, x)
		}
	case []string:
		for _, x := range v {
			list = append(list, x)
		}
	default:
		return v
	}
	return list
}

// alike is equality where 1 and 1.0 are the same, and nearly equal numbers.
func alike(a, b any) bool {
	b = plain(b)
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		if !ok && b != nil || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !alike(x[i], y[i]) {
				return false
			}
		}
		return true
	case int, float64:
		x2, y2 := asFloat(a), asFloat(b)
		return x2 == y2 || math.Abs(x2-y2) <= 1e-9*math.Abs(x2) || math.IsNaN(x2) && math.IsNaN(y2)
	}
	return schema.Same(a, b)
}

func asFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

// TestDifferential holds our evaluation equal to the library's on known
// values, on thousands of random expressions.
func TestDifferential(t *testing.T) {
	trials, compared := 6000, 0
	for seed := range uint64(trials) {
		if differ(t, seed) {
			compared++
		}
		if t.Failed() {
			return
		}
	}
	if compared < trials/3 {
		t.Errorf("only %d of %d expressions were compared", compared, trials)
	}
}

func FuzzDifferential(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { differ(t, seed) })
}
