package report

import "testing"

// An item is named in front of what was done to it unless the text has its name as a word.
func TestAnItemIsNamedWhereTheTextDoesNot(t *testing.T) {
	for text, want := range map[string]string{
		`run sh -c "exit 3"`: `c: run sh -c "exit 3"`, "stop c": "stop c", "stop cache": "c: stop cache", "GET /api/c/x": "GET /api/c/x",
		"c": "c", "c10, then c": "c10, then c", "abc": "c: abc", "c.service": "c: c.service", `write "c"`: `write "c"`, "": "c: ",
	} {
		if got := ofItem("c", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := ofItem("", "stop"); got != "stop" {
		t.Errorf("without an item: %q", got)
	}
}
