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
func (r *reader) object(t *Type, depth int) (v any, err error) {
	m, tag := map[string]any{}, ""
	v = m
	err = r.each('}', func() error {
		if tag != "" {
			return r.wrong("the end of " + tag)
		}
		r.skip()
		key, err := r.str()
		if err != nil {
			return err
		}
		if err := r.expect(':', "a colon"); err != nil {
			return err
		}
		if len(m) == 0 && strings.HasPrefix(key, "$") {
			tag = key
			v, err = r.tagged(t, tag, depth)
			return err
		}
		m[key], err = r.value(t.member(key), depth+1)
		return err
	})
	return v, err
}

// tagged reads the value behind a tag.
func (r *reader) tagged(t *Type, tag string, depth int) (any, error) {
	if tag == tagPairs {
		return r.pairs(t, depth)
	}
	raw, err := r.value(AnyType, depth+1)
	if err != nil {
		return nil, err
	}
	return untag(tag, raw)
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
	if err := r.expect('[', "pairs"); err != nil {
		return nil, err
	}
	err := r.each(']', func() error {
		if err := r.expect('[', "a pair"); err != nil {
			return err
		}
		key, err := r.value(StringType, depth+1)
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if r.skip(); !ok || !r.take(',') {
			return r.wrong("a key and a comma")
		}
		if m[name], err = r.value(t.member(name), depth+1); err != nil {
			return err
		}
		return r.expect(']', "the end of a pair")
	})
	return m, err
}
