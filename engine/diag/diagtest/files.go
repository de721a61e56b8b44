package diagtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// filesOf are the Go files of a folder that are no tests.
func filesOf(folder string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") }), nil
}
