package diag_test

import (
	"testing"

	"runbook/engine/diag"
)

func TestSummary(t *testing.T) {
	for want, list := range map[string]diag.List{
		"no findings":         nil,
		"1 error":             {{}},
		"2 warnings":          {{Severity: diag.Warning}, {Severity: diag.Warning}},
		"2 errors, 1 warning": {{}, {}, {Severity: diag.Warning}},
	} {
		if got := list.Summary(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
