package schema_test

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"runbook/engine/schema"
)

func TestParseText(t *testing.T) {
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		t      *schema.Type
		text   string
		quoted bool
		want   any
	}{
		{schema.IntType, "42", false, 42},
		{schema.IntType, "-7", true, -7},
		{schema.NumberType, "70", false, 70.0},
		{schema.NumberType, "1.5e3", false, 1500.0},
		{schema.BoolType, "true", false, true},
		{schema.StringType, "1.10", false, "1.10"},
		{schema.StringType, "null", true, "null"},
		{schema.StringType.AsOptional(), "null", false, nil},
		{schema.DurationType, "1h30m", false, 90 * time.Minute},
		{schema.DurationType, "2d", false, 48 * time.Hour},
		{schema.DurationType, "1.5s", false, 1500 * time.Millisecond},
		{schema.DurationType, "-250ms", false, -250 * time.Millisecond},
		{schema.SizeType, "1.5GiB", false, schema.Size(3 << 29)},
		{schema.SizeType, "100MB", false, schema.Size(1e8)},
		{schema.SizeType, "512 MiB", false, schema.Size(512 << 20)},
		{schema.TimeType, "2026-11-24", false, day},
		{schema.TimeType, "2026-11-24T01:00:00+01:00", false, day},
		{schema.ListOf(schema.DurationType), `["1s", "2m"]`, false, []any{time.Second, 2 * time.Minute}},
		{schema.MapOf(schema.AnyType), `{"a": 1, "b": [0.5]}`, false, map[string]any{"a": 1, "b": []any{0.5}}},
		{schema.AnyType, "7", false, 7}, {schema.AnyType, "7", true, "7"}, {schema.AnyType, "7.0", false, 7.0},
		{schema.AnyType, "010", false, "010"}, {schema.AnyType, "1_000", false, "1_000"}, {schema.AnyType, "yes", false, "yes"},
		{schema.AnyType, "72225e2", false, "72225e2"}, {schema.AnyType, "1.5e3", false, 1500.0}, {schema.AnyType, "99999999999999999999", false, "99999999999999999999"},
		{schema.AnyType, "true", false, true}, {schema.AnyType, "~", false, nil},
	} {
		got, err := schema.ParseText(test.t, test.text, test.quoted)
		if err != nil || !schema.Same(got, test.want) {
			t.Errorf("%s %q: %#v, want %#v (%v)", test.t, test.text, got, test.want, err)
		}
	}
}

func TestParseTextSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		t    *schema.Type
		text string
		want string
	}{
		{schema.DurationType, "60", `"60" is no duration, it has no unit`},
		{schema.DurationType, "5 parsecs", `"5 parsecs" is no duration, write it as 60s, 5m, 1h30m`},
		{schema.DurationType, "0.1ns", `"0.1ns" is no duration, it is finer than its smallest unit`},
		{schema.DurationType, "999999999h", `"999999999h" is no duration, it is too large`},
		{schema.SizeType, "1024", `"1024" is no size, it has no unit`},
		{schema.SizeType, "2G", `"2G" is no size, write it as 512MiB, 2GiB`},
		{schema.SizeType, "", `"" is no size, write it as 512MiB, 2GiB`},
		{schema.IntType, "010", `"010" is no int, it is octal to some and decimal to others; write 10`},
		{schema.IntType, "1_000", `"1_000" is no int, write decimal digits only, as 1000`},
		{schema.IntType, "1.5", `"1.5" is no int, write decimal digits only, as 1000`},
		{schema.IntType, "9223372036854775808", `"9223372036854775808" is no int, it is beyond 64 bits`},
		{schema.NumberType, "9007199254740993", `"9007199254740993" is no number, it would be rounded to 9007199254740992; take it as an int, or write it with an exponent, as 9e15`},
		{schema.NumberType, "18446744073709551617", `"18446744073709551617" is no number, it would be rounded to 18446744073709552000; take it as an int, or write it with an exponent, as 9e15`},
		{schema.ListOf(schema.NumberType), "[9007199254740993]", "[0]: 9007199254740993 would be rounded; take it as an int, or write it with an exponent, as 9e15; takes number"},
		{schema.NumberType, ".nan", `".nan" is no number, write it as 42 or 0.5`},
		{schema.NumberType, "1e999", `"1e999" is no number, it is too large`},
		{schema.BoolType, "yes", `"yes" is no bool, write true or false`},
		{schema.StringType, "null", "null is nothing and no text, quote it to mean the word"},
		{schema.TimeType, "yesterday", `"yesterday" is no time, write it as 2026-11-24T03:12:07Z or 2026-11-24`},
		{schema.EnumOf("GET", "POST"), "PSOT", `"PSOT" is none of its values, did you mean POST; takes one of GET, POST`},
		{schema.ListOf(schema.IntType), "a,b", `"a,b" is no list, write it as JSON, as ["a", "b"]`},
		{schema.ListOf(schema.IntType), `[1, "b"]`, `[1]: "b" is no int; takes int`},
		{schema.SecretType, "hush", "a secret is never written as text, name where it comes from"},
	} {
		_, err := schema.ParseText(test.t, test.text, false)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s %q: %v, want %s", test.t, test.text, err, test.want)
		}
	}
}

func TestQuantitiesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "ns"))
		if back, err := schema.ParseDuration(schema.FormatDuration(d)); err != nil || back != d {
			t.Fatal(d, back, err)
		}
		s := schema.Size(rapid.Int64().Draw(t, "bytes"))
		if back, err := schema.ParseSize(schema.FormatSize(s)); err != nil || back != s {
			t.Fatal(s, back, err)
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{"1h", "2GiB", "[1]", "{}", "1e5", "~", "-", "+-+5", "9999999999999999999999h", "1e-999999999s"} {
		f.Add(seed)
	}
	kinds := []*schema.Type{schema.AnyType, schema.IntType, schema.NumberType, schema.DurationType, schema.SizeType, schema.TimeType,
		schema.ListOf(schema.AnyType), schema.StringType.AsOptional()}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range kinds {
			v, err := schema.ParseText(kind, text, false)
			if err != nil {
				continue
			}
			if _, err := schema.Convert(kind, v); err != nil && v != nil {
				t.Errorf("%s %q gave %#v, which does not fit: %v", kind, text, v, err)
			}
		}
	})
}

func TestParseJSON(t *testing.T) {
	const document = `{"a": 18446744073709551615, "b": 5, "c": [5.0, 9223372036854775807], "d": "é"}`
	want := map[string]any{"a": "18446744073709551615", "b": 5, "c": []any{5.0, 9223372036854775807}, "d": "é"}
	wide := func(order binary.AppendByteOrder, mark ...byte) []byte {
		for _, unit := range utf16.Encode([]rune(document)) {
			mark = order.AppendUint16(mark, unit)
		}
		return mark
	}
	for name, text := range map[string][]byte{
		"UTF-8": []byte(document), "a mark": []byte("\ufeff" + document),
		"UTF-16, little": wide(binary.LittleEndian, 0xff, 0xfe), "UTF-16, big": wide(binary.BigEndian, 0xfe, 0xff),
		"no mark, little": wide(binary.LittleEndian), "no mark, big": wide(binary.BigEndian),
	} {
		if v, err := schema.ParseJSON(text); err != nil || !schema.Same(v, want) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	for _, text := range []string{"", "{", "1 2", "\ufeff", "\xff\xfe", "<html>"} {
		if _, err := schema.ParseJSON([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "read JSON") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseTextRefusesAHugeQuantityAtOnce(t *testing.T) {
	huge := strings.Repeat("9", 1<<20) + "s"
	most := func() time.Duration { // as long as it takes to read the text a hundred times
		start := time.Now()
		for range 100 {
			sha256.Sum256([]byte(huge))
		}
		return time.Since(start)
	}
	for _, kind := range []*schema.Type{schema.IntType, schema.NumberType, schema.DurationType, schema.SizeType, schema.TimeType, schema.BoolType} {
		start := time.Now()
		_, err := schema.ParseText(kind, huge, false)
		if took := time.Since(start); err == nil || len(err.Error()) > 400 || took > 100*time.Millisecond && took > most() {
			t.Errorf("%s: %v after %s", kind, err, took)
		}
	}
}
