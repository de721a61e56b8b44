package schema

import "slices"

// Accepts reports whether Convert may succeed for some value of type from: the
// static form of Convert's rules, for a validator. An optional value does not
// fit where nil is not taken, and any may fit everywhere.
func Accepts(to, from *Type) bool {
	if from.Kind == Any || from == to {
		return true
	}
	if from.Kind == Null || from.Optional && !to.Optional {
		return to.Optional || to.Kind == Any || to.Kind == Null
	}
	if from.Kind == SecretKind {
		return to.Kind == SecretKind || to.AcceptsSecret
	}
	switch to.Kind {
	case Any:
		return to.AcceptsSecret || !from.HoldsSecret()
	case Int, Number:
		return from.Kind == Int || from.Kind == Number
	case SizeKind:
		return from.Kind == SizeKind || from.Kind == Int || from.Kind == Number || from.Kind == String
	case Duration, Time:
		return from.Kind == to.Kind || from.Kind == String
	case ConditionKind:
		return from.Kind == ConditionKind || from.Kind == Bool
	case List:
		return from.Kind == List && Accepts(to.Element(), from.Element())
	case Map:
		return acceptsMap(to, from)
	case Object:
		return acceptsObject(to, from)
	default:
		return from.Kind == to.Kind
	}
}

func acceptsMap(to, from *Type) bool {
	elem := to.Element()
	switch from.Kind {
	case Map:
		return Accepts(elem, from.Element())
	case Object:
		return !slices.ContainsFunc(from.Fields, func(f Field) bool { return !Accepts(elem, f.Type) })
	}
	return false
}

func acceptsObject(to, from *Type) bool {
	if from.Kind == Map {
		return true
	}
	if from.Kind != Object {
		return false
	}
	for i := range from.Fields {
		want, ok := to.Field(from.Fields[i].Name)
		if !ok || !Accepts(want.Type, from.Fields[i].Type) {
			return false
		}
	}
	return !slices.ContainsFunc(to.Fields, func(f Field) bool {
		_, given := from.Field(f.Name)
		return f.Required && !given
	})
}
