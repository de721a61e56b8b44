package mongo

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// at is the value at a path of names and places in a reply.
func at(v any, path string) any {
	for _, name := range strings.Split(path, "/") {
		switch inner := v.(type) {
		case bson.D:
			v, _ = field(inner, name)
		case bson.A:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// parse reads a command in MongoDB's JSON, whose names need no quotes.
func parse(t *testing.T, text string) bson.D {
	t.Helper()
	var d bson.D
	quoted := regexp.MustCompile(`([{,]\s*)([$\w]+):`).ReplaceAllString(text, `$1"$2":`)
	if err := bson.UnmarshalExtJSON([]byte(quoted), false, &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// exchange is a command, and a part of its reply or the code of its error.
type exchange struct {
	database, command string
	code              int32
	path, want        string
}

// inOrder sends commands one after the other to one server.
func inOrder(t *testing.T, exchanges []exchange) {
	t.Helper()
	b := start(t, plain)
	for _, c := range exchanges {
		reply, err := b.run(t, c.database, parse(t, c.command))
		if code(err) != c.code || c.code == 0 && err != nil {
			t.Errorf("%s: %v", c.command, err)
		} else if got := fmt.Sprint(at(reply, c.path)); c.code == 0 && got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.command, c.path, got, c.want)
		}
	}
}

func TestReads(t *testing.T) {
	inOrder(t, []exchange{
		{"mltb", `{ping: 1}`, 0, "ok", "1"},
		{"admin", `{hello: 1}`, 0, "maxWireVersion", "21"},
		{"admin", `{isMaster: 1}`, 0, "ismaster", "true"},
		{"admin", `{buildInfo: 1}`, 0, "versionArray/0", "7"},
		{"mltb", `{nothing: 1}`, 59, "", ""},
		{"mltb", `{listDatabases: 1}`, 13, "", ""},
		{"admin", `{listDatabases: 1, nameOnly: true, filter: {name: "mltb"}}`, 0, "databases/0/name", "mltb"},
		{"mltb", `{listCollections: 1, nameOnly: true}`, 0, "cursor/firstBatch/0/name", "downloads"},
		{"mltb", `{count: "users", query: {status: "blocked"}}`, 0, "n", "80"},
		{"mltb", `{count: "users", skip: 390}`, 0, "n", "10"},
		{"mltb", `{count: "none", query: {x: 1}}`, 0, "n", "0"},
		{"mltb", `{distinct: "users", key: "status"}`, 0, "values", "[active blocked trial]"},
		{"mltb", `{find: "users", filter: {$bad: 1}}`, 2, "", ""},
		{"mltb", `{find: "users", sort: 3}`, 14, "", ""},
		{"mltb", `{find: "", filter: {}}`, 73, "", ""},
		{"mltb", `{find: "users", skip: -1}`, 51024, "", ""},
		{"mltb", `{find: "users", collation: {locale: "de"}}`, 115, "", ""},
		{"mltb", `{find: "downloads", filter: {size_bytes: 1}, maxTimeMS: 50}`, 50, "", ""},
		{"mltb", `{find: "users", limit: 1, projection: {_id: 0, user_id: 1}}`, 0, "cursor/firstBatch/0", `{"user_id":{"$numberInt":"1000"}}`},
		{"mltb", `{aggregate: "users", pipeline: []}`, 9, "", ""},
		{"mltb", `{aggregate: "users", pipeline: [{$match: {status: "trial"}}, {$count: "n"}], cursor: {}}`, 0, "cursor/firstBatch/0/n", "80"},
		{"mltb", `{aggregate: "users", pipeline: [{$nothing: 1}], cursor: {}}`, 40324, "", ""},
		{"mltb", `{aggregate: "users", pipeline: [{$indexStats: {}}, {$sort: {name: 1}}, {$limit: 1}], cursor: {}}`, 0, "cursor/firstBatch/0/name", "_id_"},
		{"mltb", `{aggregate: "users", pipeline: [{$collStats: {storageStats: {}, count: {}}}], cursor: {}}`, 0, "cursor/firstBatch/0/count", "400"},
		{"mltb", `{aggregate: 1, pipeline: [{$currentOp: {}}], cursor: {}}`, 73, "", ""},
	})
}

func TestChanges(t *testing.T) {
	inOrder(t, []exchange{
		{"mltb", `{create: "box"}`, 0, "ok", "1"},
		{"mltb", `{create: "box"}`, 48, "", ""},
		{"mltb", `{create: "ring", capped: true, size: 10}`, 115, "", ""},
		{"mltb", `{insert: "box", documents: [{_id: 1, a: 1}, {_id: 1}, {_id: 2, a: 2}]}`, 0, "n", "1"},
		{"mltb", `{insert: "box", documents: [{_id: 1, a: 1}, {_id: 3}, {_id: 2, a: 2}], ordered: false}`, 0, "writeErrors/0/keyValue/_id", "1"},
		{"mltb", `{insert: "box", documents: []}`, 16, "", ""},
		{"mltb", `{update: "box", updates: [{q: {_id: 2}, u: {$set: {a: 5}}}, {q: {_id: 3}, u: {$set: {a: 9}}}]}`, 0, "nModified", "2"},
		{"mltb", `{update: "box", updates: [{q: {_id: 9}, u: {$set: {a: 5}}, upsert: true}]}`, 115, "", ""},
		{"mltb", `{update: "box", updates: [{q: {_id: 2}, u: {a: 5}}]}`, 0, "writeErrors/0/code", "9"},
		{"mltb", `{update: "box", updates: [{q: {_id: 2}, u: [{$set: {a: 5}}]}]}`, 14, "", ""},
		{"mltb", `{update: "box", updates: [{q: {_id: 2}, u: {$set: {a: 5}}, hint: "a_1"}]}`, 115, "", ""},
		{"mltb", `{findAndModify: "box", query: {_id: 2}, remove: true}`, 59, "", ""},
		{"mltb", `{update: "box", updates: [{q: {}, u: {$nothing: {a: 5}}}]}`, 0, "writeErrors/0/code", "9"},
		{"mltb", `{update: "box", updates: [{q: {}}]}`, 40414, "", ""},
		{"mltb", `{delete: "box", deletes: [{q: {_id: 3}, limit: 1}]}`, 0, "n", "1"},
		{"mltb", `{delete: "box", deletes: [{q: {}, limit: 5}]}`, 9, "", ""},
		{"mltb", `{createIndexes: "box", indexes: [{key: {a: 1}, name: "a_1"}]}`, 0, "numIndexesAfter", "2"},
		{"mltb", `{createIndexes: "box", indexes: [{key: {a: 1}, name: "a_1"}]}`, 0, "note", "all indexes already exist"},
		{"mltb", `{createIndexes: "box", indexes: [{key: {b: 1}, name: "b_1"}, {key: {c: 1}, name: "a_1"}]}`, 86, "", ""},
		{"mltb", `{listIndexes: "box"}`, 0, "cursor/firstBatch/2", "<nil>"},
		{"mltb", `{createIndexes: "box", indexes: [{key: {a: "text"}, name: "t"}]}`, 115, "", ""},
		{"mltb", `{createIndexes: "box", indexes: [{key: {a: 1}}]}`, 9, "", ""},
		{"mltb", `{createIndexes: "new", indexes: [{key: {a: 1}, name: "a_1"}]}`, 0, "createdCollectionAutomatically", "true"},
		{"mltb", `{createIndexes: "box", indexes: [{key: {d: 1}, name: "d_1", sparse: true}]}`, 115, "", ""},
		{"mltb", `{createIndexes: "box", indexes: [{key: {d: 1}, name: "d_1", partialFilterExpression: {d: 1}}]}`, 115, "", ""},
		{"mltb", `{update: "box", updates: [{q: {}, u: {$set: {"a.$[x]": 5}}, arrayFilters: [{x: 1}]}]}`, 115, "", ""},
		{"mltb", `{dropIndexes: "box", index: {a: 1}}`, 115, "", ""},
		{"mltb", `{dropIndexes: "box", index: "a_1"}`, 0, "nIndexesWas", "2"},
		{"mltb", `{dropIndexes: "box", index: "a_1"}`, 27, "", ""},
		{"mltb", `{listIndexes: "none"}`, 26, "", ""},
		{"admin", `{renameCollection: "mltb.box", to: "mltb.users"}`, 48, "", ""},
		{"admin", `{renameCollection: "mltb.box", to: "mltb.crate"}`, 0, "ok", "1"},
		{"mltb", `{collStats: "crate"}`, 0, "nindexes", "1"},
		{"mltb", `{drop: "crate"}`, 0, "ns", "mltb.crate"},
		{"mltb", `{drop: "crate"}`, 0, "ns", "<nil>"},
	})
}

func TestAdministration(t *testing.T) {
	inOrder(t, []exchange{
		{"admin", `{serverStatus: 1}`, 0, "process", "mongod"},
		{"mltb", `{dbStats: 1}`, 0, "db", "mltb"},
		{"admin", `{replSetGetStatus: 1}`, 76, "", ""},
		{"admin", `{getParameter: 1, notablescan: 1}`, 0, "notablescan", "false"},
		{"admin", `{setParameter: 1, notablescan: true}`, 0, "was", "false"},
		{"admin", `{getParameter: 1, notablescan: 1}`, 0, "notablescan", "true"},
		{"admin", `{setParameter: 1, nothing: true}`, 72, "", ""},
		{"admin", `{usersInfo: {forAllDBs: true}}`, 0, "users/1/user", "mltb"},
		{"admin", `{killOp: 1, op: 77}`, 0, "info", "attempting to kill op"},
		{"admin", `{killOp: 1}`, 40414, "", ""},
		{"mltb", `{profile: 1, slowms: 50}`, 0, "was", "0"},
		{"mltb", `{profile: -1}`, 0, "slowms", "50"},
		{"admin", `{top: 1}`, 59, "", ""},
		{"scratch", `{insert: "x", documents: [{a: 1}]}`, 0, "n", "1"},
		{"scratch", `{dropDatabase: 1}`, 0, "dropped", "scratch"},
		{"mltb", `{explain: {aggregate: "users", pipeline: [], cursor: {}}}`, 59, "", ""},
		{"mltb", `{aggregate: "none", pipeline: [{$collStats: {count: {}}}], cursor: {}}`, 26, "", ""},
		{"admin", `{aggregate: 1, pipeline: [{$currentOp: {}}], cursor: {}}`, 73, "", ""},
		{"mltb", `{find: "users", hint: "a_1"}`, 115, "", ""},
		{"admin", `{currentOp: 1}`, 0, "inprog/0/command/currentOp", "1"},
		{"mltb", `{explain: {delete: "users", deletes: [{q: {}, limit: 0}]}}`, 59, "", ""},
	})
}

func TestExplain(t *testing.T) {
	b := start(t, plain)
	for _, c := range []struct{ command, path, want string }{
		{`{find: "users", filter: {user_id: 1005}}`, "queryPlanner/winningPlan/inputStage/indexName", "user_id_1"},
		{`{find: "users", filter: {user_id: 1005}}`, "executionStats/totalDocsExamined", "1"},
		{`{find: "users", filter: {user_id: 1005}}`, "executionStats/executionStages/inputStage/keysExamined", "1"},
		{`{find: "users", filter: {name: "user005"}}`, "executionStats/executionStages/docsExamined", "400"},
		{`{find: "users", filter: {name: "user005"}}`, "queryPlanner/winningPlan/stage", "COLLSCAN"},
		{`{find: "users", sort: {name: 1}}`, "queryPlanner/winningPlan/stage", "SORT"},
		{`{find: "none", filter: {a: 1}}`, "queryPlanner/winningPlan/stage", "EOF"},
		{`{count: "users", query: {status: "trial"}}`, "executionStats/executionStages/stage", "COUNT"},
		{`{distinct: "users", key: "name", query: {user_id: 1005}}`, "executionStats/totalKeysExamined", "1"},
	} {
		reply, err := b.run(t, "mltb", bson.D{{Key: "explain", Value: parse(t, c.command)}, {Key: "verbosity", Value: "executionStats"}})
		if got := fmt.Sprint(at(reply, c.path)); err != nil || got != c.want {
			t.Errorf("%s: %s is %s, want %s; %v", c.command, c.path, got, c.want, err)
		}
	}
	if reply, err := b.run(t, "mltb", parse(t, `{count: "users", query: {name: "user005"}}`)); fmt.Sprint(at(reply, "n")) != "1" {
		t.Errorf("explaining changed something: %v, %v", reply, err)
	}
}
