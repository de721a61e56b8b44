package schema

import (
	"fmt"
	"reflect"
)

// Decode sets what dst points to from a playbook value: it fills in defaults,
// converts and checks as Convert does, and returns Errors that name every
// parameter that does not fit. What is Unknown, or holds an Unknown, leaves its
// Go field zero. dst is unchanged after an error.
func Decode(value any, dst any) error {
	_, err := DecodeFitted(value, dst)
	return err
}

// DecodeFitted is Decode, and also returns the value as it was made to fit,
// with defaults filled in.
func DecodeFitted(value any, dst any) (any, error) {
	target := reflect.ValueOf(dst)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic(fmt.Sprintf("schema: decode into a %T, which is no pointer", dst))
	}
	target = target.Elem()
	c := codecOf(target.Type())
	fitted, err := Convert(c.typ, value)
	if err != nil {
		return nil, err
	}
	c.store(target, fitted)
	return fitted, nil
}

// store sets dst to v, which fits c's type.
func (c *codec) store(dst reflect.Value, v any) {
	if v == nil {
		dst.SetZero()
		return
	}
	if _, unknown := v.(Unknown); unknown {
		return
	}
	switch c.shape {
	case structure:
		values := v.(map[string]any)
		for i := range c.fields {
			m := &c.fields[i]
			if given, ok := values[m.name]; ok {
				m.codec.store(dst.FieldByIndex(m.index), given)
			}
		}
	case asIs, anything, named:
		if s, ok := v.(Secret); ok && dst.Kind() == reflect.String { // its field accepts one
			v = s.Reveal()
		}
		dst.Set(reflect.ValueOf(v).Convert(c.goType))
	case text:
		if s, ok := v.(Secret); ok {
			*dst.Addr().Interface().(*Text) = SecretText(s)
			return
		}
		*dst.Addr().Interface().(*Text) = NewText(v.(string))
	case pointer:
		dst.Set(reflect.New(c.goType.Elem()))
		c.elem.store(dst.Elem(), v)
	case list:
		values := v.([]any)
		dst.Set(reflect.MakeSlice(c.goType, len(values), len(values)))
		for i := range values {
			c.elem.store(dst.Index(i), values[i])
		}
	case mapping:
		c.storeMap(dst, v.(map[string]any))
	}
}

func (c *codec) storeMap(dst reflect.Value, values map[string]any) {
	m := reflect.MakeMapWithSize(c.goType, len(values))
	for key, value := range values {
		elem := reflect.New(c.goType.Elem()).Elem()
		c.elem.store(elem, value)
		m.SetMapIndex(reflect.ValueOf(key).Convert(c.goType.Key()), elem)
	}
	dst.Set(m)
}

// HasUnknown reports whether v is, or holds at any depth, an Unknown.
func HasUnknown(v any) bool {
	_, has := UnknownIn(v)
	return has
}

// UnknownIn returns the first Unknown in v; of a map the one with the least key.
func UnknownIn(v any) (Unknown, bool) {
	switch v := v.(type) {
	case Unknown:
		return v, true
	case []any:
		for _, x := range v {
			if u, ok := UnknownIn(x); ok {
				return u, true
			}
		}
	case map[string]any:
		least, found, ok := "", Unknown{}, false
		for key, x := range v {
			if u, is := UnknownIn(x); is && (!ok || key < least) {
				least, found, ok = key, u, true
			}
		}
		return found, ok
	}
	return Unknown{}, false
}
