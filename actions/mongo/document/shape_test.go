package document

import (
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

func TestShape(t *testing.T) {
	for command, want := range map[string]string{
		`{"find":"tasks","filter":{"user_id":7,"at":{"$gt":1}},"sort":{"at":-1},"limit":5}`:    "find tasks {user_id: ?, at: {$gt: ?}} sort {at desc}",
		`{"find":"users","filter":{"_id":{"$in":[1,2,3]}}}`:                                    "find users {_id: {$in: [?]}}",
		`{"aggregate":"tasks","pipeline":[{"$match":{"a":"secret"}},{"$group":{"_id":"$a"}}]}`: "aggregate tasks [{$match: {a: ?}}, {$group: {_id: ?}}]",
		`{"q":{"gid":"x"},"u":{"$set":{"status":"y"}},"multi":false}`:                          "q ? {gid: ?} {$set: {status: ?}}",
		`{"ping":1}`: "ping ?",
	} {
		if got := Shape(rawOf(t, command)); got != want {
			t.Errorf("%s: %s", command, got)
		}
	}
}
