package report

import (
	"encoding/json"
	"strings"
	"testing"

	"runbook/engine/event"
)

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
