// Package playbooks is the catalogue of playbooks that is a part of the binary,
// by category.
package playbooks

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed */*.yaml
var files embed.FS

// extension ends the name of a playbook's file, rehearsal that of a file of
// rehearsals beside it.
const (
	extension = ".yaml"
	rehearsal = ".rehearsal.yaml"
)

// Files returns the tree of the playbooks and what stands beside them.
func Files() fs.FS { return files }

// Names returns the paths of all playbooks, "troubleshoot/memory-leak.yaml",
// sorted.
func Names() []string {
	paths, err := fs.Glob(files, "*/*"+extension)
	if err != nil {
		return nil
	}
	var out []string
	for _, p := range paths {
		if !strings.HasSuffix(p, rehearsal) {
			out = append(out, p)
		}
	}
	return out
}

// Read returns the text of the file at that path.
func Read(name string) ([]byte, error) { return files.ReadFile(name) }

// Lookup returns path and text of the playbook of that name, "memory-leak".
func Lookup(name string) (file string, text []byte, ok bool) {
	for _, p := range Names() {
		if strings.TrimSuffix(path.Base(p), extension) != name {
			continue
		}
		text, err := files.ReadFile(p)
		return p, text, err == nil
	}
	return "", nil, false
}
