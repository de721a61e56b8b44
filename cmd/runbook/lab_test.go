package main

import (
	"testing"

	"runbook/lab"
	"runbook/lab/model"
)

// TestFaultsGolden holds what `lab faults` prints on a terminal.
func TestFaultsGolden(t *testing.T) {
	page := rehearsalPage{80, true}
	golden(t, "lab-faults", page.faults(lab.Faults()))
	one, _ := model.Lookup("memory-leak")
	golden(t, "lab-fault", page.fault(one))
}
