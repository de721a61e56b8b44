package mongo

import (
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	lab "runbook/lab/mongo"
)

// labCall is a call to a database of a lab.
func labCall(t *testing.T, database string) (action.Call, *model.Model) {
	t.Helper()
	c := clock.Flow(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 100)
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
	return actiontest.Call(t, map[string]any{"uri": uri, "database": database}), m
}

func TestContractLab(t *testing.T) {
	call, _ := labCall(t, "runbook_contract")
	contract(t, call)
	t.Run("operations", func(t *testing.T) { contractOfOperations(t, call) })
}

func TestALongOperationOfTheLabIsKilled(t *testing.T) {
	call, m := labCall(t, model.Project)
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
