package mongo

import (
	"fmt"
	"os"
	"testing"
	"time"

	"runbook/actions/mongo/server"
	"runbook/engine/action/actiontest"
)

// TestContractReal holds the contract against the server that
// RUNBOOK_TEST_MONGO names, in a database of its own that it drops.
func TestContractReal(t *testing.T) {
	uri := os.Getenv("RUNBOOK_TEST_MONGO")
	if uri == "" {
		return
	}
	call := actiontest.Call(t, map[string]any{"uri": uri, "database": fmt.Sprintf("runbook_contract_%d", time.Now().UnixNano())})
	s, database, err := server.DatabaseOf(call, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Client.Database(database).Drop(t.Context()); err != nil {
			t.Errorf("drop the database: %v", err)
		}
	}()
	contract(t, call)
}
