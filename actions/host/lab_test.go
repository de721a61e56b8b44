package host

import (
	"testing"
	"time"

	"runbook/engine/action/actiontest"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/service"
)

// TestContractInTheLab holds that the node_exporter of the lab tells what the
// actions of a host read, and that a full disk is seen by them.
func TestContractInTheLab(t *testing.T) {
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	t.Cleanup(c.Close)
	m := model.New(1, c.Now)
	g := gate.New("host", c, &gate.Log{})
	at, err := service.ServeNode(m, g, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	call := actiontest.Call(t, map[string]any{"node_exporter": "http://" + at.String()})
	call.Clock = c
	c.Advance(2 * time.Minute)

	disk := func() float64 {
		return actiontest.Run(t, Disk, call, map[string]any{"path": "/"}).Outputs["used_percent"].(float64)
	}
	if used := disk(); used < 20 || used > 80 {
		t.Errorf("the disk of a healthy host is used to %v %%", used)
	}
	if got := actiontest.Run(t, Memory, call, nil).Outputs; got["used_percent"].(float64) < 10 || got["used_percent"].(float64) > 60 || got["swap_used_percent"] != 0.0 {
		t.Errorf("memory of a healthy host: %v", got)
	}
	before := c.Now()
	got := actiontest.Run(t, CPU, call, map[string]any{"for": 10 * time.Second}).Outputs
	if used := got["used_percent"].(float64); used <= 0 || used > 60 || got["cores"] != model.HostProcessors {
		t.Errorf("processors of a healthy host: %v", got)
	}
	if passed := c.Now().Sub(before); passed < 10*time.Second {
		t.Errorf("10 s of processors took %v of the lab's time", passed)
	}
	m.Change(func(w *model.World) { err = w.Inject("disk-full", nil) })
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(10 * time.Minute)
	if used := disk(); used < 95 {
		t.Errorf("a full disk is used to %v %%", used)
	}
}
