package docker

import (
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestDeclarations(t *testing.T) {
	for _, a := range []*action.Action{List, Inspect, Stats, SampleStats, Logs, Restart, Stop, Start, Pause, Unpause, Exec, UpdateLimits, WaitHealthy} {
		t.Run(a.Name, func(t *testing.T) { actiontest.Check(t, a) })
	}
}
