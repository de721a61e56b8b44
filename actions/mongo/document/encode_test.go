package document

import (
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/schema"
)

func TestEncode(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		name  string
		value any
		want  string // canonical Extended JSON
	}{
		{"scalars", []any{nil, true, "x", 1.5}, `[null,true,"x",{"$numberDouble":"1.5"}]`},
		{"integers", []any{1, 1 << 40, schema.Size(2048)}, `[{"$numberInt":"1"},{"$numberLong":"1099511627776"},{"$numberInt":"2048"}]`},
		{"time", at, `{"$date":{"$numberLong":"1795485600000"}}`},
		{"text stays text", "2026-11-24T02:00:00Z", `"2026-11-24T02:00:00Z"`},
		{"dates", []any{map[string]any{"$date": at}, map[string]any{"$date": "2026-11-24"}, map[string]any{"$date": 1}}, `[{"$date":{"$numberLong":"1795485600000"}},{"$date":{"$numberLong":"1795478400000"}},{"$date":{"$numberLong":"1"}}]`},
		{"id", map[string]any{"$oid": "000000000000000000000003"}, `{"$oid":"000000000000000000000003"}`},
		{"long", map[string]any{"$numberLong": "7"}, `{"$numberLong":"7"}`},
		{"decimal", map[string]any{"$numberDecimal": "1.10"}, `{"$numberDecimal":"1.10"}`},
		{"uuid", map[string]any{"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}, `{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}}`},
		{"order", map[string]any{"b": 1.5, "a": map[string]any{"$lt": 1.5, "$gt": 0.5}}, `{"a":{"$gt":{"$numberDouble":"0.5"},"$lt":{"$numberDouble":"1.5"}},"b":{"$numberDouble":"1.5"}}`},
	} {
		doc, err := Encode(map[string]any{"x": c.value})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := bson.MarshalExtJSON(doc, true, false); err != nil || string(got) != `{"x":`+c.want+`}` {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"code", map[string]any{"$where": "sleep(1)"}, "x.$where runs code"},
		{"code deep", []any{map[string]any{"$expr": map[string]any{"$function": map[string]any{}}}}, "x[0].$expr.$function runs code"},
		{"accumulator", map[string]any{"a": map[string]any{"$accumulator": 1}}, "runs code"},
		{"duration", time.Minute, "x: MongoDB has no durations"},
		{"secret", schema.NewSecret("token", "hunter22"), "x: (secret token) cannot be sent"},
		{"id", map[string]any{"$oid": "xyz"}, "x.$oid: xyz is not the 24"},
		{"date", map[string]any{"$date": "yesterday"}, "x.$date: "},
		{"decimal", map[string]any{"$numberDecimal": "ten"}, "no text of a decimal"},
		{"field", map[string]any{"a\x00b": 1}, "is no name of a field"},
	} {
		if _, err := Encode(map[string]any{"x": c.value}); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDecode(t *testing.T) {
	text := `{"a":{"$numberDecimal":"1.10"},"b":{"$regularExpression":{"pattern":"^x","options":"i"}},"c":{"$binary":{"base64":"AQI=","subType":"00"}},` +
		`"d":{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}},"e":{"$timestamp":{"t":1,"i":2}},"f":{"$minKey":1},"g":{"$undefined":true},"h":[{"i":{"$numberLong":"3"}}],"j":{"$code":"f()"}}`
	var doc bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), true, &doc); err != nil {
		t.Fatal(err)
	}
	got, err := schema.JSONOf(Decode(doc))
	want := `{"a":"1.10","b":"/^x/i","c":"AQI=","d":"00112233-4455-6677-8899-aabbccddeeff","e":"1970-01-01T00:00:01Z","f":"MinKey","g":null,"h":[{"i":3}],"j":"f()"}`
	if err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}
