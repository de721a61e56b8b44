package mongo

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// rawOf is a reply of a server, from Extended JSON.
func rawOf(t *testing.T, text string) bson.Raw {
	t.Helper()
	var doc bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
		t.Fatal(err)
	}
	data, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestExplained(t *testing.T) {
	for _, c := range []struct{ name, plan, want string }{
		{"scan", `{"stage":"COLLSCAN"}`, "COLLSCAN  [COLLSCAN] false"},
		{"index", `{"stage":"FETCH","inputStage":{"stage":"IXSCAN","indexName":"a_1"}}`, "IXSCAN a_1 [FETCH IXSCAN] false"},
		{"sorted", `{"stage":"SORT","inputStage":{"stage":"COLLSCAN"}}`, "COLLSCAN  [SORT COLLSCAN] true"},
		{"slot based", `{"queryPlan":{"stage":"FETCH","inputStage":{"stage":"IXSCAN","indexName":"a_1"}},"slotBasedPlan":{}}`, "IXSCAN a_1 [FETCH IXSCAN] false"},
		{"one branch scans", `{"stage":"SUBPLAN","inputStage":{"stage":"OR","inputStages":[{"stage":"IXSCAN","indexName":"a_1"},{"stage":"COLLSCAN"}]}}`, "COLLSCAN  [SUBPLAN OR IXSCAN COLLSCAN] false"},
		{"shards", `{"stage":"SHARD_MERGE","shards":[{"shardName":"s","winningPlan":{"stage":"IXSCAN","indexName":"a_1"}}]}`, "IXSCAN a_1 [SHARD_MERGE IXSCAN] false"},
		{"express", `{"stage":"EXPRESS_IXSCAN","indexName":"a_1"}`, "EXPRESS_IXSCAN a_1 [EXPRESS_IXSCAN] false"},
		{"nothing", `{"stage":"EOF"}`, "EOF  [EOF] false"},
	} {
		o := explained(rawOf(t, `{"queryPlanner":{"winningPlan":`+c.plan+`},"executionStats":{"totalKeysExamined":3,"totalDocsExamined":4.0,"nReturned":2,"executionTimeMillis":7}}`))
		index := ""
		if o.Index != nil {
			index = *o.Index
		}
		if got := fmt.Sprintln(o.Stage, index, o.Stages, o.SortsInMemory); got != c.want+"\n" {
			t.Errorf("%s: %s", c.name, got)
		}
		if *o.KeysExamined != 3 || *o.DocumentsExamined != 4 || *o.Returned != 2 || *o.DurationMS != 7 {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
}

func TestProfileByShape(t *testing.T) {
	shapes := map[[3]string]*profileShape{}
	for i, entry := range []string{
		`{"op":"query","ns":"m.users","millis":2,"docsExamined":1,"nreturned":1,"planSummary":"IXSCAN { a: 1 }","command":{"find":"users","filter":{"a":1}}}`,
		`{"op":"query","ns":"m.users","millis":90,"docsExamined":900,"nreturned":1,"planSummary":"COLLSCAN","command":{"find":"users","filter":{"a":2}}}`,
		`{"op":"query","ns":"m.tasks","millis":50,"docsExamined":5,"nreturned":5,"planSummary":"COLLSCAN","command":{"find":"tasks","filter":{}}}`,
	} {
		var doc bson.D
		if err := bson.Unmarshal(rawOf(t, entry), &doc); err != nil {
			t.Fatal(err)
		}
		data, err := bson.Marshal(append(doc, bson.E{Key: "ts", Value: bson.DateTime(i * 500)}))
		if err != nil {
			t.Fatal(err)
		}
		gather(shapes, data)
	}
	got := ranked(shapes, 10)
	if len(got) != 2 || len(ranked(shapes, 1)) != 1 {
		t.Fatalf("%+v", got)
	}
	if u := got[0]; u.Namespace != "m.users" || u.Operations != 2 || u.TotalMS != 92 || u.MeanMS != 46 || u.MaxMS != 90 || u.Plan != "COLLSCAN" || u.DocumentsExamined != 901 || u.Returned != 2 || u.PerSecond != 4 {
		t.Errorf("%+v", u)
	}
}

// A figure that a server does not tell is nil: a 0 would hold a limit.
func TestFiguresThatAServerDoesNotTell(t *testing.T) {
	silent := bson.D{{Key: "ok", Value: 1}}
	call := callTo(t, newFake(t, func(string) bson.D { return silent }).address)
	call.Target.Config["database"] = "m"
	for a, with := range map[*action.Action]map[string]any{ServerInfo: nil, Explain: {"collection": "tasks"}} {
		got := actiontest.Run(t, a, call, with)
		for name, value := range got.Outputs {
			if _, isNumber := value.(int); isNumber || strings.HasSuffix(name, "_ms") && value != nil {
				t.Errorf("%s: %s is %v", a.Name, name, value)
			}
		}
		if strings.Contains(got.Summary, " 0") {
			t.Errorf("%s: %s", a.Name, got.Summary)
		}
	}
	for reply, want := range map[string]string{
		`{"opid":1,"ns":"a.b","secs_running":3}`:                             "3",
		`{"opid":1,"ns":"a.b","secs_running":3,"microsecs_running":3500000}`: "3.5",
		`{"opid":1,"ns":"a.b","secs_running":"long"}`:                        "<nil>",
	} {
		o := currentOpOf(rawOf(t, reply))
		got := "<nil>"
		if o.Seconds != nil {
			got = fmt.Sprint(*o.Seconds)
		}
		if got != want || want == "<nil>" && o.runs() != "an unknown time" {
			t.Errorf("%s runs for %s, %s", reply, got, o.runs())
		}
	}
}

// What is changed is what was counted: where others match by then, nothing is sent.
func TestOnlyWhatWasCountedIsChanged(t *testing.T) {
	for _, a := range []*action.Action{Update, Delete} {
		f := answers(t, "", nil) // one document matches, of the _id 7
		call := callTo(t, f.address)
		call.Target.Config["database"] = "m"
		bound := actiontest.Bind(t, a, call, changes()[a])
		subjects, err := bound.Subjects(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		call.Subjects = []action.Subject{subjects[0]}
		call.Subjects[0].Version = "1 of ids 00000000"
		_, err = bound.Run(t.Context(), call)
		if failed := action.AsFailure(orNone(err)); failed.Applied != action.AppliedNot || !strings.Contains(failed.What, "the filter finds 1 document now (1 of ids ") || !strings.Contains(failed.What, "and not those that were counted (1 of ids 00000000)") || f.saw("update") || f.saw("delete") {
			t.Errorf("%s: %+v", a.Name, failed)
		}
		call.Subjects = subjects
		if _, err = bound.Run(t.Context(), call); err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

// An operation that ended after a kill whose reply was lost was there.
func TestAKillThatIsRepeatedFoundItsOperation(t *testing.T) {
	call := callTo(t, answers(t, "currentOp", bson.D{{Key: "ok", Value: 1}, {Key: "inprog", Value: bson.A{}}}).address)
	for _, again := range []bool{false, true} {
		call.Again = again
		if got := actiontest.Run(t, KillOp, call, map[string]any{"opid": "7"}); got.Outputs["found"] != again {
			t.Errorf("again %v: %v", again, got.Outputs)
		}
	}
}
