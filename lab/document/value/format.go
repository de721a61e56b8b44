package value

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Format writes a value as the server does in its messages and explanations:
// { a: 1, b: "x" }.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	case bool, int32, int64:
		return fmt.Sprint(v)
	case float64:
		return formatFloat(v)
	case bson.D:
		return formatDocument(v)
	case bson.A:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = Format(e)
		}
		if len(parts) == 0 {
			return "[]"
		}
		return "[ " + strings.Join(parts, ", ") + " ]"
	case bson.ObjectID:
		return "ObjectId('" + v.Hex() + "')"
	case bson.DateTime:
		return "new Date(" + strconv.FormatInt(int64(v), 10) + ")"
	case bson.Regex:
		return "/" + v.Pattern + "/" + v.Options
	case bson.MinKey:
		return "MinKey"
	case bson.MaxKey:
		return "MaxKey"
	}
	return formatRare(v)
}

func formatRare(v any) string {
	switch v := v.(type) {
	case bson.Timestamp:
		return fmt.Sprintf("Timestamp(%d, %d)", v.T, v.I)
	case bson.Binary:
		return fmt.Sprintf("BinData(%d, %s)", v.Subtype, base64.StdEncoding.EncodeToString(v.Data))
	case bson.Decimal128:
		return v.String()
	case bson.Undefined, Missing:
		return "undefined"
	}
	return fmt.Sprint(v)
}

func formatDocument(d bson.D) string {
	if len(d) == 0 {
		return "{}"
	}
	parts := make([]string, len(d))
	for i, e := range d {
		parts[i] = e.Key + ": " + Format(e.Value)
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	switch s {
	case "NaN":
		return "nan.0"
	case "+Inf":
		return "inf.0"
	case "-Inf":
		return "-inf.0"
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// Time is a date as a time.Time in UTC.
func Time(d bson.DateTime) time.Time { return d.Time().UTC() }

// Identity is a string that equal values share and others do not, for use as
// the key of a map.
func Identity(v any) string {
	var b strings.Builder
	identify(&b, v)
	return b.String()
}

func identify(b *strings.Builder, v any) {
	switch v := v.(type) {
	case bson.D:
		b.WriteByte('{')
		for _, e := range v {
			b.WriteString(strconv.Quote(e.Key))
			b.WriteByte(':')
			identify(b, e.Value)
			b.WriteByte(',')
		}
		b.WriteByte('}')
		return
	case bson.A:
		b.WriteByte('[')
		for _, e := range v {
			identify(b, e)
			b.WriteByte(',')
		}
		b.WriteByte(']')
		return
	}
	if n, ok := Int(v); ok {
		b.WriteString(strconv.FormatInt(n, 10))
		return
	}
	if f, ok := Float(v); ok {
		v = f
	}
	b.WriteString(Format(v))
}
