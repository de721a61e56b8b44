package main

import (
	"testing"

	"runbook/engine/page"
	"runbook/lab"
	"runbook/lab/model"
)

// TestFaultsGolden holds what `lab faults` prints on a terminal.
func TestFaultsGolden(t *testing.T) {
	look := page.Look{Width: 80, Unicode: true}
	golden(t, "lab-faults", faultsPage(lab.Faults(), look).String())
	one, _ := model.Lookup("memory-leak")
	golden(t, "lab-fault", faultPage(one, look).String())
}
