package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// maker makes the edit of one field of an operator.
type maker func(f bson.E, now time.Time) (edit, error)

func operators() map[string]maker {
	return map[string]maker{"$set": set, "$unset": unset, "$inc": increment, "$min": extreme(-1), "$max": extreme(1), "$currentDate": currentDate}
}

// becomes is an edit that gives a field a value, whatever it had.
func becomes(v any) edit {
	return edit{makes: v != value.Missing{}, apply: func(site, any) (any, error) { return v, nil }}
}

func set(f bson.E, _ time.Time) (edit, error) { return becomes(f.Value), nil }

func unset(bson.E, time.Time) (edit, error) { return becomes(value.Missing{}), nil }

func currentDate(f bson.E, now time.Time) (edit, error) {
	if _, ok := f.Value.(bool); !ok {
		return edit{}, value.Refused(value.BadValue, "%s is not valid type for $currentDate. Please use a boolean ('true').", value.TypeName(f.Value))
	}
	return becomes(bson.NewDateTimeFromTime(now)), nil
}

func (s site) id() string {
	id, _ := value.Field(s.doc, "_id")
	return "_id: " + value.Format(id)
}

func increment(f bson.E, _ time.Time) (edit, error) {
	if !value.IsNumber(f.Value) {
		return edit{}, value.Refused(value.TypeMismatch, "Cannot increment with non-numeric argument: {%s: %s}", f.Key, value.Format(f.Value))
	}
	return edit{makes: true, apply: func(s site, old any) (any, error) {
		if _, missing := old.(value.Missing); missing {
			return f.Value, nil
		}
		if !value.IsNumber(old) {
			return nil, value.Refused(value.TypeMismatch, "Cannot apply $inc to a value of non-numeric type. {%s} has the field '%s' of non-numeric type %s",
				s.id(), s.path, value.TypeName(old))
		}
		next, exact := value.Calculate('+', old, f.Value)
		if !exact {
			return nil, value.Refused(value.BadValue, "Failed to apply $inc operations to current value (%s) for document {%s}", value.Format(old), s.id())
		}
		return next, nil
	}}, nil
}

func extreme(sign int) maker {
	return func(f bson.E, _ time.Time) (edit, error) {
		return edit{makes: true, apply: func(_ site, old any) (any, error) {
			if _, missing := old.(value.Missing); missing || value.Compare(f.Value, old)*sign > 0 {
				return f.Value, nil
			}
			return old, nil
		}}, nil
	}
}
