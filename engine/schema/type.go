// Package schema relates Go structs, playbook values and their types: it
// decodes and encodes values, checks their bounds and gives JSON Schema types.
// Only it and the decoder of files in runbook/engine/yaml look into structs by
// reflection, and both read the same tags with FieldOf.
//
// A playbook value is one of: nil, bool, int, float64, string, time.Duration,
// Size, time.Time, Secret, []any, map[string]any, and in a dry run Unknown.
package schema

import (
	"slices"
	"strings"
	"time"
)

// Kind is the kind of a type.
type Kind uint8

// The kinds. Any is an untyped value (parsed JSON); Null is the type of nil.
// Object has the named Fields and no others; Map has any keys, all with Elem.
// Condition is an expression written without ${{ }} that must hold (`that`).
const (
	Any Kind = iota
	Null
	Bool
	Int
	Number
	String
	Duration
	SizeKind
	Time
	SecretKind
	List
	Map
	Object
	ConditionKind
)

var kindNames = [...]string{
	Any: "any", Null: "null", Bool: "bool", Int: "int", Number: "number", String: "string",
	Duration: "duration", SizeKind: "size", Time: "time", SecretKind: "secret", List: "list",
	Map: "map", Object: "object", ConditionKind: "condition",
}

// String returns the kind's name in the language of playbooks.
func (k Kind) String() string { return kindNames[k] }

// Type is the static type of a value. A Type is immutable once it is shared.
type Type struct {
	Kind     Kind
	Elem     *Type    // of List and Map; nil means Any
	Fields   []Field  // of Object, in the order of declaration
	Optional bool     // the value may be nil
	Enum     []string // of String: the only values

	// AcceptsSecret marks a parameter into which a secret may go although it
	// is not declared as one: headers, bodies and environment of requests.
	AcceptsSecret bool
	// Place is where the values of expressions in a text stand, which are escaped
	// for it.
	Place Place
	// Times says of untyped values, and of what holds such, that a time written
	// without quotes is one, as in a filter of a database that has dates.
	Times bool
}

// Place is a place that divides a text by characters of its own.
type Place string

// The places: none, a URL, and a path below one with its query.
const (
	NoPlace   Place = ""
	URLPlace  Place = "url"
	PathPlace Place = "path"
)

// Field is a member of an Object: a parameter, an output or an input.
type Field struct {
	Name     string
	Type     *Type
	Doc      string
	Required bool // no default, and must be given
	Default  any  // nil: none
	Min, Max any  // bounds of int, number, duration, size and the length of string and list; nil: none
	Pattern  string
	Show     string // of an output that is for reading: whether people see its first or its last lines unasked; "" of others
	Raw      string // of an output: the one that was read from this text, beside which it is not kept
}

// Field returns the member of an Object by name.
func (t *Type) Field(name string) (Field, bool) {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return t.Fields[i], true
		}
	}
	return Field{}, false
}

// Names returns the names of an Object's fields, in order.
func (t *Type) Names() []string {
	names := make([]string, len(t.Fields))
	for i := range t.Fields {
		names[i] = t.Fields[i].Name
	}
	return names
}

// Element returns the type of a List's or Map's elements, which accept secrets where
// t does.
func (t *Type) Element() *Type {
	elem := t.Elem
	if elem == nil {
		elem = AnyType
	}
	if t.AcceptsSecret && !elem.AcceptsSecret || t.Times && !elem.Times {
		c := *elem
		c.AcceptsSecret, c.Times = c.AcceptsSecret || t.AcceptsSecret, c.Times || t.Times
		return &c
	}
	return elem
}

// HoldsSecret reports whether a value of the type may hold a secret by its type.
func (t *Type) HoldsSecret() bool {
	return t.Kind == SecretKind || t.Elem != nil && t.Elem.HoldsSecret() ||
		slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.HoldsSecret() })
}

// AsOptional returns t with Optional set.
func (t *Type) AsOptional() *Type { return t.withOptional(true) }

// AsRequired returns t with Optional cleared.
func (t *Type) AsRequired() *Type { return t.withOptional(false) }

func (t *Type) withOptional(o bool) *Type {
	if t.Optional == o {
		return t
	}
	c := *t
	c.Optional = o
	return &c
}

// String returns the type as it is written in messages: "list of string".
func (t *Type) String() string {
	s := t.Kind.String()
	switch {
	case t.Kind == List && t.Elem != nil:
		s = "list of " + t.Elem.String()
	case t.Kind == Map && t.Elem != nil && t.Elem.Kind != Any:
		s = "map of " + t.Elem.String()
	case len(t.Enum) > 0:
		s = "one of " + strings.Join(t.Enum, ", ")
	}
	if t.Optional {
		return "optional " + s
	}
	return s
}

// The types without parameters.
var (
	AnyType       = &Type{Kind: Any}
	NullType      = &Type{Kind: Null, Optional: true}
	BoolType      = &Type{Kind: Bool}
	IntType       = &Type{Kind: Int}
	NumberType    = &Type{Kind: Number}
	StringType    = &Type{Kind: String}
	DurationType  = &Type{Kind: Duration}
	SizeType      = &Type{Kind: SizeKind}
	TimeType      = &Type{Kind: Time}
	SecretType    = &Type{Kind: SecretKind}
	ConditionType = &Type{Kind: ConditionKind}
)

// KindOf returns the kind of a playbook value; Any for what is none.
func KindOf(v any) Kind {
	switch v.(type) {
	case nil:
		return Null
	case bool:
		return Bool
	case int:
		return Int
	case float64:
		return Number
	case string:
		return String
	case time.Duration:
		return Duration
	case Size:
		return SizeKind
	case time.Time:
		return Time
	case Secret:
		return SecretKind
	case []any:
		return List
	case map[string]any:
		return Map
	}
	return Any
}

// TypeOf returns the type of a value that is written where any is taken. A list
// is one of any values; a map and nothing are any value.
func TypeOf(v any) *Type {
	switch k := KindOf(v); k {
	case Null, Map, Any:
		return AnyType
	case List:
		return ListOf(AnyType)
	default:
		return &Type{Kind: k}
	}
}

// ListOf returns the type of lists of elem.
func ListOf(elem *Type) *Type { return &Type{Kind: List, Elem: elem} }

// MapOf returns the type of maps from text to elem.
func MapOf(elem *Type) *Type { return &Type{Kind: Map, Elem: elem} }

// ObjectOf returns the type of objects with these fields.
func ObjectOf(fields ...Field) *Type { return &Type{Kind: Object, Fields: fields} }

// EnumOf returns the type of texts that are one of values.
func EnumOf(values ...string) *Type { return &Type{Kind: String, Enum: values} }
