package diag_test

import (
	"testing"

	"runbook/engine/diag"
)

func TestNearest(t *testing.T) {
	from := []string{"container", "status", "memory", "größe", "id"}
	for word, want := range map[string]string{
		"contianer":  "container",
		"statsu":     "status",
		"memroy":     "memory",
		"grösse":     "größe",
		"ib":         "id",
		"x":          "",
		"containers": "container",
		"latency":    "",
		"":           "",
	} {
		if got := diag.Nearest(word, from); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
