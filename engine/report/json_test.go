package report

import (
	"encoding/json"
	"strings"
	"testing"

	"runbook/engine/event"
)

// TestJSONLinesAreEncodedOnce holds that a fact that was encoded for the journal is not
// encoded again.
func TestJSONLinesAreEncodedOnce(t *testing.T) {
	line, err := JSONLine("20261124-k7qm", event.Event{Type: event.TypeResult, Data: func() {}, Text: []byte(`{"duration":1}`)})
	if want := `{"schema":1,"type":"result","time":"0001-01-01T00:00:00.000Z","run":"20261124-k7qm","duration":1}`; err != nil || string(line) != want {
		t.Errorf("%s, %v; want %s", line, err, want)
	}
}

// TestJSONLines holds that a line is one object that says each of its members once,
// the head of every fact first, whatever the payload says of the same name.
func TestJSONLines(t *testing.T) {
	for name, make := range stories() {
		for _, e := range append(make().events, event.Event{Type: event.TypeLocks}, event.Event{Type: event.TypeStepFinished, Data: &struct{}{}}) {
			line, err := JSONLine("20261124-k7qm", e)
			if err != nil || !json.Valid(line) || strings.Contains(string(line), "\n") {
				t.Fatalf("%s: %v: %s", name, err, line)
			}
			if !strings.HasPrefix(string(line), `{"schema":1,"type":"`) {
				t.Errorf("%s begins otherwise: %s", name, line)
			}
			members := map[string]bool{}
			dec := json.NewDecoder(strings.NewReader(string(line)))
			for _, _ = dec.Token(); dec.More(); {
				key, _ := dec.Token()
				if members[key.(string)] {
					t.Errorf("%s says %q twice: %s", name, key, line)
				}
				members[key.(string)] = true
				if err := dec.Decode(&json.RawMessage{}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
