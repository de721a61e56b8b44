package schema

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UnmarshalValue decodes what MarshalValue wrote for a value of type t. A
// secret has its name and an empty text: whoever needs it reads it again from
// its source.
func UnmarshalValue(t *Type, data []byte) (any, error) {
	r := &reader{data: data}
	v, err := r.value(t, 0)
	if err != nil {
		return nil, fmt.Errorf("decode a journalled value: %w", err)
	}
	if r.skip(); r.at < len(r.data) {
		return nil, fmt.Errorf("decode a journalled value: more follows at byte %d", r.at)
	}
	return v, nil
}

// typedString reads an untagged JSON string as a value of t.
func typedString(t *Type, s string) (any, error) {
	switch t.Kind {
	case Duration:
		return boxed(ParseDuration(s))
	case Time:
		return boxed(time.Parse(time.RFC3339Nano, s))
	}
	return s, nil
}

// typedNumber reads an untagged JSON number as a value of t.
func typedNumber(t *Type, s string) (any, error) {
	if strings.ContainsAny(s, ".eE") {
		return boxed(strconv.ParseFloat(s, 64))
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, err
	}
	if t.Kind == SizeKind {
		return Size(n), nil
	}
	return int(n), nil
}

// object reads what follows a brace: a tagged value, a map or an object.
func (r *reader) object(t *Type, depth int) (any, error) {
	m := map[string]any{}
	for first := true; ; first = false {
		if r.skip(); r.take('}') {
			return m, nil
		}
		if !first && !r.take(',') {
			return nil, r.wrong("a comma")
		}
		r.skip()
		key, err := r.str()
		if err != nil {
			return nil, err
		}
		if r.skip(); !r.take(':') {
			return nil, r.wrong("a colon")
		}
		if first && strings.HasPrefix(key, "$") {
			return r.tagged(t, key, depth)
		}
		if m[key], err = r.value(t.member(key), depth+1); err != nil {
			return nil, err
		}
	}
}

// tagged reads the value behind a tag, and the closing brace.
func (r *reader) tagged(t *Type, tag string, depth int) (v any, err error) {
	if tag == tagPairs {
		v, err = r.pairs(t, depth)
	} else {
		var raw any
		if raw, err = r.value(AnyType, depth+1); err == nil {
			v, err = untag(tag, raw)
		}
	}
	if err != nil {
		return nil, err
	}
	if r.skip(); !r.take('}') {
		return nil, r.wrong("the end of " + tag)
	}
	return v, nil
}

func untag(tag string, raw any) (any, error) {
	switch x := raw.(type) {
	case string:
		switch tag {
		case tagSecret:
			return NewSecret(x, ""), nil
		case tagDuration:
			return boxed(ParseDuration(x))
		case tagTime:
			return boxed(time.Parse(time.RFC3339Nano, x))
		case tagString:
			return x, nil
		case tagBytes:
			raw, err := base64.StdEncoding.DecodeString(x)
			return string(raw), err
		case tagNumber:
			return boxed(strconv.ParseFloat(x, 64))
		}
	case int:
		switch tag {
		case tagSize:
			return Size(x), nil
		case tagInt:
			return x, nil
		}
	case map[string]any:
		switch tag {
		case tagUnknown:
			after, _ := x["after"].(string)
			why, _ := x["why"].(string)
			return Unknown{After: after, Why: why, Now: x["now"]}, nil
		case tagCondition:
			source, _ := x["source"].(string)
			holds, _ := x["holds"].(bool)
			return Condition{Source: source, Holds: holds}, nil
		}
	}
	return nil, fmt.Errorf("%s has no such value", tag)
}

// pairs reads [[key,value],...].
func (r *reader) pairs(t *Type, depth int) (any, error) {
	m := map[string]any{}
	if r.skip(); !r.take('[') {
		return nil, r.wrong("pairs")
	}
	for first := true; ; first = false {
		if r.skip(); r.take(']') {
			return m, nil
		}
		if !first && !r.take(',') {
			return nil, r.wrong("a comma")
		}
		if r.skip(); !r.take('[') {
			return nil, r.wrong("a pair")
		}
		key, err := r.value(StringType, depth+1)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if r.skip(); !ok || !r.take(',') {
			return nil, r.wrong("a key and a comma")
		}
		if m[name], err = r.value(t.member(name), depth+1); err != nil {
			return nil, err
		}
		if r.skip(); !r.take(']') {
			return nil, r.wrong("the end of a pair")
		}
	}
}
