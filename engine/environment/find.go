package environment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/engine/file"
)

// Variable names the file of environments where no flag does.
const Variable = "RUNBOOK_CONFIG"

// Find returns the path of the file of environments: given, else what $RUNBOOK_CONFIG
// names, else the nearest runbook.yaml from the working directory upwards; "" where
// there is none. What was named must be there. One above that another user owns is
// refused: its secrets may be commands.
func Find(given string) (string, error) {
	if given == "" {
		given = os.Getenv(Variable)
	}
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return "", fmt.Errorf("reading the environments: cannot read %s: %w", given, file.Reason(err))
		}
		return given, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", DefaultFile, err)
	}
	for path := DefaultFile; ; path = filepath.Join("..", path) {
		info, err := os.Stat(filepath.Join(dir, DefaultFile))
		switch {
		case err == nil && path != DefaultFile && file.Foreign(info):
			return "", fmt.Errorf("reading the environments: %s belongs to another user; to trust it, name it: --config %s", path, path)
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("looking for %s: %w", DefaultFile, err)
		case filepath.Dir(dir) == dir:
			return "", nil
		}
		dir = filepath.Dir(dir)
	}
}

// Near returns the path of the runbook.yaml that is nearest to a file: in its folder or
// in those above it that its path names; "" where there is none.
func Near(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		near := filepath.Join(dir, DefaultFile)
		if info, err := os.Stat(near); err == nil && info.Mode().IsRegular() {
			return near
		}
		if filepath.Dir(dir) == dir || filepath.Base(dir) == ".." {
			return ""
		}
	}
}
