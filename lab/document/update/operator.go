package update

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

// maker makes the edits of one field of an operator.
type maker func(f bson.E, now time.Time) ([]edit, error)

func operators() map[string]maker {
	return map[string]maker{
		"$set":         set,
		"$setOnInsert": setOnInsert,
		"$unset":       unset,
		"$inc":         arithmetic("$inc", value.Add),
		"$mul":         arithmetic("$mul", value.Multiply),
		"$min":         extreme(-1),
		"$max":         extreme(1),
		"$rename":      renames,
		"$currentDate": currentDate,
		"$push":        push,
		"$addToSet":    addToSet,
		"$pull":        pull,
		"$pullAll":     pullAll,
		"$pop":         pop,
		"$bit":         bits,
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

func arithmetic(op string, combine func(a, b any) (any, bool)) maker {
	return func(f bson.E, _ time.Time) ([]edit, error) {
		if !value.IsNumber(f.Value) {
			verb := map[string]string{"$inc": "increment", "$mul": "multiply"}[op]
			return nil, fault.New(fault.TypeMismatch, "Cannot %s with non-numeric argument: {%s: %s}", verb, f.Key, value.Format(f.Value))
		}
		return []edit{{path: f.Key, makes: true, apply: func(s site, old any) (any, error) {
			if _, missing := old.(value.Missing); missing {
				if op == "$inc" {
					return f.Value, nil
				}
				zero, _ := combine(int32(0), f.Value)
				return zero, nil
			}
			if !value.IsNumber(old) {
				return nil, fault.New(fault.TypeMismatch, "Cannot apply %s to a value of non-numeric type. {%s} has the field '%s' of non-numeric type %s",
					op, s.id(), s.path, value.TypeName(old))
			}
			next, ok := combine(old, f.Value)
			if !ok {
				return nil, fault.New(fault.BadValue, "Failed to apply %s operations to current value (%s) for document {%s}", op, value.Format(old), s.id())
			}
			return next, nil
		}}}, nil
	}
}

func (s site) id() string {
	id, _ := value.Field(s.doc, "_id")
	return "_id: " + value.Format(id)
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

func renames(f bson.E, _ time.Time) ([]edit, error) {
	to, ok := f.Value.(string)
	if !ok {
		return nil, fault.New(fault.BadValue, "The 'to' field for $rename must be a string: %s: %s", f.Key, value.Format(f.Value))
	}
	if to == f.Key {
		return nil, fault.New(fault.BadValue, "The source and target field for $rename must differ: %s: %s", f.Key, value.Format(f.Value))
	}
	return []edit{{path: f.Key, apply: func(site, any) (any, error) { return to, nil }}}, nil
}

func currentDate(f bson.E, now time.Time) ([]edit, error) {
	var v any = bson.NewDateTimeFromTime(now)
	switch want := f.Value.(type) {
	case bool:
	case bson.D:
		kind, _ := value.Field(want, "$type")
		switch kind {
		case "date":
		case "timestamp":
			v = bson.Timestamp{T: uint32(now.Unix()), I: 1}
		default:
			return nil, fault.New(fault.BadValue, "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}")
		}
	default:
		return nil, fault.New(fault.BadValue, "%s is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).", value.TypeName(f.Value))
	}
	return []edit{{path: f.Key, makes: true, apply: func(site, any) (any, error) { return v, nil }}}, nil
}

func bits(f bson.E, _ time.Time) ([]edit, error) {
	ops, ok := f.Value.(bson.D)
	if !ok || len(ops) == 0 {
		return nil, fault.New(fault.BadValue, "The $bit modifier is not compatible with a %s. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}", value.TypeName(f.Value))
	}
	return []edit{{path: f.Key, makes: true, apply: func(s site, old any) (any, error) {
		if _, missing := old.(value.Missing); missing {
			old = int32(0)
		}
		for _, o := range ops {
			a, ok := value.Int(old)
			b, fine := value.Int(o.Value)
			if !ok || !fine {
				return nil, fault.New(fault.BadValue, "Cannot apply $bit to a value of non-integral type. {%s} has the field %s of non-integer type %s", s.id(), s.path, value.TypeName(old))
			}
			switch o.Key {
			case "and":
				a &= b
			case "or":
				a |= b
			case "xor":
				a ^= b
			default:
				return nil, fault.New(fault.BadValue, "The $bit modifier only supports 'and', 'or', and 'xor', not '%s' which is an unknown operator: {%s: %s}", o.Key, o.Key, value.Format(o.Value))
			}
			old = value.Integral(a, old, o.Value)
		}
		return old, nil
	}}}, nil
}
