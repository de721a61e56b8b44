package alertmanager

import (
	"testing"
	"time"

	"runbook/lab/alertmanager"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/prometheus"
)

// firing is an alert that fires since a minute.
type firing time.Time

// Alerts are that one and one that is pending.
func (f firing) Alerts() []prometheus.Alert {
	since := time.Time(f)
	alert := func(name, state string) prometheus.Alert {
		return prometheus.Alert{
			Name: name, State: state, Labels: map[string]string{"alertname": name, "severity": "critical", "instance": "app:9090"},
			Annotations: map[string]string{"summary": "The API does not answer"}, ActiveAt: since.Add(-time.Minute), FiredAt: since, EvaluatedAt: since.Add(time.Minute),
			Value: 1, Expr: `up{job="app"} == 0`,
		}
	}
	return []prometheus.Alert{alert("APIDown", prometheus.Firing), alert("HighErrorRate", prometheus.Pending)}
}

func TestContractLab(t *testing.T) {
	c := clock.Flow(time.Now(), 1)
	g := gate.New("alertmanager", c, &gate.Log{})
	at, err := alertmanager.Serve(firing(time.Now().Add(-time.Minute)), g, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(); c.Close() })
	contract(t, map[string]any{"url": "http://" + at.String()})
}
