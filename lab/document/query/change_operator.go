package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// maker makes the edits of one field of an operator.
type maker func(f bson.E, now time.Time) ([]edit, error)

func operators() map[string]maker {
	return map[string]maker{
		"$set":         set,
		"$setOnInsert": setOnInsert,
		"$unset":       unset,
		"$inc":         increment,
		"$min":         extreme(-1),
		"$max":         extreme(1),
		"$currentDate": currentDate,
		"$push":        push,
		"$addToSet":    addToSet,
		"$pull":        pull,
	}
}

func set(f bson.E, _ time.Time) ([]edit, error) {
	return []edit{{path: f.Key, makes: true, apply: func(site, any) (any, error) { return value.Clone(f.Value), nil }}}, nil
}

func setOnInsert(f bson.E, now time.Time) ([]edit, error) {
	edits, err := set(f, now)
	edits[0].onInsert = true
	return edits, err
}

func unset(f bson.E, _ time.Time) ([]edit, error) {
	return []edit{{path: f.Key, apply: func(site, any) (any, error) { return value.Missing{}, nil }}}, nil
}

func (s site) id() string {
	id, _ := value.Field(s.doc, "_id")
	return "_id: " + value.Format(id)
}

func increment(f bson.E, _ time.Time) ([]edit, error) {
	if !value.IsNumber(f.Value) {
		return nil, value.Refused(value.TypeMismatch, "Cannot increment with non-numeric argument: {%s: %s}", f.Key, value.Format(f.Value))
	}
	return []edit{{path: f.Key, makes: true, apply: func(s site, old any) (any, error) {
		if _, missing := old.(value.Missing); missing {
			return f.Value, nil
		}
		if !value.IsNumber(old) {
			return nil, value.Refused(value.TypeMismatch, "Cannot apply $inc to a value of non-numeric type. {%s} has the field '%s' of non-numeric type %s",
				s.id(), s.path, value.TypeName(old))
		}
		next, ok := value.Add(old, f.Value)
		if !ok {
			return nil, value.Refused(value.BadValue, "Failed to apply $inc operations to current value (%s) for document {%s}", value.Format(old), s.id())
		}
		return next, nil
	}}}, nil
}

func currentDate(f bson.E, now time.Time) ([]edit, error) {
	if _, ok := f.Value.(bool); !ok {
		return nil, value.Refused(value.BadValue, "%s is not valid type for $currentDate. Please use a boolean ('true').", value.TypeName(f.Value))
	}
	v := bson.NewDateTimeFromTime(now)
	return []edit{{path: f.Key, makes: true, apply: func(site, any) (any, error) { return v, nil }}}, nil
}

func extreme(sign int) maker {
	return func(f bson.E, _ time.Time) ([]edit, error) {
		return []edit{{path: f.Key, makes: true, apply: func(_ site, old any) (any, error) {
			if _, missing := old.(value.Missing); missing || value.Compare(f.Value, old)*sign > 0 {
				return value.Clone(f.Value), nil
			}
			return old, nil
		}}}, nil
	}
}
