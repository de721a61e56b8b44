package host

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestFiguresOfThisHost(t *testing.T) {
	call := actiontest.Call(t)
	m := actiontest.Run(t, Memory, call, nil).Outputs
	total, used := m["total_bytes"].(int), m["used_bytes"].(int)
	if total < 16<<20 || used <= 0 || used > total || total != used+m["available_bytes"].(int) || m["used_percent"].(float64) > 100 {
		t.Errorf("memory %v", m)
	}
	c := actiontest.Run(t, CPU, call, map[string]any{"for": 100 * time.Millisecond}).Outputs
	if c["cores"].(int) < 1 || c["used_percent"].(float64) < 0 || c["used_percent"].(float64) > 100 {
		t.Errorf("cpu %v", c)
	}
	d := actiontest.Run(t, Disk, call, map[string]any{"path": t.TempDir()}).Outputs
	if d["total_bytes"].(int) <= 0 || d["free_bytes"].(int) > d["total_bytes"].(int) || d["used_percent"].(float64) > 100 {
		t.Errorf("disk %v", d)
	}
}

func TestFiguresThatCannotBeRead(t *testing.T) {
	call := actiontest.Call(t)
	_, err := actiontest.Bind(t, Disk, call, map[string]any{"path": "/no/such/path"}).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || f.What != `no path "/no/such/path"` || !f.Final {
		t.Errorf("%+v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = actiontest.Bind(t, CPU, call, nil).Run(ctx, call)
	if err == nil || !strings.Contains(err.Error(), "CPU use was not measured to the end") {
		t.Errorf("%v", err)
	}
}

func TestPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	call := actiontest.Call(t)
	got := actiontest.Run(t, Port, call, map[string]any{"port": port})
	if got.Outputs["open"] != true || got.Outputs["error"] != "" || !strings.HasPrefix(got.Summary, "open, ") {
		t.Errorf("%+v", got)
	}
	_ = listener.Close()
	got = actiontest.Run(t, Port, call, map[string]any{"port": port})
	if got.Outputs["open"] != false || got.Outputs["error"] != "connection refused" {
		t.Errorf("%+v", got)
	}
	got = actiontest.Run(t, Port, call, map[string]any{"port": port, "host": "no-such-name.invalid"})
	if got.Outputs["open"] != false || got.Outputs["error"] == "" {
		t.Errorf("%+v", got)
	}
	if _, err := Port.Decode(map[string]any{"port": 70000}, action.Target{}); err == nil {
		t.Error("port 70000 was taken")
	}
}
