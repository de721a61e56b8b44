package document

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// orders are the words for the values that an index or a sort gives to a field.
var orders = map[string]any{
	"asc": int32(1), "desc": int32(-1), "hashed": "hashed", "text": "text", "2dsphere": "2dsphere",
}

// ParseKeys reads keys in their order: a field, or a field and its order, as
// "created_at desc". For a sort only asc and desc are orders.
func ParseKeys(texts []string, sortOnly bool) (bson.D, error) {
	keys := make(bson.D, 0, len(texts))
	for _, text := range texts {
		words := strings.Fields(text)
		if len(words) == 0 || len(words) > 2 || strings.HasPrefix(words[0], "$") {
			return nil, fmt.Errorf("%q is no key; write a field, or a field and its order, as created_at desc", text)
		}
		order := any(int32(1))
		if len(words) == 2 {
			known, ok := orders[words[1]]
			if _, isText := known.(string); !ok || sortOnly && isText {
				return nil, fmt.Errorf("%q: the order %s is none of asc and desc", text, words[1])
			}
			order = known
		}
		for _, before := range keys {
			if before.Key == words[0] {
				return nil, fmt.Errorf("%s stands twice", words[0])
			}
		}
		keys = append(keys, bson.E{Key: words[0], Value: order})
	}
	return keys, nil
}

// Key is one key of an index, as outputs have it.
type Key struct {
	Field string `yaml:"field" doc:"Path of the field."`
	Order string `yaml:"order" doc:"asc, desc, or the kind of the index: hashed, text, 2dsphere."`
}

// KeysIn returns the keys of an index as the server gives them.
func KeysIn(doc bson.Raw) []Key {
	elements, err := doc.Elements()
	if err != nil {
		return nil
	}
	keys := make([]Key, 0, len(elements))
	for _, e := range elements {
		k := Key{Field: e.Key(), Order: "asc"}
		if text, ok := e.Value().StringValueOK(); ok {
			k.Order = text
		} else if IntAt(doc, e.Key()) < 0 {
			k.Order = "desc"
		}
		keys = append(keys, k)
	}
	return keys
}

// KeysText writes keys as playbooks have them: "user_id, created_at desc".
func KeysText(keys []Key) string {
	var texts []string
	for _, k := range keys {
		if k.Order == "asc" {
			texts = append(texts, k.Field)
			continue
		}
		texts = append(texts, k.Field+" "+k.Order)
	}
	return strings.Join(texts, ", ")
}

// DefaultName is the name that MongoDB gives to an index by default: user_id_1.
func DefaultName(keys bson.D) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s_%v", k.Key, k.Value))
	}
	return strings.Join(parts, "_")
}
