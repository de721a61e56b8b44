package document

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Decode returns a document as a playbook's map: dates are times,
// ObjectIDs their hexadecimal digits, decimals and binary data text.
func Decode(doc bson.D) map[string]any {
	values := make(map[string]any, len(doc))
	for _, e := range doc {
		values[e.Key] = DecodeValue(e.Value)
	}
	return values
}

func DecodeValue(value any) any {
	switch v := value.(type) {
	case nil, bool, string, float64:
		return v
	case int32:
		return int(v)
	case int64:
		return int(v)
	case bson.D:
		return Decode(v)
	case bson.A:
		list := make([]any, len(v))
		for i := range v {
			list[i] = DecodeValue(v[i])
		}
		return list
	case bson.ObjectID:
		return v.Hex()
	case bson.DateTime:
		return v.Time().UTC()
	case bson.Decimal128:
		return v.String()
	case bson.Binary:
		return decodeBinary(v)
	case bson.Regex:
		return "/" + v.Pattern + "/" + v.Options
	case bson.Undefined, bson.Null:
		return nil
	case bson.Timestamp:
		return time.Unix(int64(v.T), 0).UTC()
	case bson.MinKey:
		return "MinKey"
	case bson.MaxKey:
		return "MaxKey"
	case bson.Symbol:
		return string(v)
	case bson.JavaScript:
		return string(v)
	}
	return fmt.Sprint(value)
}

// decodeBinary writes a UUID as such and other data in base64.
func decodeBinary(b bson.Binary) string {
	if b.Subtype != bson.TypeBinaryUUID || len(b.Data) != 16 {
		return base64.StdEncoding.EncodeToString(b.Data)
	}
	h := hex.EncodeToString(b.Data)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// FigureAt returns the number at a path of a reply, nil where the server does not
// tell it, which is another thing than 0.
func FigureAt(doc bson.Raw, path ...string) *int {
	n, ok := NumberAt(doc, path...)
	if !ok {
		return nil
	}
	return &n
}

// MillisecondsAt is FigureAt for a time.
func MillisecondsAt(doc bson.Raw, path ...string) *float64 {
	n, ok := NumberAt(doc, path...)
	if !ok {
		return nil
	}
	ms := float64(n)
	return &ms
}

// NumberAt returns the value at a path of a reply as an integer; false where
// there is none.
func NumberAt(doc bson.Raw, path ...string) (int, bool) {
	value := doc.Lookup(path...)
	if n, ok := value.AsInt64OK(); ok {
		return int(n), true
	}
	if f, ok := value.DoubleOK(); ok {
		return int(f), true
	}
	return 0, false
}

// IntAt is NumberAt, 0 where there is none.
func IntAt(doc bson.Raw, path ...string) int {
	n, _ := NumberAt(doc, path...)
	return n
}

// TextAt returns the text at a path of a reply; "" where there is none.
func TextAt(doc bson.Raw, path ...string) string {
	s, _ := doc.Lookup(path...).StringValueOK()
	return s
}

// DocumentsAt returns the documents of a list in a reply.
func DocumentsAt(doc bson.Raw, path ...string) []bson.Raw {
	list, ok := doc.Lookup(path...).ArrayOK()
	if !ok {
		return nil
	}
	values, err := list.Values()
	if err != nil {
		return nil
	}
	var found []bson.Raw
	for _, v := range values {
		if d, ok := v.DocumentOK(); ok {
			found = append(found, d)
		}
	}
	return found
}
