package schema

import "reflect"

// Of returns the type of a Go type, from its tags.
func Of(t reflect.Type) *Type { panic("being written") }

// Encode returns v, a Go value of a type that Of takes, as a playbook value.
func Encode(v any) any { panic("being written") }

// Decode sets the struct to which dst points from a playbook value.
func Decode(value any, dst any) error { panic("being written") }
