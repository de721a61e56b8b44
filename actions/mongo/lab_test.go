package mongo

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	lab "runbook/lab/mongo"
)

// labCall is a call to a database of a lab, which goes by the clock.
func labCall(t *testing.T, c *clock.Clock, database string) (action.Call, *model.Model, *gate.Gate) {
	t.Helper()
	t.Cleanup(c.Close)
	m := model.New(1, c.Now)
	g := gate.New("mongo", c, &gate.Log{})
	t.Cleanup(g.Close)
	s, err := lab.Serve(m, g, "127.0.0.1:0", map[string]string{model.Project: "let-me-in"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	uri := "mongodb://" + model.Project + ":let-me-in@" + s.Addr() + "/?directConnection=true&authSource=" + model.Project
	return actiontest.Call(t, map[string]any{"uri": uri, "database": database}), m, g
}

func morning() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }

func TestContractLab(t *testing.T) {
	for name, c := range map[string]*clock.Clock{"flows": clock.Flow(morning(), 100), "steps": clock.Step(morning(), 0)} {
		t.Run(name, func(t *testing.T) {
			call, _, _ := labCall(t, c, "runbook_contract")
			contract(t, call)
			t.Run("operations", func(t *testing.T) { contractOfOperations(t, call) })
		})
	}
}

func TestALongOperationOfTheLabIsKilled(t *testing.T) {
	call, m, _ := labCall(t, clock.Step(morning(), 0), model.Project)
	var id string
	m.Change(func(w *model.World) {
		if err := w.Inject("slow-queries", nil); err != nil {
			t.Error(err)
		}
	})
	long := func() []any {
		return actiontest.Run(t, CurrentOps, call, map[string]any{"running_longer_than": "0s", "namespace": "mltb.downloads"}).Outputs["operations"].([]any)
	}
	if found := long(); len(found) == 1 {
		id = found[0].(map[string]any)["opid"].(string)
	} else {
		t.Fatalf("operations %v", found)
	}
	if out := actiontest.Run(t, KillOp, call, map[string]any{"opid": id}).Outputs; out["found"] != true {
		t.Errorf("killed: %v", out)
	}
	if found := long(); len(found) != 0 {
		t.Errorf("after: %v", found)
	}
}

func TestAServerOfTheLabHangs(t *testing.T) {
	c := clock.Step(morning(), 0)
	call, _, g := labCall(t, c, model.Project)
	actiontest.Run(t, Ping, call, nil)
	g.SetHanging(true)
	ctx, cancel := c.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := actiontest.Bind(t, Ping, call, nil).Run(ctx, call)
	if f := action.AsFailure(orNone(err)); !strings.HasPrefix(f.What, "no answer in") {
		t.Errorf("%+v", f)
	}
	if took := c.Now().Sub(morning()); took < 30*time.Second || took > 32*time.Second {
		t.Errorf("it lasted %v", took)
	}
}
