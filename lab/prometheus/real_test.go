package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"runbook/internal/realtest"
	"runbook/playbooks"
)

func TestRulesReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	file := filepath.Join(t.TempDir(), "alerts.rules.yml")
	if err := os.WriteFile(file, playbooks.AlertRules(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}
