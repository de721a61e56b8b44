package schema

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UnmarshalValue decodes what MarshalValue wrote for a value of type t. A
// secret has its name and an empty text: whoever needs it reads it again from
// its source.
func UnmarshalValue(t *Type, data []byte) (any, error) {
	raw, err := rawJSON(data)
	if err == nil {
		raw, err = restored(t, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("decode a journalled value: %w", err)
	}
	return raw, nil
}

// restored is what MarshalValue was given for the JSON in raw.
func restored(t *Type, raw any) (any, error) {
	switch raw := raw.(type) {
	case string:
		switch t.Kind {
		case Duration:
			return boxed(ParseDuration(raw))
		case Time:
			return boxed(time.Parse(time.RFC3339Nano, raw))
		}
	case json.Number:
		if strings.ContainsAny(string(raw), ".eE") {
			return boxed(raw.Float64())
		}
		n, err := raw.Int64()
		if t.Kind == SizeKind {
			return Size(n), err
		}
		return int(n), err
	case []any:
		elem := AnyType
		if t.Kind == List {
			elem = t.Element()
		}
		for i := range raw {
			var err error
			if raw[i], err = restored(elem, raw[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		return restoredMap(t, raw)
	}
	return raw, nil
}

// restoredMap reads a map, an object, or the value behind a tag.
func restoredMap(t *Type, raw map[string]any) (any, error) {
	for key, value := range raw {
		if tagged := strings.HasPrefix(key, "$"); tagged && len(raw) == 1 {
			return untag(t, key, value)
		} else if tagged {
			return nil, fmt.Errorf("%s stands beside other keys", key)
		}
		var err error
		if raw[key], err = restored(t.member(key), value); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func untag(t *Type, tag string, raw any) (any, error) {
	if list, ok := raw.([]any); ok && tag == tagPairs {
		return pairs(t, list)
	}
	raw, err := restored(AnyType, raw)
	if err != nil {
		return nil, err
	}
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

// pairs is the map of [[key,value],...].
func pairs(t *Type, list []any) (any, error) {
	m := make(map[string]any, len(list))
	for _, raw := range list {
		pair, ok := raw.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("%s holds what is no pair", tagPairs)
		}
		key, err := restored(StringType, pair[0])
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s holds a key that is no text", tagPairs)
		}
		if m[name], err = restored(t.member(name), pair[1]); err != nil {
			return nil, err
		}
	}
	return m, nil
}
