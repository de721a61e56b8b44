package realtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// requirePrograms wants these programs in the path. Where one is missing, and the
// test runs as root on a Debian system, it installs the packages, without
// starting what they bring; elsewhere it fails the test.
func requirePrograms(t testing.TB, programs, packages []string) {
	t.Helper()
	if missingProgram(programs) == "" {
		return
	}
	unlock, err := acquireLock(filepath.Join(os.TempDir(), "runbook-realtest-apt.lock"), 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	missing := missingProgram(programs)
	if missing == "" {
		return
	}
	command := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		t.Fatalf("%s is not installed; as root: apt-get %s", missing, strings.Join(command, " "))
	}
	t.Logf("%s is not installed: apt-get %s", missing, strings.Join(command, " "))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "apt-get", command...)
	// In run level 1 invoke-rc.d starts no service.
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("apt-get %s: %v\n%s", strings.Join(command, " "), err, output[max(0, len(output)-2048):])
	}
	if missing := missingProgram(programs); missing != "" {
		t.Fatalf("%s is not in the path after apt-get %s", missing, strings.Join(command, " "))
	}
}

// missingProgram returns the first program that is not in the path, or "".
func missingProgram(programs []string) string {
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			return program
		}
	}
	return ""
}
