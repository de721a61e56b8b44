package mongo

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
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
