package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzJSON holds that documents are read as encoding/json reads them, and texts are
// written as it writes them.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, -0, 2.50, 1e3, -1E-2, 18446744073709551616], "b": {"a": null, "c": [true, false]}, "d": []}`,
		`{"a": 1, "a": {"b": 2}, "": {}}`, `"a \"b\" \\ \/ \n\t\r\b\f \u00e9 \ud83d\ude00 \ud800 é"`, ` [ ] `, `01`, `1.`, `-`, `1e`, `[1,]`, `{"a"}`, `{"a":1,}`, `nul`, `tru`,
		`"` + "\x01" + `"`, `"\x"`, `"\`, `"a`, "\"\xff\"", `1 2`, "1\x00", `[1e999]`, `<a href="x">&` + "\u2028\u2029\u2027\u20ac\x7f", strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := rawJSON([]byte(text))
		var want any
		if err == nil {
			want = numbered(raw)
		}
		got, ok := readJSON([]byte(text))
		if ok && (err != nil || !Same(got, want)) {
			t.Errorf("%q: %v, want %v, %v", text, got, want, err)
		}
		if plain := json.Valid([]byte(text)); !ok && err == nil && plain && !strings.Contains(text, "[[[[") && strings.ToValidUTF8(text, "") == text {
			t.Errorf("%q was not read", text)
		}
		if quoted, err := json.Marshal(text); err != nil || strings.ToValidUTF8(text, "") == text && string(quoted) != string(appendString(nil, text)) {
			t.Errorf("%s was written as %s", quoted, appendString(nil, text))
		}
	})
}
