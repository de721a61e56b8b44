package schema

import (
	"encoding/json"
	"reflect"
	"time"
)

// Ready is a playbook value inside any: Encode takes it as it is.
type Ready struct{ Value any }

// Encode returns v, a Go value of a type that Of takes, as a playbook value:
// structs become maps, a nil slice an empty list, a nil map an empty map, a nil
// pointer nil. Inside any, numbers and lists of other Go types are taken too.
// It panics on a type that Of does not take.
func Encode(v any) any {
	if plain, ok := encodePlain(v); ok {
		return plain
	}
	value := reflect.ValueOf(v)
	return codecOf(value.Type()).load(value)
}

// encodePlain encodes what needs no reflection.
func encodePlain(v any) (any, bool) {
	switch v := v.(type) {
	case nil, bool, int, float64, string, time.Duration, Size, time.Time, Secret, Condition, Unknown:
		return v, true
	case Ready:
		return v.Value, true
	case int64:
		return int(v), true
	case int32:
		return int(v), true
	case json.Number:
		return jsonNumber(string(v)), true
	case []any, map[string]any:
		return Mapped(v, Encode), true
	case Text:
		if v.secret != nil {
			return *v.secret, true
		}
		return v.plain, true
	}
	return nil, false
}

// load returns the playbook value of v.
func (c *codec) load(v reflect.Value) any {
	switch c.shape {
	case structure:
		m := make(map[string]any, len(c.fields))
		for i := range c.fields {
			f := &c.fields[i]
			m[f.name] = f.codec.load(v.FieldByIndex(f.index))
		}
		return m
	case pointer:
		if v.IsNil() {
			return nil
		}
		return c.elem.load(v.Elem())
	case list:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = c.elem.load(v.Index(i))
		}
		return out
	case mapping:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = c.elem.load(it.Value())
		}
		return m
	case anything:
		if v.IsNil() {
			return nil
		}
		return Encode(v.Interface())
	case named:
		return c.loadNamed(v)
	default:
		plain, _ := encodePlain(v.Interface())
		return plain
	}
}

func (c *codec) loadNamed(v reflect.Value) any {
	switch c.typ.Kind {
	case Bool:
		return v.Bool()
	case Int:
		return int(v.Int())
	case Number:
		return v.Float()
	default:
		return v.String()
	}
}
