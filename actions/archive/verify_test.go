package archive

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/dump"
)

func TestDeclarations(t *testing.T) {
	for _, a := range []*action.Action{Verify, List, Create, Prune} {
		t.Run(a.Name, func(t *testing.T) { actiontest.Check(t, a) })
	}
}

func TestVerify(t *testing.T) {
	to := filepath.Join(t.TempDir(), "one")
	created := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	w, err := dump.Create(to, dump.Manifest{Kind: "mongo", Database: "m", Created: created, Run: "run1"})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Documents("tasks", func(out io.Writer) (int, error) {
		_, err := out.Write([]byte{5, 0, 0, 0, 0, 5, 0, 0, 0, 0})
		return 2, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	call := actiontest.Call(t)
	call.DryRun = true
	got := actiontest.Run(t, Verify, call, map[string]any{"path": to})
	o := got.Outputs
	if o["valid"] != true || o["reason"] != "" || o["documents"] != 2 || o["files"] != 1 || !o["created"].(time.Time).Equal(created) || o["counts"].(map[string]any)["tasks"] != 2 {
		t.Errorf("%+v", got)
	}
	if err := os.Truncate(filepath.Join(to, "m", "tasks.bson.gz"), 9); err != nil {
		t.Fatal(err)
	}
	got = actiontest.Run(t, Verify, call, map[string]any{"path": to})
	if got.Outputs["valid"] != false || got.Outputs["documents"] != 2 || !strings.HasPrefix(got.Summary, "not valid: m/tasks.bson.gz has 9 bytes") {
		t.Errorf("cut: %+v", got)
	}
	got = actiontest.Run(t, Verify, call, map[string]any{"path": to + "x"})
	if got.Outputs["valid"] != false || got.Outputs["created"] != nil || got.Summary != "not valid: there is nothing at this path" {
		t.Errorf("nothing there: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := actiontest.Bind(t, Verify, call, map[string]any{"path": to}).Run(ctx, call); err == nil || action.AsFailure(err).Where != to {
		t.Errorf("cancelled: %v", err)
	}
}
