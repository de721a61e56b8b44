package document

import (
	"fmt"
	"testing"
)

func TestKeys(t *testing.T) {
	keys, err := ParseKeys([]string{"user_id", "a.b asc", "created_at desc", "hash hashed"}, false)
	if err != nil || fmt.Sprint(keys) != `{"user_id":{"$numberInt":"1"},"a.b":{"$numberInt":"1"},"created_at":{"$numberInt":"-1"},"hash":"hashed"}` {
		t.Errorf("%v, %v", keys, err)
	}
	if name := DefaultName(keys); name != "user_id_1_a.b_1_created_at_-1_hash_hashed" {
		t.Errorf("named %s", name)
	}
	for _, bad := range [][]string{{""}, {"a up"}, {"a desc now"}, {"a", "a desc"}, {"$x"}, {"a hashed"}} {
		if keys, err := ParseKeys(bad, true); err == nil {
			t.Errorf("%v: %v", bad, keys)
		}
	}
}
