package prometheus

import (
	"testing"
	"time"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/prometheus"
	"runbook/playbooks"
)

func TestContractLab(t *testing.T) {
	c := clock.Flow(time.Now().Add(-5*time.Minute), 1)
	g := gate.New("prometheus", c, &gate.Log{})
	m := model.New(1, c.Now)
	s, err := prometheus.Serve(m, g, "127.0.0.1:0", playbooks.AlertRules())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); g.Close(); c.Close() })
	m.Change(func(w *model.World) {
		if err := w.Inject("api-down", nil); err != nil {
			t.Error(err)
		}
	})
	c.Advance(5 * time.Minute)
	contract(t, map[string]any{"url": "http://" + s.Addr()})
}
