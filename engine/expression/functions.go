package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/schema"
)

// gives returns the result type of a function whose result has always one type.
func gives(t *schema.Type) func([]*node) *schema.Type {
	return func([]*node) *schema.Type { return t }
}

func givesFirst(args []*node) *schema.Type { return args[0].typ.AsRequired() }

func givesElement(args []*node) *schema.Type { return args[0].typ.Element().AsOptional() }

func givesElements(args []*node) *schema.Type { return schema.ListOf(args[0].typ.Element()) }

// functions are all functions without a predicate.
var functions = slices.Concat(textFunctions, listFunctions, numberFunctions, valueFunctions)

func functionNamed(name string) *function {
	for _, f := range functions {
		if f.name == name {
			return f
		}
	}
	return nil
}

// Functions returns the names of all functions, sorted.
func Functions() []string {
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	for _, l := range loops {
		names = append(names, l.name)
	}
	slices.Sort(names)
	return names
}

func (m *machine) call(n *node) (any, error) {
	f := n.value.(*function)
	args, err := m.all(n.kids)
	if err != nil {
		return nil, err
	}
	var secrets []string
	for i, arg := range args {
		if f.hides {
			arg, secrets = schema.Revealed(arg, secrets)
			args[i] = arg
		}
		u, is := arg.(schema.Unknown)
		if !is && !f.partial {
			u, is = schema.UnknownIn(arg)
		}
		if is {
			return derived(u), nil
		}
		takes := f.takes[min(i, len(f.takes)-1)]
		if takes&isInt != 0 {
			takes |= isSize
		}
		if kind := kindOf(arg); takes&kindsOf(kind) == 0 {
			if whole, ok := integer(arg); ok && kind == schema.Number && takes&isInt != 0 {
				args[i] = whole
				continue
			}
			return nil, fmt.Errorf("%s takes %s, %s is %s", f.name, takes, m.text(n.kids[i]), described(arg))
		}
		if _, lazy := arg.(Object); lazy && (f.reads == nil || takes != isAnything) {
			return nil, fmt.Errorf("%s is no value by itself: read one of its fields", m.text(n.kids[i]))
		}
	}
	if err := m.spend(weight(args)); err != nil {
		return nil, err
	}
	if f.prepare != nil && len(args) == len(f.takes) {
		if err := f.ready(n, args); err != nil {
			return nil, fmt.Errorf("%s: %w", m.text(n), err)
		}
	}
	got, err := f.call(m, args)
	if text, ok := got.(string); ok && err == nil && !f.partial {
		if err = m.spend(len(text) / 16); secrets != nil {
			got = schema.NewSecret(strings.Join(sortedUnique(secrets), "+"), text)
		}
	}
	if err == nil || stops(err) {
		return got, err
	}
	if _, asked := errors.AsType[*mustError](err); !asked {
		err = fmt.Errorf("%s: %w", m.text(n), err)
	}
	return nil, err
}

// ready puts in the place of the last argument what prepare makes of it.
func (f *function) ready(n *node, args []any) (err error) {
	last := len(args) - 1
	if n.a != nil {
		args[last] = n.a.value
		return nil
	}
	args[last], err = f.prepare(args[last].(string))
	return err
}

// weight is how many steps the arguments of a call are worth.
func weight(args []any) int {
	n := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			n += len(arg) / 64
		case []any:
			n += len(arg) / 8
		case map[string]any:
			n += len(arg) / 8
		}
	}
	return n
}

// boundedList returns list, or an error if it is too long.
func boundedList(list []any) (any, error) {
	if len(list) > maxList {
		return nil, errList
	}
	return list, nil
}

// boundedText returns s, or an error if it is too long.
func boundedText(s string) (any, error) {
	if len(s) > maxText {
		return nil, errText
	}
	return s, nil
}
