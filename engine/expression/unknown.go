package expression

import (
	"errors"
	"fmt"

	"runbook/engine/schema"
)

// derived is what a result is that was computed from u: as unknown, but
// without the present value.
func derived(u schema.Unknown) schema.Unknown {
	u.Now = nil
	return u
}

// unknownError is a value that is not known, on its way out of what needs it:
// it is handed on as an error, and machine.eval makes a value of it again.
type unknownError struct{ schema.Unknown }

func (e *unknownError) Error() string { return e.String() }

// unknownWithin returns an unknownError if v holds something unknown.
func unknownWithin(v any) error {
	if u, unknown := schema.UnknownIn(v); unknown {
		return &unknownError{derived(u)}
	}
	return nil
}

// fails reports whether err is more than that a value is not known.
func fails(err error) bool {
	_, unknown := errors.AsType[*unknownError](err)
	return err != nil && !unknown
}

// sooner returns which of two errors counts, of which the first came before.
// After an unknown only what ends the evaluation counts.
func sooner(first, second error) error {
	if first == nil || stops(second) {
		return second
	}
	return first
}

// kindOf returns the kind of a playbook value, also of one that is read by its members.
func kindOf(v any) schema.Kind {
	if _, lazy := v.(Object); lazy {
		return schema.Map
	}
	return schema.KindOf(v)
}

// described names a value for a message without showing much of it.
func described(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool, int, float64:
		return schema.TextOf(v)
	case string:
		if len(v) <= 40 {
			return fmt.Sprintf("the text %q", v)
		}
		return "a text"
	case schema.Unknown:
		return v.String()
	}
	if k := kindOf(v); k != schema.Any {
		return article(&schema.Type{Kind: k})
	}
	return fmt.Sprintf("a %T, which is no value", v)
}
