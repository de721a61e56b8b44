// Package playbooks is the catalogue of playbooks that is a part of the binary,
// by category.
package playbooks

import (
	"embed"
	"io/fs"
)

//go:embed */*.yaml
var files embed.FS

// Files returns the tree of the playbooks, "troubleshoot/memory-leak.yaml", and of
// what stands beside them.
func Files() fs.FS { return files }
