package journal

import (
	"os"
	"regexp"
	"testing"

	"runbook/engine/event"
)

// The page about the journal has every type of record, and says which are synced.
func TestPageNamesEveryRecord(t *testing.T) {
	text, err := os.ReadFile("../../docs/journal.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[event.Type]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (●?) ?\\|").FindAllSubmatch(text, -1) {
		told[event.Type(row[1])] = len(row[2]) > 0
	}
	for kind := range payloads {
		synced, ok := told[kind]
		if ok == kind.Transient() || synced != kind.Synced() {
			t.Errorf("%s: told %v, synced %v; it is transient %v, synced %v", kind, ok, synced, kind.Transient(), kind.Synced())
		}
		delete(told, kind)
	}
	for kind := range told {
		t.Errorf("%s is no record", kind)
	}
}
